"""Re-codings and their sheets as pages ask for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from permissions.models import RecodedGrant
from portal.sheets.models import ImportState
from surgery.models import Recoding, RecodingLine, RecodingSheet, RecodingSheetRow


def recodings() -> QuerySet[Recoding]:
    return Recoding.objects.select_related("proposed_by", "decided_by", "ended_by")


def sheets() -> QuerySet[RecodingSheet]:
    return RecodingSheet.objects.select_related(
        *("file", "started_by", "applied_by", "second", "undone_by", "job"),
        "recoding",
    )


def open_sheets() -> list[RecodingSheet]:
    """Those nobody has decided on or given up, the newest first."""
    waiting = (ImportState.UPLOADED, ImportState.CHECKING, ImportState.CHECKED)
    found = sheets().filter(state__in=(*waiting, ImportState.APPLYING))
    return list(found.order_by("-pk"))


def rows_of(one: RecodingSheet) -> QuerySet[RecodingSheetRow]:
    rows = RecodingSheetRow.objects.filter(recoding_sheet=one)
    return rows.select_related("recoding_sheet")


@dataclass(frozen=True)
class Sized:
    """``kinds`` by kind how many lines, ``codes`` as ``51.2300 → 51.2301`` the first."""

    kinds: Mapping[str, int]
    codes: tuple[str, ...]
    grants: int


SHOWN = 2


def sizes_of(keys: Collection[int]) -> dict[int, Sized]:
    """By re-coding; two queries."""
    kinds: dict[int, dict[str, int]] = {key: {} for key in keys}
    first: dict[int, list[str]] = {key: [] for key in keys}
    lines = RecodingLine.objects.filter(recoding__in=keys).order_by("pk")
    columns = ("recoding_id", "kind", "old_code", "new_code")
    for key, kind, old, new in lines.values_list(*columns):
        kinds[key][kind] = kinds[key].get(kind, 0) + 1
        if len(first[key]) < SHOWN:
            first[key].append(f"{old} → {new}")
    grants = dict(
        RecodedGrant.objects.filter(recoding__in=keys)
        .order_by()
        .values_list("recoding")
        .annotate(count=Count("state", distinct=True))
    )
    return {
        key: Sized(kinds[key], tuple(first[key]), grants.get(key, 0)) for key in keys
    }
