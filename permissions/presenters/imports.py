"""Imports of grants and their rows as pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from permissions.importers.acts import GRANTS
from permissions.importers.columns import COLUMNS, Field
from permissions.models import GrantImportRow
from permissions.models.imports import Verdict
from portal.sheets.presenters import Look, outcome_chip, problem_words
from portal.ui.elements import Chip
from portal.ui.phrases import spanning

LOOK = Look(
    url="permissions:grant-import",
    verdicts=Verdict,
    chips={
        Verdict.NEW: ("ok", "plus"),
        Verdict.SAME: ("mute", "equal"),
        Verdict.RENEW: ("info", "calendar-due"),
        Verdict.CONFLICT: ("warn", "alert-triangle"),
        Verdict.ERROR: ("bad", "circle-x"),
    },
    kind_of=lambda _one: GRANTS,
)


@dataclass(frozen=True)
class SheetRow:
    """One row of a sheet with its verdict."""

    number: int
    name: str
    emp_no: str
    url: str
    what: str
    item: str
    span: str
    was: str
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


def sheet_rows(rows: Sequence[GrantImportRow]) -> list[SheetRow]:
    return [_sheet_row(row) for row in rows]


def _sheet_row(row: GrantImportRow) -> SheetRow:
    given, line = row.given, row.line
    person = row.practitioner
    ends = line.get("valid_to") or given.get(Field.VALID_TO, "") or _("长期")
    return SheetRow(
        number=row.number,
        name=person.name if person else given.get(Field.NAME, ""),
        emp_no=person.emp_no if person else given.get(Field.EMP_NO, ""),
        url=reverse("permissions:practitioner-detail", args=[person.emp_no])
        if person
        else "",
        what=line.get("what") or given.get(Field.PRIVILEGE, ""),
        item=given.get(Field.ITEM, ""),
        span=spanning(
            line.get("valid_from") or given.get(Field.VALID_FROM, ""), str(ends)
        ),
        was=line.get("was", ""),
        verdict=LOOK.verdict_chip(row),
        outcome=outcome_chip(row),
        problems=[problem_words(problem, COLUMNS) for problem in row.problems],
    )
