"""Procedures with their grade, and the surgery applications doctors declare on."""

from surgery.models.applications import ApplicationProcedure, SurgeryApplication
from surgery.models.grades import GradeText
from surgery.models.grading import (
    CataloguePublication,
    GradeChange,
    GradeProposal,
    GradeVersion,
)
from surgery.models.imports import ProcedureImport, ProcedureImportRow
from surgery.models.procedures import Procedure, ProcedureAlias, ProcedureDepartment

__all__ = [
    "ApplicationProcedure",
    "CataloguePublication",
    "GradeChange",
    "GradeProposal",
    "GradeText",
    "GradeVersion",
    "Procedure",
    "ProcedureAlias",
    "ProcedureDepartment",
    "ProcedureImport",
    "ProcedureImportRow",
    "SurgeryApplication",
]
