"""Reading the grade dictionary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext

from surgery.enums import Grade
from surgery.grades import CRITERIA
from surgery.models import GradeText, Procedure


@dataclass(frozen=True)
class GradeEntry:
    """A grade as it is worded now; ``row`` is None while it is the regulation's."""

    grade: Grade
    criteria: str
    row: GradeText | None
    in_use: int


def grade_dictionary() -> list[GradeEntry]:
    """From 四级 down to 未定级, with how many entries in use have it; two queries."""
    texts = {one.grade: one for one in GradeText.objects.order_by("grade")}
    counted = Procedure.objects.filter(is_enabled=True).order_by()
    counts = dict(counted.values_list("grade").annotate(Count("pk")))
    return [
        GradeEntry(
            grade,
            texts[grade].criteria if grade in texts else gettext(CRITERIA[grade]),
            texts.get(grade),
            counts.get(grade, 0),
        )
        for grade in CRITERIA
    ]


def wordings_of(grade: Grade) -> Sequence[Any]:
    """History rows of a grade's criteria, oldest first; none before the first change."""
    rows: Any = GradeText.history.filter(grade=grade)
    return list(rows.select_related("history_user").order_by("history_id"))
