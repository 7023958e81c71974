"""One pair of pools per process and DSN: one that reads, one that may write."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any, cast

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.pool import Pool, QueuePool

from portal.his.breaker import Breaker
from portal.his.connection import BadDsn, Connection, parse
from portal.his.sql.deadline import in_time, left
from portal.his.sql.dialect import Dialect, refuse

# Module and class by the scheme of the DSN. A driver is loaded only where it is used:
# some take longer to load than the portal, or need libraries of the machine.
DIALECTS = {
    "postgresql": ("postgresql", "PostgreSql"),
    "postgres": ("postgresql", "PostgreSql"),
    "kingbase": ("kingbase", "Kingbase"),
    "mysql": ("mysql", "MySql"),
    "mariadb": ("mysql", "MySql"),
    "mssql": ("sqlserver", "SqlServer"),
    "oracle": ("oracle", "Oracle"),
    "sqlite": ("sqlite", "Sqlite"),
}
RECYCLE_SECONDS = 300  # firewalls in hospitals forget idle connections


@dataclass(frozen=True)
class Engines:
    """Reading and writing stay apart, so that a read can never change the HIS."""

    connection: Connection
    dialect: Dialect
    reader: Pool
    writer: Pool
    breaker: Breaker = field(default_factory=Breaker)
    catalogues: dict[bool, Engine] = field(default_factory=dict)

    def catalogue(self, *, read_only: bool) -> Engine:
        """SQLAlchemy's own engine, for those who look into the catalogue of the HIS.

        It asks a new server questions of its own, so nothing else goes through it; a
        driver that cannot be interrupted keeps only its own time-outs here.
        """
        if read_only not in self.catalogues:
            self.catalogues[read_only] = create_engine(
                f"{self.dialect.alchemy}://",
                pool=pool_of(self.dialect, self.connection, read_only=read_only),
                isolation_level="AUTOCOMMIT",
                hide_parameters=True,
            )
        return self.catalogues[read_only]


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
    """Opens nothing yet."""
    connection = parse(dsn, timeout)
    dialect = dialect_of(connection)
    reader = pool_of(dialect, connection, read_only=True)
    writer = pool_of(dialect, connection, read_only=False)
    return Engines(connection, dialect, reader, writer)


def dialect_of(connection: Connection) -> Dialect:
    if connection.scheme not in DIALECTS:
        raise BadDsn(f"no transport for {connection.scheme!r}")
    refuse(connection, "cert_file", "key_file", why="not for a database")
    module, name = DIALECTS[connection.scheme]
    try:
        found = getattr(import_module(f"portal.his.sql.{module}"), name)
        return cast(Dialect, found(connection))
    except ImportError as error:
        raise BadDsn(f"its driver cannot be loaded: {error}") from None
    except (ArgumentError, TypeError, ValueError):
        raise BadDsn("an option its driver cannot read") from None


def pool_of(dialect: Dialect, connection: Connection, *, read_only: bool) -> Pool:
    """Links ready for use; whatever the driver does, opening one ends in time."""

    def connect() -> Any:
        seconds = left()
        work = partial(dialect.connect, seconds, read_only=read_only)
        return in_time(work, seconds, lambda link: link and link.close())

    pool = QueuePool(
        connect,
        pool_size=connection.pool,
        max_overflow=1,
        timeout=connection.deadline,
        recycle=RECYCLE_SECONDS,
        reset_on_return=None,
    )

    @event.listens_for(pool, "checkout")
    def refuse_ended(link: Any, _record: Any, _proxy: Any) -> None:
        if not dialect.is_well(link):
            raise DisconnectionError

    return pool


def dispose(dsn: str, timeout: float) -> None:
    """Close this process's links to the DSN."""
    with _lock:
        found = _engines.pop((os.getpid(), dsn, timeout), None)
    if found is not None:
        found.reader.dispose()
        found.writer.dispose()
        for engine in found.catalogues.values():
            engine.dispose()
