"""Imports as pages ask for them."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from permissions.models import GrantImport, GrantImportRow
from permissions.models.imports import CHECK, ImportState, Outcome, Verdict
from portal.jobs.models import Job


def imports() -> QuerySet[GrantImport]:
    """Imports with everything a row shows."""
    return GrantImport.objects.select_related(
        "file", "started_by", "applied_by", "second", "undone_by", "job"
    )


def import_or_none(import_id: int) -> GrantImport | None:
    return imports().filter(pk=import_id).first()


def rows_of(one: GrantImport) -> QuerySet[GrantImportRow]:
    rows = GrantImportRow.objects.filter(grant_import=one)
    return rows.select_related("practitioner")


def counts_of(ids: list[int]) -> dict[int, dict[str, int]]:
    """By import, how many rows have each verdict and outcome; one query."""
    found: dict[int, dict[str, int]] = {one: {} for one in ids}
    rows = (
        GrantImportRow.objects.filter(grant_import__in=ids)
        .order_by()
        .values("grant_import", "verdict", "outcome")
        .annotate(count=Count("pk"))
    )
    for row in rows:
        counts = found[row["grant_import"]]
        for name in (row["verdict"], row["outcome"]):
            if name:
                key = name if name in Verdict.values else f"OUTCOME_{name}"
                counts[key] = counts.get(key, 0) + row["count"]
    return found


def outcome(counts: dict[str, int], kind: Outcome) -> int:
    return counts.get(f"OUTCOME_{kind}", 0)


def proposed_count(one: GrantImport) -> int:
    """How many rows would be read if staff numbers got their zeros back."""
    rows = GrantImportRow.objects.filter(grant_import=one, verdict=Verdict.ERROR)
    return rows.filter(is_proposed=True).count()


def errors_file_of(one: GrantImport) -> int | None:
    """The key of the file with what the last dry run found wrong."""
    tries = Job.objects.filter(kind=CHECK, about=one.pk).order_by("-pk")
    return tries.values_list("result_file", flat=True).first()


def same_file_before(one: GrantImport) -> GrantImport | None:
    """The last import of exactly this file before this one."""
    earlier = imports().filter(file__sha256=one.file.sha256, pk__lt=one.pk)
    living = earlier.exclude(state=ImportState.DISCARDED)
    return living.order_by("-pk").first()
