"""Imports of procedures and their rows as pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from portal.sheets.columns import Columns
from portal.sheets.presenters import Look, outcome_chip, problem_words
from portal.ui.elements import Change, Chip
from surgery.importers.acts import kind_of
from surgery.importers.columns import COLUMNS
from surgery.models import Procedure, ProcedureImport, ProcedureImportRow
from surgery.models.imports import Verdict

LOOK = Look(
    url="surgery:procedure-import",
    verdicts=Verdict,
    chips={
        Verdict.NEW: ("ok", "plus"),
        Verdict.CHANGED: ("info", "pencil"),
        Verdict.SAME: ("mute", "equal"),
        Verdict.UNKNOWN: ("warn", "help-circle"),
        Verdict.CONFLICT: ("warn", "alert-triangle"),
        Verdict.ERROR: ("bad", "circle-x"),
    },
    kind_of=kind_of,
    sort_of=ProcedureImport.get_sort_display,
)
NOTHING = "—"


@dataclass(frozen=True)
class SheetRow:
    """One row of a sheet with its verdict and what it changes."""

    number: int
    code: str
    name: str
    verdict: Chip
    changes: Sequence[Change]
    outcome: Chip | None
    problems: Sequence[str]

    @property
    def differs(self) -> str:
        """「级别 二级 → 三级」, one a line."""
        lines = [f"{one.field} {one.before} → {one.after}" for one in self.changes]
        return "\n".join(lines)

    @property
    def written(self) -> str:
        return str(self.outcome.text) if self.outcome else ""

    @property
    def why(self) -> str:
        return "\n".join(self.problems)


def sheet_rows(rows: Sequence[ProcedureImportRow]) -> list[SheetRow]:
    """Rows of one import."""
    return [_sheet_row(row, COLUMNS[row.procedure_import.sort]) for row in rows]


def _sheet_row(row: ProcedureImportRow, columns: Columns) -> SheetRow:
    is_changed = row.verdict == Verdict.CHANGED
    return SheetRow(
        number=row.number,
        code=row.code or row.given.get("CODE", ""),
        name=row.name or row.given.get("NAME", ""),
        verdict=LOOK.verdict_chip(row),
        changes=changes(row.before, row.after) if is_changed else (),
        outcome=outcome_chip(row),
        problems=[problem_words(problem, columns) for problem in row.problems],
    )


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Field by field, in words."""
    return [
        Change(
            Procedure._meta.get_field(name).verbose_name,  # type: ignore[union-attr]
            written(name, before[name]),
            written(name, value),
        )
        for name, value in after.items()
    ]


def written(name: str, value: Any) -> str:
    """A stored value in the words of its field."""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    choices: Any = Procedure._meta.get_field(name).choices  # type: ignore[union-attr]
    if choices:
        return str(dict(choices).get(value, value))
    return str(value) or NOTHING
