"""Drivers that cannot be interrupted: each use of a link may be left behind.

On the other side: PEP 249 connections of PyMySQL, the SQL Server drivers and oracledb.
Their own time-outs are set too, so that what was left behind ends soon after.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, suppress
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.engine import Dialect as SqlDialect

from portal.his.sql.deadline import Late, in_time, left
from portal.his.sql.statements import Statement, sign_of_life

Result = TypeVar("Result")

# An orderly good-bye is worth this much of anybody's time.
CLOSING_SECONDS = 0.2
# A link that was used just now is taken as well; an older one is asked first.
TRUSTED_SECONDS = 5.0


class Apart:
    """A driver's connection, used in a thread of its own within the caller's deadline."""

    def __init__(self, link: Any) -> None:
        self._link = link
        self.is_lost = False
        self._used_at = time.monotonic()

    @property
    def idle_seconds(self) -> float:
        return time.monotonic() - self._used_at

    def do(self, work: Callable[[Any], Result]) -> Result:
        """``work`` with the driver's connection; Late ends the link."""
        try:
            return in_time(partial(work, self._link), left(), self._give_up)
        except Late:
            self.is_lost = True
            raise
        finally:
            self._used_at = time.monotonic()

    def __getattr__(self, name: str) -> Any:
        """As the driver's own connection it is what SQLAlchemy knows; not set apart."""
        return getattr(self._link, name)

    def close(self) -> None:
        """What was left behind closes itself when its driver comes back."""
        if not self.is_lost:
            self.is_lost = True
            with suppress(Late):
                in_time(self._give_up, CLOSING_SECONDS, lambda _nothing: None)

    def _give_up(self, _result: object = None) -> None:
        # Whatever a driver says of a link that is given up: nobody can act on it.
        with suppress(Exception):
            self._link.close()


class ApartDialect:
    """What the dialects of such drivers share."""

    errors: tuple[type[Exception], ...]
    sql: SqlDialect

    def is_well(self, link: Apart) -> bool:
        if link.is_lost or link.idle_seconds < TRUSTED_SECONDS:
            return not link.is_lost
        failures: tuple[type[Exception], ...] = (Late, *self.errors)
        try:
            self.read(link, sign_of_life(self.sql), {})
        except failures:
            return False
        return True

    def read(
        self, link: Apart, statement: Statement, values: Mapping[str, Any]
    ) -> list[Any]:
        return link.do(partial(self._read, statement=statement, values=values))

    def write(
        self, link: Apart, statement: Statement, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        link.do(partial(self._write, statement=statement, rows=rows))

    def stream(
        self, link: Apart, statement: Statement, size: int, values: Mapping[str, Any]
    ) -> Generator[list[Any]]:
        begin = partial(self._begin, statement=statement, size=size, values=values)
        cursor = link.do(begin)
        is_read = False
        try:
            while rows := link.do(lambda _link: cursor.fetchmany(size)):
                yield list(rows)
            link.do(lambda _link: cursor.close())
            is_read = True
        finally:
            if not is_read:  # what is still under way would be read as the next answer
                self._give_up(cursor)
                link.close()

    def _read(
        self, link: Any, statement: Statement, values: Mapping[str, Any]
    ) -> list[Any]:
        with closing(link.cursor()) as cursor:
            self._execute(cursor, statement, values)
            return list(cursor.fetchall())

    def _write(
        self, link: Any, statement: Statement, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        with closing(link.cursor()) as cursor:
            cursor.executemany(statement.text, [statement.ordered(row) for row in rows])

    def _begin(
        self, link: Any, statement: Statement, size: int, values: Mapping[str, Any]
    ) -> Any:
        """A cursor that holds no more than ``size`` rows at a time."""
        cursor = link.cursor()
        cursor.arraysize = size
        self._execute(cursor, statement, values)
        return cursor

    def _give_up(self, cursor: Any) -> None:
        """Called before the link of a cursor that was not read to its end is closed."""

    def _execute(
        self, cursor: Any, statement: Statement, values: Mapping[str, Any]
    ) -> None:
        """Without arguments where there are none: some drivers would look for marks."""
        if values:
            cursor.execute(statement.text, statement.ordered(values))
        else:
            cursor.execute(statement.text)
