"""Which rows of the HIS cannot be believed, and why. Plain Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from portal.his.contract.shape import Column, Type, View


class Reason(StrEnum):
    MISSING = "MISSING"  # a value the contract demands is not there
    UNKNOWN_CODE = "UNKNOWN_CODE"
    TOO_LONG = "TOO_LONG"
    NOT_A_DATE = "NOT_A_DATE"
    NOT_A_NUMBER = "NOT_A_NUMBER"
    DOUBLED = "DOUBLED"  # a second row with the same key


@dataclass(frozen=True)
class BadRow:
    """A row set aside: its key as far as it has one, never its content."""

    key: str
    column: str
    reason: Reason


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
    if column.type is Type.TEXT and column.length:
        checks.append(lambda value: fits(value, column.length))
    if column.codes is not None:
        known = frozenset(column.codes) | {""}
        checks.append(lambda value: None if value in known else Reason.UNKNOWN_CODE)
    return checks


def fits(value: Any, length: int) -> Reason | None:
    return Reason.TOO_LONG if len(value) > length else None


def is_day(value: Any) -> Reason | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return None
    return Reason.NOT_A_DATE


def is_moment(value: Any) -> Reason | None:
    return None if value is None or isinstance(value, datetime) else Reason.NOT_A_DATE


def is_number(value: Any) -> Reason | None:
    return (
        None
        if value is None or isinstance(value, int | Decimal)
        else Reason.NOT_A_NUMBER
    )


class RowCheck:
    """Holds the rows of one view to its contract."""

    def __init__(self, view: View) -> None:
        self._columns = [(item.name, checks_of(item)) for item in view.columns]

    def fault(self, record: Any) -> tuple[str, Reason] | None:
        """The first column that breaks the contract, and how; None for a good row."""
        for name, checks in self._columns:
            value = getattr(record, name)
            for check in checks:
                reason = check(value)
                if reason is not None:
                    return name, reason
        return None
