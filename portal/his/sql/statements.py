"""SQL text and typed rows, both derived from the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache, partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    Date,
    DateTime,
    Integer,
    Numeric,
    String,
    and_,
    any_,
    bindparam,
    column,
    func,
    insert,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.elements import (
    BindParameter,
    ClauseElement,
    ColumnClause,
    quoted_name,
)
from sqlalchemy.types import TypeEngine

from portal.his.contract.codes import YES_NO
from portal.his.contract.interfaces import FUNCTIONS, VIEWS
from portal.his.contract.requests import TABLES, asked
from portal.his.contract.shape import Column, Type, View

# Views cannot be cache keys themselves: their code tables are dictionaries.
VIEW = {view.name: view for view in VIEWS}
FUNCTION = {function.name: function for function in FUNCTIONS}

# Bytes no character has become lone surrogates, which the quarantine knows.
ANY_BYTES = "surrogateescape"
MANY = "__"  # between the name and the number of an argument of many
SINCE = "since"  # the argument of ``read_since``

Record = TypeVar("Record")
Key = TypeVar("Key")


def sql_type(contract_column: Column) -> TypeEngine[Any]:
    """The type an argument is sent as."""
    if contract_column.type is Type.DATE:
        return Date()
    if contract_column.type is Type.MOMENT:
        return DateTime()
    if contract_column.type is Type.INTEGER:
        return Integer()
    if contract_column.type is Type.NUMBER:
        return Numeric(contract_column.precision, contract_column.scale)
    return String()


def argument(contract_column: Column) -> BindParameter[Any]:
    return bindparam(contract_column.name, type_=sql_type(contract_column))


@dataclass(frozen=True)
class Statement:
    """A text in the words of one engine; ``order`` is of arguments without names."""

    text: str
    order: tuple[str, ...] | None = None

    def ordered(self, values: Mapping[str, Any]) -> Any:
        """The arguments as a driver's ``execute`` wants them."""
        if self.order is None:
            return dict(values)
        return tuple(values[name] for name in self.order)


def statement(clause: ClauseElement, dialect: Dialect) -> Statement:
    compiled = clause.compile(dialect=dialect)
    order = getattr(compiled, "positiontup", None)
    return Statement(str(compiled), tuple(order) if order is not None else None)


def source(view: View) -> Any:
    """The name as it stands in the contract: some engines keep the case of names."""
    return named(view.name)


def named(name: str) -> Any:
    return table(quoted_name(name, quote=False))


@cache
def read_all(name: str, dialect: Dialect) -> Statement:
    """``SELECT`` of exactly the contract's columns of the view."""
    view = VIEW[name]
    columns: list[ColumnClause[Any]] = [column(name) for name in view.column_names]
    return statement(select(*columns).select_from(source(view)), dialect)


@cache
def read_since(name: str, dialect: Dialect) -> Statement:
    """The same of the rows last modified at ``:since`` or later."""
    view = VIEW[name]
    columns: list[ColumnClause[Any]] = [column(name) for name in view.column_names]
    changed: ColumnClause[Any] = column(view.watermark)
    query = select(*columns).select_from(source(view))
    return statement(
        query.where(changed >= bindparam(SINCE, type_=DateTime())), dialect
    )


@cache
def read_by_key(name: str, given: tuple[str, ...], dialect: Dialect) -> Statement:
    """The lines whose key has given values, in all of its columns or in some."""
    view = VIEW[name]
    columns: dict[str, ColumnClause[Any]] = {
        item.name: column(item.name) for item in view.columns
    }
    query = select(*columns.values()).select_from(source(view))
    for item in view.columns:
        if item.name in given:
            query = query.where(columns[item.name] == argument(item))
    return statement(query, dialect)


@cache
def put_request(name: str, dialect: Dialect) -> Statement:
    """``INSERT`` of a row into an intermediate table."""
    columns = [column(item.name, sql_type(item)) for item in asked(TABLES[name])]
    return statement(insert(table(quoted_name(name, quote=False), *columns)), dialect)


