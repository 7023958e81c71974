"""What the HIS calls the procedures of our catalogue, as it was last read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portal.directory.models import HisProcedure, HisProcedureGrade
from surgery.models import Procedure

CODES_AT_ONCE = 400


@dataclass(frozen=True)
class HisItem:
    """``proc_code`` is the HIS's own spelling; ``grade`` None where it shows none."""

    his_item_id: str
    proc_code: str
    grade: str | None


def his_items(procedures: Iterable[Procedure]) -> dict[int, HisItem]:
    """By key of the procedure; one the HIS has no item for is left out.

    Two queries per 400. Of several items with one code it is the first in use: the
    grade is the code's.
    """
    found: dict[int, HisItem] = {}
    wanted = {one.code: one.pk for one in procedures}
    codes = list(wanted)
    for start in range(0, len(codes), CODES_AT_ONCE):
        chunk = codes[start : start + CODES_AT_ONCE]
        rows = HisProcedure.objects.filter(
            code_clinical__in=chunk, missing_since__isnull=True
        ).order_by("-is_enabled", "his_item_id")
        shown = HisProcedureGrade.objects.filter(
            proc_code__in=chunk, missing_since__isnull=True
        )
        grades = dict(shown.order_by("proc_code").values_list("proc_code", "grade"))
        for item, code in rows.values_list("his_item_id", "code_clinical"):
            found.setdefault(wanted[code], HisItem(item, code, grades.get(code)))
    return found
