"""Queries that every page asks, compiled once: then only their values change.

Making SQL of a query costs Django more than the database needs to answer it. What is
asked on each request is therefore written as usual, compiled with samples in place of
its values, and kept::

    BY_NUMBER = Prepared(lambda no: User.objects.filter(staff_no=no).values_list("name"))
    BY_NUMBER.rows("2031")  ->  [("林若川",)]

``build`` gets samples of the types of the values and must use each value as it is: it
may not look at them. Values are numbers, texts, moments and UUIDs; the query gives tuples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import (
    DEFAULT_DB_ALIAS,
    InterfaceError,
    OperationalError,
    connections,
)
from django.db.models import QuerySet

Value = int | str | datetime | UUID
# Numbers of keys are rounded up to tens, above a hundred to hundreds and so on, so that
# few shapes are kept.
STEP = 10
MOST_AT_ONCE = 1000
_SAMPLE = 6_028_317_459_000_000
_SAMPLE_DAY = datetime(1602, 8, 31, tzinfo=UTC)


@dataclass(frozen=True)
class _Compiled:
    sql: str
    # A place among the values given, or the constant that stands there.
    places: tuple[tuple[int | None, Any], ...]
    compiler: Any
    converters: dict[int, Any]


class Prepared:
    """One query; see the top of this module."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self._build = build
        self._kept: dict[tuple[Any, ...], _Compiled] = {}

    def rows(self, *given: Value) -> list[tuple[Any, ...]]:
        connection = connections[DEFAULT_DB_ALIAS]
        shape = (connection.settings_dict["ENGINE"], *map(type, given))
        found = self._kept.get(shape)
        if found is None:
            found = self._kept[shape] = _compiled(self._build, given, connection)
        values = [
            constant if place is None else _bound(given[place], connection)
            for place, constant in found.places
        ]
        rows = _answer(connection, found.sql, values)
        if found.converters:
            compiler = found.compiler
            return [tuple(r) for r in compiler.apply_converters(rows, found.converters)]
        return rows

    def rows_of(self, keys: Sequence[Value]) -> list[tuple[Any, ...]]:
        """As ``rows`` for any number of keys: the last one is given again and again.

        In order within a thousand keys: no database takes parameters without end.
        """
        found: list[tuple[Any, ...]] = []
        for start in range(0, len(keys), MOST_AT_ONCE):
            some = keys[start : start + MOST_AT_ONCE]
            step = max(STEP, 10 ** (len(str(len(some))) - 1))
            missing = -len(some) % step
            found += self.rows(*some, *([some[-1]] * missing))
        return found


def _answer(connection: Any, sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    if connection.vendor == "postgresql" and not connection.queries_logged:
        return _quick_answer(connection, sql, values)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _quick_answer(
    connection: Any, sql: str, values: list[Any]
) -> list[tuple[Any, ...]]:
    """Without Django's ``SELECT 1`` before the first question of a request: whether the
    connection lives, the question itself shows, and may be asked again if it does not."""
    is_proven = connection.connection is None or connection.health_check_done
    try:
        rows = _asked(connection, sql, values)
    except (InterfaceError, OperationalError):
        if is_proven or connection.is_usable():
            raise
        connection.close()
        rows = _asked(connection, sql, values)
    connection.health_check_done = True
    return rows


def _asked(connection: Any, sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    """By one cursor for all prepared queries of a connection: making one costs as much as
    asking a small question with it. The answer is read to its end at once."""
    connection.ensure_connection()
    kept = vars(connection).get("prepared_cursor")
    if kept is None or kept.cursor.connection is not connection.connection:
        from psycopg.types.datetime import TimestamptzLoader

        kept = vars(connection)["prepared_cursor"] = connection.cursor()
        # Django reads a moment with its own Python class, psycopg in C.
        kept.cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
    kept.execute(sql, values)
    rows: list[tuple[Any, ...]] = kept.fetchall()
    return rows


def _bound(value: Value, connection: Any) -> Any:
    """As the fields of the model would give it to this backend."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value


def _sample(value: Value, number: int) -> Value:
    """Another value of its type, which no constant equals."""
    if isinstance(value, int):
        return number
    if isinstance(value, datetime):
        return _SAMPLE_DAY + timedelta(days=number - _SAMPLE)
    return UUID(int=number) if isinstance(value, UUID) else str(number)


def _compiled(
    build: Callable[..., QuerySet[Any, Any]], given: Sequence[Value], connection: Any
) -> _Compiled:
    numbers = [_SAMPLE + place for place in range(len(given))]
    samples = [_sample(*pair) for pair in zip(given, numbers, strict=True)]
    compiler = build(*samples).query.get_compiler(connection=connection)
    sql, params = compiler.as_sql()
    # By text: some backends bind numbers as text.
    known = {
        str(_bound(sample, connection)): place for place, sample in enumerate(samples)
    }
    places = tuple((known.get(str(param)), param) for param in params)
    for place, number in enumerate(numbers):
        sql, places = _with_place(sql, places, place, str(number))
    if connection.vendor == "postgresql":
        sql, places = _with_constants(sql, places, connection)
    columns = [select[0] for select in compiler.select[: compiler.col_count]]
    return _Compiled(sql, places, compiler, compiler.get_converters(columns))


def _with_place(
    sql: str, places: tuple[tuple[int | None, Any], ...], place: int, sample: str
) -> tuple[str, tuple[tuple[int | None, Any], ...]]:
    """Where a page begins and how long it is, Django writes into the SQL itself."""
    before, found, after = sql.partition(sample)
    if not found:
        return sql, places
    # SQL Server says first how many rows it wants, and takes a value there in brackets.
    value = "(%s)" if before.endswith("TOP ") else "%s"
    number = before.replace("%%", "").count("%s")
    told = (*places[:number], (place, None), *places[number:])
    return f"{before}{value}{after}", told


def _with_constants(
    sql: str, places: Sequence[tuple[int | None, Any]], connection: Any
) -> tuple[str, tuple[tuple[int | None, Any], ...]]:
    """What never changes stands in the SQL: psycopg writes every value anew each time,
    and takes a query apart each time that has more than 50."""
    connection.ensure_connection()
    written = [
        "%s"
        if place is not None
        else connection.ops.compose_sql("%s", [constant]).replace("%", "%%")
        for place, constant in places
    ]
    left = tuple(one for one in places if one[0] is not None)
    return sql.replace("%%", "%%%%") % tuple(written), left
