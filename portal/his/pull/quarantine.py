"""Which rows of the HIS cannot be believed, and why. Plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from portal.his.contract.shape import OPEN_ENDS, Column, Type, View

# A right, a licence or a change outside these years is a slip of the keyboard.
FIRST_YEAR, LAST_YEAR = 1900, 2200
SHOWN_LENGTH = 40
# What is left of a text that was not written in the encoding it was read with:
# bytes kept as lone surrogates, or the sign a decoder puts in their place. And the
# character no text of PostgreSQL has: some systems fill a column with it.
NUL = "\x00"
NO_TEXT = frozenset(map(chr, [0, *range(0xDC80, 0xDD00), 0xFFFD]))


class Reason(StrEnum):
    NO_KEY = "NO_KEY"  # nothing in a column of the key: no row can be named
    MISSING = "MISSING"  # a value the contract demands is not there
    UNKNOWN_CODE = "UNKNOWN_CODE"
    TOO_LONG = "TOO_LONG"
    BROKEN_TEXT = "BROKEN_TEXT"  # not in the encoding agreed on
    NOT_A_DATE = "NOT_A_DATE"
    INSANE_DATE = "INSANE_DATE"  # a date, but of no year anybody means
    NOT_A_NUMBER = "NOT_A_NUMBER"
    DOUBLED = "DOUBLED"  # a second row with the same key


@dataclass(frozen=True)
class BadRow:
    """A row set aside: its key as far as it has one, and what was wrong in it.

    ``value`` is shortened, and of a person no more than the first character.
    """

    key: str
    column: str
    reason: Reason
    value: str = ""


Check = Callable[[Any], Reason | None]


def checks_of(column: Column) -> list[Check]:
    """What the contract says of the column, as questions to a value."""
    checks: list[Check] = []
    if not column.nullable and not column.blank:
        checks.append(lambda value: Reason.MISSING if value in {None, ""} else None)
    if column.type is Type.DATE:
        checks.append(is_day)
    if column.type is Type.MOMENT:
        checks.append(is_moment)
    if column.type in {Type.INTEGER, Type.NUMBER}:
        checks.append(is_number)
    if column.type is Type.TEXT:
        checks.append(is_text)
    if column.type is Type.TEXT and column.length:
        checks.append(lambda value: fits(value, column.length))
    if column.codes is not None:
        known = frozenset(column.codes) | {""}
        checks.append(lambda value: None if value in known else Reason.UNKNOWN_CODE)
    return checks


def is_text(value: str) -> Reason | None:
    is_whole = value.isascii() and NUL not in value
    return None if is_whole or NO_TEXT.isdisjoint(value) else Reason.BROKEN_TEXT


def fits(value: Any, length: int) -> Reason | None:
    return Reason.TOO_LONG if len(value) > length else None


def is_day(value: Any) -> Reason | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return None
    return Reason.NOT_A_DATE


def is_moment(value: Any) -> Reason | None:
    return None if value is None or isinstance(value, datetime) else Reason.NOT_A_DATE


def is_sane(value: Any) -> Reason | None:
    is_meant = not isinstance(value, date) or FIRST_YEAR <= value.year <= LAST_YEAR
    return None if is_meant else Reason.INSANE_DATE


def is_number(value: Any) -> Reason | None:
    return (
        None
        if value is None or isinstance(value, int | Decimal)
        else Reason.NOT_A_NUMBER
    )


class RowCheck:
    """Holds the rows of one view to its contract; values in the order of its columns."""

    def __init__(self, view: View) -> None:
        self._columns = [
            (item, [*checks_of(item), is_sane])
            if item.type in {Type.DATE, Type.MOMENT}
            else (item, checks_of(item))
            for item in view.columns
        ]
        self._open_ends = [
            place for place, item in enumerate(view.columns) if item.open_end
        ]
        self._key = frozenset(view.key)

    def settled(self, values: Sequence[Any]) -> list[Any]:
        """The same values, an end nobody will live to see being no end."""
        found = list(values)
        for place in self._open_ends:
            if found[place] in OPEN_ENDS:
                found[place] = None
        return found

    def fault(self, values: Sequence[Any]) -> tuple[str, Reason] | None:
        """The first column that breaks the contract, and how; None for a good row."""
        bad = self.bad_column(self.settled(values))
        return (bad[0].name, bad[1]) if bad else None

    def bad_column(self, settled: Sequence[Any]) -> tuple[Column, Reason, Any] | None:
        """The same with the column and the value at fault, of values made settled."""
        for place, reason in self.faults(settled):
            return self._columns[place][0], reason, settled[place]
        return None

    def faults(self, settled: Sequence[Any]) -> Iterator[tuple[int, Reason]]:
        """Every column that breaks the contract, by its place, and how."""
        for place, (column, checks) in enumerate(self._columns):
            for check in checks:
                reason = check(settled[place])
                if reason is Reason.MISSING and column.name in self._key:
                    reason = Reason.NO_KEY
                if reason is not None:
                    yield place, reason
                    break


def shown(column: Column, value: Any) -> str:
    """A value as it may stand on a page and in our tables."""
    text = "" if value is None else str(value)
    text = "".join("\N{REPLACEMENT CHARACTER}" if c in NO_TEXT else c for c in text)
    if column.personal:
        return f"{text[:1]}**" if text else ""
    return text if len(text) <= SHOWN_LENGTH else f"{text[: SHOWN_LENGTH - 1]}…"
