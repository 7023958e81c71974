"""The grade dictionary as its page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.ui.elements import Change, Diff, Grade, Text
from portal.ui.moments import write_second
from portal.ui.phrases import noted
from surgery.grades import CRITERIA
from surgery.queries.grades import GradeEntry


@dataclass(frozen=True)
class GradeRow:
    number: int
    grade: Grade
    criteria: str
    is_own: bool
    in_use: int
    entries_url: str
    change_url: str


@dataclass(frozen=True)
class Wording:
    """One time the criteria were worded anew."""

    at: str
    by: str
    reason: str
    diff: Diff


def grade_rows(dictionary: Sequence[GradeEntry]) -> list[GradeRow]:
    entries = reverse("surgery:procedure-list")
    return [
        GradeRow(
            number=one.grade.value,
            grade=Grade(one.grade.value),
            criteria=one.criteria,
            is_own=one.row is not None and one.criteria != CRITERIA[one.grade],
            in_use=one.in_use,
            entries_url=f"{entries}?view=g{one.grade.value}",
            change_url=reverse("surgery:grade-change", args=[one.grade.value]),
        )
        for one in dictionary
    ]


def grade_lines(rows: Sequence[GradeRow]) -> list[tuple[str, str, int]]:
    return [
        (noted(row.grade.text, str(row.number)), row.criteria, row.in_use)
        for row in rows
    ]


def wordings(history: Sequence[Any]) -> list[Wording]:
    """Newest first; the first row is the regulation's and no change."""
    told = []
    for before, after in zip(history, history[1:], strict=False):
        user = after.history_user
        change = Change(_("判定标准"), before.criteria, after.criteria)
        told.append(
            Wording(
                at=write_second(after.history_date),
                by=f"{user.name} {user.staff_no}" if user else _("系统"),
                reason=after.history_change_reason or "",
                diff=Diff((change,)),
            )
        )
    return told[::-1]


def titles() -> list[Text]:
    return [_("级别"), _("判定标准"), _("启用的手术")]
