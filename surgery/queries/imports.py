"""Imports of procedures as pages ask for them."""

from __future__ import annotations

from django.db.models import QuerySet

from surgery.models import ProcedureImport, ProcedureImportRow


def imports() -> QuerySet[ProcedureImport]:
    """Imports with everything a row shows."""
    return ProcedureImport.objects.select_related(
        "file", "started_by", "applied_by", "second", "undone_by", "job"
    )


def rows_of(one: ProcedureImport) -> QuerySet[ProcedureImportRow]:
    rows = ProcedureImportRow.objects.filter(procedure_import=one)
    return rows.select_related("procedure_import")
