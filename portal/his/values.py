"""Values of the contract out of texts: what JSON, HL7 and office files are made of.

What cannot be read as its type stays as it is, for the quarantine. Plain Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from portal.his.contract.shape import Column, Type, View

# 2026-11-23, 2026/1/3, 2026.01.03, 2026年1月3日, 20261123; then perhaps a time.
DAY = re.compile(
    r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d\d)(\d\d))(?:[T ]+(\S+))?"
)


def as_text(value: Any) -> Any:
    """Without padding at the end; nothing is the empty text."""
    return "" if value is None else str(value).rstrip()


def as_date(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str):
        found = written_moment(value) if value.strip() else None
        return found.date() if isinstance(found, datetime) else found
    return value


def as_moment(zone: ZoneInfo, value: Any) -> Any:
    """Local time of the HIS without a zone."""
    if isinstance(value, str):
        value = written_moment(value) if value.strip() else None
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            value = value.astimezone(zone).replace(tzinfo=None)
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 (local by contract)
    return value


def written_moment(text: str) -> Any:
    """The moment a text means; the text itself when it means none."""
    found = DAY.fullmatch(text.strip())
    if found is None:
        return text
    year, month, day, month2, day2, clock = found.groups()
    if clock and clock[1:2] == ":":
        clock = f"0{clock}"  # 8:05, as spreadsheets show it
    iso = f"{year}-{month or month2:0>2}-{day or day2:0>2}"
    try:
        return datetime.fromisoformat(f"{iso}T{clock}" if clock else iso)
    except ValueError:
        return text


def as_number(value: Any) -> Any:
    if value is None or isinstance(value, Decimal):
        return value
    try:
        number = Decimal(str(value).strip() or "NaN")
    except InvalidOperation:
        return value
    if number.is_finite():
        return number
    return value if str(value).strip() else None


def as_integer(value: Any) -> Any:
    number = as_number(value)
    is_whole = isinstance(number, Decimal) and number % 1 == 0
    return int(number) if is_whole else number


READERS: dict[Type, Callable[[Any], Any]] = {
    Type.TEXT: as_text,
    Type.INTEGER: as_integer,
    Type.NUMBER: as_number,
    Type.DATE: as_date,
}


def reader(column: Column, zone: ZoneInfo) -> Callable[[Any], Any]:
    return (
        partial(as_moment, zone) if column.type is Type.MOMENT else READERS[column.type]
    )


def typed(view: View, rows: Iterable[Any], zone: ZoneInfo) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of the view's ``columns``, each value as its type."""
    readers = [reader(column, zone) for column in view.columns]
    for row in rows:
        yield tuple([read(value) for read, value in zip(readers, row, strict=True)])
