"""Imports as pages ask for them."""

from __future__ import annotations

from django.db.models import QuerySet

from permissions.models import GrantImport, GrantImportRow
from permissions.models.imports import Verdict


def imports() -> QuerySet[GrantImport]:
    """Imports with everything a row shows."""
    return GrantImport.objects.select_related(
        "file", "started_by", "applied_by", "second", "undone_by", "job"
    )


def rows_of(one: GrantImport) -> QuerySet[GrantImportRow]:
    rows = GrantImportRow.objects.filter(grant_import=one)
    return rows.select_related("practitioner")


def proposed_count(one: GrantImport) -> int:
    """How many rows would be read if staff numbers got their zeros back."""
    rows = GrantImportRow.objects.filter(grant_import=one, verdict=Verdict.ERROR)
    return rows.filter(is_proposed=True).count()