@cache
def put_requests_by_arrays(name: str, dialect: Dialect) -> Statement:
    """The same of any number of rows: their values are an array for each column."""
    items = asked(TABLES[name])
    columns = [column(item.name, sql_type(item)) for item in items]
    given = func.unnest(
        *(bindparam(item.name, type_=ARRAY(sql_type(item))) for item in items)
    ).table_valued(*(item.name for item in items))
    rows = select(*given.render_derived("given").c)
    into = insert(table(quoted_name(name, quote=False), *columns))
    return statement(into.from_select(columns, rows), dialect)


ANSWER = ("request_id", "state", "code", "message", "his_row_id")


@cache
def read_requests(name: str, count: int, dialect: Dialect) -> Statement:
    """``ANSWER`` of so many rows of an intermediate table."""
    columns: list[ColumnClause[Any]] = [column(item) for item in ANSWER]
    places = [
        bindparam(place("request_id", number), type_=String())
        for number in range(count)
    ]
    query = select(*columns).select_from(table(quoted_name(name, quote=False)))
    return statement(query.where(columns[0].in_(places)), dialect)


@cache
def read_requests_by_array(name: str, dialect: Dialect) -> Statement:
    """The same of any number of rows, their keys an array named ``request_id``."""
    columns: list[ColumnClause[Any]] = [column(item) for item in ANSWER]
    keys = bindparam(ANSWER[0], type_=ARRAY(String()))
    query = select(*columns).select_from(table(quoted_name(name, quote=False)))
    return statement(query.where(columns[0] == any_(keys)), dialect)


@cache
def read_by_keys(
    name: str, given: tuple[str, ...], count: int, dialect: Dialect
) -> Statement:
    """As ``read_by_key`` for so many keys; their values are named by ``place``."""
    view = VIEW[name]
    columns: dict[str, ColumnClause[Any]] = {
        item.name: column(item.name) for item in view.columns
    }
    keys = [item for item in view.columns if item.name in given]
    lines = [
        and_(
            *(
                columns[item.name]
                == bindparam(place(item.name, number), type_=sql_type(item))
                for item in keys
            )
        )
        for number in range(count)
    ]
    query = select(*columns.values()).select_from(source(view))
    return statement(query.where(or_(*lines)), dialect)


@cache
def read_by_arrays(name: str, given: tuple[str, ...], dialect: Dialect) -> Statement:
    """The same for any number of keys: their values are an array for each column."""
    view = VIEW[name]
    keys = [item for item in view.columns if item.name in given]
    asked_for = [bindparam(item.name, type_=ARRAY(sql_type(item))) for item in keys]
    named = [place(item.name, 0) for item in keys]
    wanted = func.unnest(*asked_for).table_valued(*named).render_derived("wanted")
    is_wanted = and_(
        *(
            column(item.name) == wanted.c[name]
            for item, name in zip(keys, named, strict=True)
        )
    )
    columns: list[ColumnClause[Any]] = [column(item.name) for item in view.columns]
    query = select(*columns).select_from(source(view).join(wanted, is_wanted))
    return statement(query, dialect)


@cache
def place(name: str, number: int) -> str:
    """The name of an argument of which there are many."""
    return f"{name}{MANY}{number}"


def filled(keys: Sequence[Key], sizes: Sequence[int]) -> Sequence[Key]:
    """As many as one of the sizes, the last one given again: few texts are made."""
    wanted = next(size for size in sizes if size >= len(keys))
    return [*keys, *([keys[-1]] * (wanted - len(keys)))]


@cache
def sign_of_life(dialect: Dialect) -> Statement:
    """The smallest question an engine answers."""
    return statement(select(literal_column("1")), dialect)


