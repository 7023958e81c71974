"""Procedures with their grade, and the surgery applications doctors declare on."""

from surgery.models.applications import ApplicationProcedure, SurgeryApplication
from surgery.models.procedures import Procedure

__all__ = ["ApplicationProcedure", "Procedure", "SurgeryApplication"]
