"""Procedures with their grade, and the surgery applications doctors declare on."""

from surgery.models.applications import ApplicationProcedure, SurgeryApplication
from surgery.models.grades import GradeText
from surgery.models.procedures import Procedure, ProcedureAlias, ProcedureDepartment

__all__ = [
    "ApplicationProcedure",
    "GradeText",
    "Procedure",
    "ProcedureAlias",
    "ProcedureDepartment",
    "SurgeryApplication",
]
