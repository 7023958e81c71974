"""Imports of trainings and their rows as pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from permissions.importers.trainings.columns import COLUMNS, TRAININGS, Field
from permissions.models import TrainingImportRow
from permissions.models.record_imports import Verdict
from portal.sheets.presenters import Look, outcome_chip, problem_words
from portal.ui.elements import Chip

LOOK = Look(
    url="permissions:training-import",
    verdicts=Verdict,
    chips={
        Verdict.NEW: ("ok", "plus"),
        Verdict.SAME: ("mute", "equal"),
        Verdict.CONFLICT: ("warn", "alert-triangle"),
        Verdict.ERROR: ("bad", "circle-x"),
    },
    kind_of=lambda _one: TRAININGS,
)


@dataclass(frozen=True)
class TrainingSheetRow:
    """One row of a sheet with its verdict."""

    number: int
    name: str
    emp_no: str
    url: str
    course: str
    passed_on: str
    valid_to: str
    score: str
    verdict: Chip
    outcome: Chip | None
    problems: Sequence[str]

    @property
    def who(self) -> str:
        return f"{self.name} {self.emp_no}".strip()

    @property
    def written(self) -> str:
        return str(self.outcome.text) if self.outcome else ""

    @property
    def why(self) -> str:
        return "\n".join(self.problems)


def sheet_rows(rows: Sequence[TrainingImportRow]) -> list[TrainingSheetRow]:
    return [_sheet_row(row) for row in rows]


def _sheet_row(row: TrainingImportRow) -> TrainingSheetRow:
    given, passed, person = row.given, row.passed, row.practitioner
    score = passed["score"] if passed else given.get(Field.SCORE)
    url = ""
    if person is not None:
        url = reverse("permissions:practitioner-detail", args=[person.emp_no])
    return TrainingSheetRow(
        number=row.number,
        name=person.name if person else given.get(Field.NAME, ""),
        emp_no=person.emp_no if person else given.get(Field.EMP_NO, ""),
        url=url,
        course=given.get(Field.COURSE, ""),
        passed_on=passed.get("passed_on") or given.get(Field.PASSED_ON, ""),
        valid_to=passed.get("valid_to") or given.get(Field.VALID_TO, "") or _("长期"),
        score="—" if score is None else str(score),
        verdict=LOOK.verdict_chip(row),
        outcome=outcome_chip(row),
        problems=[problem_words(problem, COLUMNS) for problem in row.problems],
    )
