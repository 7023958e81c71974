"""Procedures and their grades, declared applications, what the HIS booked and did."""

from surgery.models.applications import (
    ApplicationMember,
    ApplicationProcedure,
    SurgeryApplication,
)
from surgery.models.cases import (
    BookedOperation,
    CaseMember,
    CaseProcedure,
    PerformedCase,
)
from surgery.models.grades import GradeText
from surgery.models.grading import (
    CataloguePublication,
    GradeChange,
    GradeProposal,
    GradeVersion,
)
from surgery.models.imports import ProcedureImport, ProcedureImportRow
from surgery.models.procedures import Procedure, ProcedureAlias, ProcedureDepartment
from surgery.models.recoding import (
    Recoding,
    RecodingLine,
    RecodingSheet,
    RecodingSheetRow,
)
from surgery.models.shares import CaseShare
from surgery.models.techniques import Filing

__all__ = [
    "ApplicationMember",
    "ApplicationProcedure",
    "BookedOperation",
    "CaseMember",
    "CaseProcedure",
    "CaseShare",
    "CataloguePublication",
    "Filing",
    "GradeChange",
    "GradeProposal",
    "GradeText",
    "GradeVersion",
    "PerformedCase",
    "Procedure",
    "ProcedureAlias",
    "ProcedureDepartment",
    "ProcedureImport",
    "ProcedureImportRow",
    "Recoding",
    "RecodingLine",
    "RecodingSheet",
    "RecodingSheetRow",
    "SurgeryApplication",
]
