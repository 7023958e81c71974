"""SQL text and typed rows, both derived from the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Integer, Numeric, String, bindparam, column, select, table
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.elements import BindParameter, ColumnClause
from sqlalchemy.types import TypeEngine

from portal.his.contract.interfaces import FUNCTIONS, VIEWS
from portal.his.contract.shape import Column, Type, View

# Contract moments are local time of the HIS; an engine that adds a zone is undone.
LOCAL = ZoneInfo("Asia/Shanghai")

# Views cannot be cache keys themselves: their code tables are dictionaries.
VIEW = {view.name: view for view in VIEWS}
FUNCTION = {function.name: function for function in FUNCTIONS}

Record = TypeVar("Record")


def sql_type(contract_column: Column) -> TypeEngine[Any]:
    """The type an argument is sent as."""
    if contract_column.type is Type.DATE:
        return Date()
    if contract_column.type is Type.INTEGER:
        return Integer()
    if contract_column.type is Type.NUMBER:
        return Numeric(contract_column.precision, contract_column.scale)
    return String()


def argument(contract_column: Column) -> BindParameter[Any]:
    return bindparam(contract_column.name, type_=sql_type(contract_column))


@cache
def read_all(name: str, dialect: Dialect) -> str:
    """``SELECT`` of exactly the contract's columns of the view."""
    view = VIEW[name]
    columns: list[ColumnClause[Any]] = [column(name) for name in view.column_names]
    query = select(*columns).select_from(table(view.name.lower()))
    return str(query.compile(dialect=dialect))


@cache
def read_by_key(name: str, dialect: Dialect) -> str:
    """The line with a given key."""
    view = VIEW[name]
    columns: dict[str, ColumnClause[Any]] = {
        item.name: column(item.name) for item in view.columns
    }
    query = select(*columns.values()).select_from(table(view.name.lower()))
    for item in view.columns:
        if item.name in view.key:
            query = query.where(columns[item.name] == argument(item))
    return str(query.compile(dialect=dialect))


def as_text(value: Any) -> Any:
    """Without the padding of CHAR columns; NULL is the empty text."""
    return "" if value is None else str(value).rstrip()


def as_date(value: Any) -> Any:
    """A day; what cannot be read as one stays as it is, for the quarantine."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str):
        text = value.strip()
        try:
            return datetime.fromisoformat(text).date() if text else None
        except ValueError:
            return value
    return value


def as_moment(value: Any) -> Any:
    """Local time without a zone; the unreadable stays as it is, for the quarantine."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return value
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            value = value.astimezone(LOCAL).replace(tzinfo=None)
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 (local by contract)
    return value


def as_number(value: Any) -> Any:
    """A decimal; the unreadable stays as it is, for the quarantine."""
    if value is None or isinstance(value, Decimal):
        return value
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        return value


CONVERTERS: dict[Type, Callable[[Any], Any]] = {
    Type.TEXT: as_text,
    Type.INTEGER: lambda value: value,
    Type.NUMBER: as_number,
    Type.DATE: as_date,
    Type.MOMENT: as_moment,
}


def converted(view: View, rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of the contract's columns, each value as its type."""
    converters = [CONVERTERS[item.type] for item in view.columns]
    for row in rows:
        yield tuple(
            [convert(value) for convert, value in zip(converters, row, strict=True)]
        )


def typed(view: View, record: type[Record], rows: Iterable[Any]) -> Iterator[Record]:
    """The same as records."""
    make = cast(Callable[..., Record], record)
    for row in converted(view, rows):
        yield make(*row)