@cache
def call(pattern: str, name: str, dialect: Dialect) -> Statement:
    """A function's call, its arguments put into ``pattern`` in the order of the contract.

    ``{name}`` is the function, ``{named}`` its arguments as ``@op = :op``, ``{listed}``
    as ``:op``; the marks become the engine's own.
    """
    items = FUNCTION[name].arguments
    words = pattern.format(
        name=name,
        named=", ".join(f"@{item.name} = :{item.name}" for item in items),
        listed=", ".join(f":{item.name}" for item in items),
    )
    clause = text(words).bindparams(*(argument(item) for item in items))
    return statement(clause, dialect)


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


def as_moment(zone: ZoneInfo, value: Any) -> Any:
    """Local time of the HIS without a zone; the unreadable stays as it is, for the quarantine."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return value
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            value = value.astimezone(zone).replace(tzinfo=None)
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


def as_integer(value: Any) -> Any:
    """A whole number, however the engine counts; the rest is for the quarantine."""
    if value is None or isinstance(value, int):
        return value
    number = as_number(value)
    is_whole = isinstance(number, Decimal) and number.is_finite() and number % 1 == 0
    return int(number) if is_whole else value


TEXTS = {str}
YES = frozenset({"1", "是", "Y", "YES", "T", "TRUE", "\x01"})
NO = frozenset({"0", "否", "N", "NO", "F", "FALSE", "\x00"})


def as_yes_no(value: Any) -> Any:
    """The contract's codes of yes and no; another word stays, for the quarantine."""
    if value in {"1", "0"}:
        return value
    if isinstance(value, bytes):  # BIT of MySQL
        value = value.decode("latin-1")
    word = as_text(int(value) if isinstance(value, bool) else value).strip().upper()
    if word in YES:
        return "1"
    return "0" if word in NO else as_text(value)


CONVERTERS: dict[Type, Callable[[Any], Any]] = {
    Type.TEXT: as_text,
    Type.INTEGER: as_integer,
    Type.NUMBER: as_number,
    Type.DATE: as_date,
}


def converter(
    item: Column, zone: ZoneInfo, *, to_the_letter: bool = False
) -> Callable[[Any], Any]:
    """``to_the_letter`` forgives no other word for yes, and no other kind of number."""
    if item.type is Type.MOMENT:
        return partial(as_moment, zone)
    if to_the_letter and item.type is Type.INTEGER:
        return as_it_is
    is_yes_no = item.codes is YES_NO and not to_the_letter
    return as_yes_no if is_yes_no else CONVERTERS[item.type]


def as_it_is(value: Any) -> Any:
    return value


def converted(
    view: View, rows: Iterable[Any], zone: ZoneInfo, *, to_the_letter: bool = False
) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of the contract's columns, each value as its type."""
    converters = [
        converter(item, zone, to_the_letter=to_the_letter) for item in view.columns
    ]
    columns = list(zip(*rows, strict=True))
    # Without rows there are no columns.
    pairs = zip(converters, columns, strict=True) if columns else ()
    return zip(*(in_column(*pair) for pair in pairs), strict=True)


def in_texts(rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """Rows of which every value is a text."""
    columns = zip(*rows, strict=True)
    return zip(*(in_column(as_text, column) for column in columns), strict=True)


def in_column(convert: Callable[[Any], Any], values: Sequence[Any]) -> Iterable[Any]:
    """Each as its type. Nearly all columns are of texts alone, and a day stands in one
    a hundred times: what is to be read is read once."""
    if set(map(type, values)) != TEXTS:
        return map(convert, values)
    if convert is as_text:
        return map(str.rstrip, values)
    known = {value: convert(value) for value in set(values)}
    return map(known.__getitem__, values)


def typed(
    view: View, record: Callable[..., Record], rows: Iterable[Any], zone: ZoneInfo
) -> Iterator[Record]:
    """The same as records."""
    for row in converted(view, rows, zone):
        yield record(*row)
