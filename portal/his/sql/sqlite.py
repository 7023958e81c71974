"""A HIS on SQLite (demo and trials): a maintenance function is an inbox table.

A row put into it is acted on by the triggers of the HIS, which fill in
the answer of the same row. A repeated request id is not put in again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator, Mapping, Sequence
from datetime import date
from functools import cache, partial
from typing import Any
from urllib.parse import quote

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from portal.his.connection import BadDsn, Connection
from portal.his.contract.shape import Function
from portal.his.sql.deadline import is_over
from portal.his.sql.dialect import AnswerLost, Cause, refuse
from portal.his.sql.statements import ANY_BYTES, FUNCTION, Statement

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


class FileConnection(sqlite3.Connection):
    """Knows which file it opened."""

    opened: tuple[int, int] = (0, 0)


@cache
def put_text(name: str) -> str:
    """Put the call into the inbox, once."""
    names = [item.name for item in FUNCTION[name].arguments]
    return (
        f"INSERT INTO {name} ({', '.join(names)})"  # noqa: S608 (names of the contract)
        f" VALUES ({', '.join(':' + name for name in names)})"
        " ON CONFLICT (request_id) DO NOTHING"
    )


@cache
def answer(name: str) -> Statement:
    results = ", ".join(item.name for item in FUNCTION[name].results)
    return Statement(
        f"SELECT {results} FROM {name}"  # noqa: S608 (names of the contract)
        " WHERE request_id = :request_id"
    )


class Sqlite:
    """The dialect; see ``portal.his.sql.dialect.Dialect``."""

    errors: tuple[type[Exception], ...] = (sqlite3.Error,)
    alchemy = "sqlite"

    def __init__(self, connection: Connection) -> None:
        refuse(connection, "tls", "ca_file", why="a file has no wire")
        path = connection.url.database
        if not path or path.startswith((":memory:", "file:")):
            raise BadDsn("SQLite needs the path of a file")
        self._path = path
        self._decode = partial(str, encoding=connection.encoding, errors=ANY_BYTES)
        self.sql = SQLiteDialect_pysqlite(paramstyle="named")

    def connect(self, seconds: float, *, read_only: bool) -> FileConnection:
        link = open_file(self._path, seconds, read_only=read_only)
        link.text_factory = self._decode
        return link

    def is_well(self, link: FileConnection) -> bool:
        """A file moved away or replaced is not the one the link still holds."""
        return link.opened == identity(self._path)

    def call(
        self, link: FileConnection, function: Function, values: Mapping[str, Any]
    ) -> Any:
        link.execute(put_text(function.name), as_sqlite(values))
        try:
            rows = self.read(link, answer(function.name), values)
        except sqlite3.Error as error:
            raise AnswerLost from error
        return rows[0] if rows else None

    def read(
        self, link: FileConnection, statement: Statement, values: Mapping[str, Any]
    ) -> list[Any]:
        return link.execute(statement.text, as_sqlite(values)).fetchall()

    def write(
        self,
        link: FileConnection,
        statement: Statement,
        rows: Sequence[Mapping[str, Any]],
    ) -> None:
        link.executemany(statement.text, [as_sqlite(row) for row in rows])

    def stream(
        self,
        link: FileConnection,
        statement: Statement,
        size: int,
        values: Mapping[str, Any],
    ) -> Generator[list[Any]]:
        cursor = link.execute(statement.text, as_sqlite(values))
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


def open_file(path: str, timeout: float, *, read_only: bool) -> FileConnection:
    """Open an existing file; a missing one is an unreachable HIS, never created."""
    link = sqlite3.connect(
        f"file:{quote(os.path.abspath(path))}?mode=rw",
        uri=True,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=False,
        factory=FileConnection,
    )
    link.opened = identity(path)
    link.set_progress_handler(is_over, INSTRUCTIONS_PER_LOOK)
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
    """Days and moments are kept as ISO text, a moment with a space in it."""
    return {
        name: str(value) if isinstance(value, date) else value
        for name, value in values.items()
    }
