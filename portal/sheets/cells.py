"""One row of a sheet, cell by cell: what was given, and what is wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from portal.sheets import values
from portal.sheets.values import Choice, Misread
from portal.ui.elements import Text

T = TypeVar("T")


@dataclass(frozen=True)
class Problem:
    """What is wrong, in which column, and what was given."""

    field: str
    reason: str
    given: str = ""

    def as_json(self) -> dict[str, str]:
        return {"field": self.field, "reason": self.reason, "given": self.given}


@dataclass
class GivenRow:
    """A row as it stands in the sheet: its number there, and its cells by field."""

    number: int
    given: dict[str, str]
    problems: list[Problem] = field(default_factory=list)

    def add(self, where: str, reason: Text) -> None:
        given = self.given.get(where, "")
        self.problems.append(Problem(where, str(reason), given))

    def is_told(self, where: str) -> bool:
        """Whether something is wrong in this column already."""
        return any(problem.field == where for problem in self.problems)


def picked(
    mapping: Mapping[str, int], cells: Sequence[Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Cells by field, as they are and as they were given; the second without empty ones.

    Nothing is given where the row is empty in all columns that count.
    """
    found = {
        name: cells[column] if column < len(cells) else None
        for name, column in mapping.items()
    }
    given = {name: values.shown(cell) for name, cell in found.items()}
    return found, {name: text for name, text in given.items() if text}


class Cells:
    """Cells of a row; what cannot be read becomes a problem of the row."""

    def __init__(self, row: GivenRow, found: Mapping[str, Any]) -> None:
        self._row = row
        self._found = found

    def __call__(self, where: str, read: Callable[[Any], T], default: T) -> T:
        try:
            return read(values.sane(self._found.get(where)))
        except Misread as problem:
            self._row.add(where, problem.reason)
            return default

    def choice(self, where: str, choices: Choice, default: str) -> str:
        return self(where, lambda cell: choices.read(cell, default), default)

    def text(self, where: str, most: int) -> str:
        """Free text, no longer than is kept."""
        return self(where, lambda cell: values.free(cell, most), "")
