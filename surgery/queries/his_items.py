"""What the HIS calls the procedures of our catalogue, as it was last read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from portal.directory.models import HisProcedure, HisProcedureGrade
from surgery.codes import key
from surgery.models import Procedure

CODES_AT_ONCE = 400


@dataclass(frozen=True)
class HisItem:
    """``proc_code`` is the HIS's own spelling; ``grade`` None where it shows none."""

    his_item_id: str
    proc_code: str
    grade: str | None


def his_items(procedures: Iterable[Procedure]) -> dict[int, HisItem]:
    """By key of the procedure, in whatever spelling the HIS has it; one the HIS has no
    item for is left out.

    Two queries per 400; two more where some are not spelled as we do. Of several items
    with one code the one spelled as ours is taken, then the first in use: the grade is
    the code's.
    """
    wanted = {one.code: one.pk for one in procedures}
    items = HisProcedure.objects.filter(missing_since__isnull=True)
    items = items.order_by("-is_enabled", "his_item_id")
    spelled: dict[str, tuple[str, str]] = {}
    for chunk in _chunks(wanted):
        for item, code in _items(items.filter(code_clinical__in=chunk)):
            spelled.setdefault(code, (item, code))
    if rest := {key(code): code for code in wanted if code not in spelled}:
        # Spellings cannot be asked for: all are looked at.
        for item, code in _items(items):
            if (ours := rest.get(key(code))) is not None:
                spelled.setdefault(ours, (item, code))
    grades = _grades({code for _item, code in spelled.values()})
    return {
        wanted[ours]: HisItem(item, code, grades.get(code))
        for ours, (item, code) in spelled.items()
    }


def _items(rows: QuerySet[HisProcedure]) -> Iterator[tuple[str, str]]:
    return rows.values_list("his_item_id", "code_clinical").iterator()


def _grades(codes: Collection[str]) -> dict[str, str]:
    """What the HIS shows by the code of its item; another spelling of it counts too."""
    rows = HisProcedureGrade.objects.filter(missing_since__isnull=True)
    found: dict[str, str] = {}
    for chunk in _chunks(codes):
        shown = rows.filter(proc_code__in=chunk).order_by("proc_code")
        found |= dict(shown.values_list("proc_code", "grade"))
    if rest := {key(code): code for code in codes if code not in found}:
        every = rows.order_by("proc_code").values_list("proc_code", "grade")
        for code, grade in every.iterator():
            if (asked := rest.get(key(code))) is not None:
                found.setdefault(asked, grade)
    return found


def _chunks(codes: Iterable[str]) -> Iterator[list[str]]:
    rest = list(codes)
    for start in range(0, len(rest), CODES_AT_ONCE):
        yield rest[start : start + CODES_AT_ONCE]
