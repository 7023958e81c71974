"""A HIS on SQLite (demo and trials): a maintenance function is an inbox table.

A row put into it is acted on by the triggers of the HIS, which fill in
the answer of the same row. A repeated request id is not put in again.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache, partial
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import QueuePool

from portal.his.connection import BadDsn
from portal.his.contract.shape import Function
from portal.his.sql.dialect import AnswerLost, Cause
from portal.his.sql.statements import FUNCTION

# Bytes that are no UTF-8 must spoil one value, not end the read.
TEXT = partial(str, encoding="utf-8", errors="surrogateescape")
# Instructions of SQLite's machine between two looks at the clock.
INSTRUCTIONS_PER_LOOK = 20_000

BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT})
RAISED = frozenset(
    {sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG}
)
WRONG = frozenset(
    {
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_NOTADB,
    }
)


class DeadlineConnection(sqlite3.Connection):
    """Interrupts a statement past ``deadline``; knows which file it opened."""

    deadline: float = 0.0
    opened: tuple[int, int] = (0, 0)

    def is_late(self) -> bool:
        return time.monotonic() > self.deadline


@cache
def put_text(name: str) -> str:
    """Put the call into the inbox, once."""
    names = [item.name for item in FUNCTION[name].arguments]
    return (
        f"INSERT INTO {name.lower()} ({', '.join(names)})"  # noqa: S608 (names of the contract)
        f" VALUES ({', '.join(':' + name for name in names)})"
        " ON CONFLICT (request_id) DO NOTHING"
    )


@cache
def answer_text(name: str) -> str:
    results = ", ".join(item.name for item in FUNCTION[name].results)
    return (
        f"SELECT {results} FROM {name.lower()}"  # noqa: S608 (names of the contract)
        " WHERE request_id = :request_id"
    )


class Sqlite:
    """The dialect; see ``portal.his.sql.dialect.Dialect``."""

    errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def engine(self, url: URL, timeout: float, *, read_only: bool) -> Engine:
        path = url.database
        if not path or path.startswith((":memory:", "file:")):
            raise BadDsn("SQLite needs the path of a file")

        def connect() -> DeadlineConnection:
            return open_file(path, timeout, read_only=read_only)

        engine = create_engine(
            "sqlite://",
            paramstyle="named",
            creator=connect,
            poolclass=QueuePool,
            isolation_level="AUTOCOMMIT",
            pool_size=2,
            max_overflow=1,
            pool_timeout=timeout,
            pool_reset_on_return=None,
            skip_autocommit_rollback=True,
            hide_parameters=True,
        )

        @event.listens_for(engine, "checkout")
        def refuse_moved(link: Any, _record: Any, _proxy: Any) -> None:
            """A file moved away or replaced is not the one the link still holds."""
            if link.opened != identity(path):
                raise DisconnectionError

        return engine

    def call(
        self, link: DeadlineConnection, function: Function, values: Mapping[str, Any]
    ) -> Any:
        link.execute(put_text(function.name), as_sqlite(values))
        try:
            rows = self.read(link, answer_text(function.name), values)
        except sqlite3.Error as error:
            raise AnswerLost from error
        return rows[0] if rows else None

    def read(
        self, link: DeadlineConnection, text: str, values: Mapping[str, Any]
    ) -> list[Any]:
        return link.execute(text, as_sqlite(values)).fetchall()

    def stream(
        self, link: DeadlineConnection, text: str, size: int
    ) -> Iterator[list[Any]]:
        cursor = link.execute(text)
        try:
            while rows := cursor.fetchmany(size):
                yield rows
        finally:
            cursor.close()

    def connect_cause(self, error: BaseException) -> Cause:
        cause = self.call_cause(error)
        return Cause.BUSY if cause is Cause.LOST else cause

    def call_cause(self, error: BaseException) -> Cause:
        extended = getattr(error, "sqlite_errorcode", None)
        if extended == sqlite3.SQLITE_READONLY_DBMOVED:
            return Cause.BUSY
        code = extended & 0xFF if extended is not None else None
        if code in BUSY:
            return Cause.BUSY
        if code in WRONG:
            return Cause.WRONG
        return Cause.RAISED if code in RAISED else Cause.LOST

    def error_code(self, error: BaseException) -> str:
        return getattr(error, "sqlite_errorname", None) or ""


def open_file(path: str, timeout: float, *, read_only: bool) -> DeadlineConnection:
    """Open an existing file; a missing one is an unreachable HIS, never created."""
    link = sqlite3.connect(
        f"file:{quote(os.path.abspath(path))}?mode=rw",
        uri=True,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=False,
        factory=DeadlineConnection,
    )
    link.text_factory = TEXT
    link.opened = identity(path)
    link.deadline = time.monotonic() + timeout
    link.set_progress_handler(link.is_late, INSTRUCTIONS_PER_LOOK)
    if read_only:
        link.execute("PRAGMA query_only = ON")
    return link


def identity(path: str) -> tuple[int, int]:
    """Which file stands at the path; zeros when there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0)
    return (found.st_dev, found.st_ino)


def as_sqlite(values: Mapping[str, Any]) -> dict[str, Any]:
    """Days are kept as ISO text."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
    }
