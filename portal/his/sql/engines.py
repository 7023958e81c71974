"""One pair of engines per process and DSN: one that reads, one that may write."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from portal.his.connection import BadDsn
from portal.his.sql.dialect import Dialect
from portal.his.sql.postgresql import PostgreSql
from portal.his.sql.sqlite import Sqlite

DIALECTS: dict[str, type[Dialect]] = {
    "postgresql": PostgreSql,
    "postgres": PostgreSql,
    "sqlite": Sqlite,
}


@dataclass(frozen=True)
class Engines:
    """Reading and writing stay apart, so that a read can never change the HIS."""

    dialect: Dialect
    reader: Engine
    writer: Engine


# The engines of a parent process stay in the table untouched after a fork: their
# links belong to the parent, and closing them here would end them there.
_engines: dict[tuple[int, str, float], Engines] = {}
_lock = threading.Lock()


def engines_for(dsn: str, timeout: float) -> Engines:
    """The engines of this very process; raises BadDsn."""
    key = (os.getpid(), dsn, timeout)
    found = _engines.get(key)
    if found is None:
        made = make_engines(dsn, timeout)
        with _lock:
            found = _engines.setdefault(key, made)
    return found


def make_engines(dsn: str, timeout: float) -> Engines:
    try:
        url = make_url(dsn)
    except ArgumentError:
        raise BadDsn("not an SQLAlchemy URL") from None
    name = url.drivername.split("+", 1)[0]
    if name not in DIALECTS:
        raise BadDsn(f"no transport for {name!r}")
    dialect = DIALECTS[name]()
    reader = dialect.engine(url, timeout, read_only=True)
    writer = dialect.engine(url, timeout, read_only=False)
    return Engines(dialect, reader, writer)


def dispose(dsn: str, timeout: float) -> None:
    """Close this process's links to the DSN."""
    with _lock:
        found = _engines.pop((os.getpid(), dsn, timeout), None)
    if found is not None:
        found.reader.dispose()
        found.writer.dispose()
