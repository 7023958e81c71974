"""Our statements as SQL Server would get them, compiled without a server.

The backend is the real one (``mssql-django``). What it would ask a server is told to it
(version, edition, catalogue of a new database), and in place of the ODBC cursor stands
one that keeps what it is sent: so the text is looked at after the backend's last
rewriting, which happens in its cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models.sql import compiler
from mssql.base import DatabaseWrapper

from portal import prepared
from tests.sqlserver.refusals import refusals

OLDEST_SUPPORTED = 2017
# What docs/deployment-sqlserver.md asks for.
COLLATION = "Chinese_PRC_90_CS_AS_SC"
ALIAS = "sqlserver"


@dataclass
class Sent:
    """Statements in the order they would reach the server, parameters apart."""

    statements: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [text for text, _parameters in self.statements]


@dataclass
class KeepingCursor:
    """In place of the driver's cursor: keeps what it is sent, has no rows."""

    sent: Sent
    description: None = None
    rowcount: int = 0

    def execute(self, sql: str, parameters: tuple[Any, ...] = ()) -> KeepingCursor:
        self.sent.statements.append((sql, tuple(parameters)))
        return self

    def fetchall(self) -> list[Any]:
        return []

    def fetchone(self) -> tuple[str]:
        """The one thing the backend asks while it compiles: the collation."""
        return (COLLATION,)

    def close(self) -> None:
        """Nothing to free."""


@dataclass
class ServerlessConnection:
    """In place of the driver's connection."""

    sent: Sent
    autocommit: bool = False

    def cursor(self) -> KeepingCursor:
        return KeepingCursor(self.sent)


class Serverless(DatabaseWrapper):  # type: ignore[misc]  # mssql is untyped
    """Connected already; so pytest-django, which guards connecting, lets it be."""

    def ensure_connection(self) -> None:
        """Nothing to connect to."""


def sql_server(version: int = OLDEST_SUPPORTED) -> tuple[Serverless, Sent]:
    """The backend's connection, and what would have been sent through it."""
    sent = Sent()
    settings = connections.settings["default"] | {"ENGINE": "mssql", "OPTIONS": {}}
    connection = Serverless(settings, alias=ALIAS)
    connection.connection = ServerlessConnection(sent)
    connection.autocommit = False  # inside a transaction, where rows may be locked
    connection._is_microsoft_driver = True
    connection.inc_thread_sharing()
    connection.__dict__["sql_server_version"] = version
    connection.__dict__["to_azure_sql_db"] = False
    connection.features.__dict__["has_zoneinfo_database"] = True
    connections[ALIAS] = connection
    return connection, sent


class Refused(AssertionError):
    """SQL Server would not run a statement the program runs."""


@contextmanager
def shadowed() -> Iterator[Sent]:
    """Every query the program runs inside is compiled for SQL Server as well, and so is
    what it compiles once (``portal.prepared``).

    Raises Refused where the program runs one that SQL Server would not.
    """
    connection, sent = sql_server()
    read: set[str] = set()

    def compiled_first(run: Callable[..., Any]) -> Callable[..., Any]:
        def execute_sql(made: Any, *args: Any, **kwargs: Any) -> Any:
            if made.using != ALIAS:
                connections[ALIAS] = connection  # of this thread
                compile_too(made, sent, read)
            return run(made, *args, **kwargs)

        return execute_sql

    def prepared_too(made: Any, given: Any, used: Any) -> Any:
        connections[ALIAS] = connection
        theirs = run_prepared(made, given, connection)
        values = [
            constant if place is None else prepared._bound(given[place], connection)
            for place, constant in theirs.places
        ]
        look_at([(theirs.sql, values)], sent, read)
        return run_prepared(made, given, used)

    run_prepared = prepared._compiled
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepared, "_compiled", prepared_too)
        for kind in (compiler.SQLCompiler, compiler.SQLInsertCompiler):
            patch.setattr(kind, "execute_sql", compiled_first(kind.execute_sql))
        yield sent


def compile_too(made: Any, sent: Sent, read: set[str]) -> None:
    """Compile the query that ``made`` compiles; read what was not read before."""
    theirs = made.query.clone().get_compiler(using=ALIAS)
    theirs.returning_fields = getattr(made, "returning_fields", None)
    try:
        compiled = theirs.as_sql()
    except EmptyResultSet:
        return
    look_at(compiled if isinstance(compiled, list) else [compiled], sent, read)


def look_at(compiled: Sequence[tuple[str, Any]], sent: Sent, read: set[str]) -> None:
    """Send each through the backend's cursor; raises Refused as ``shadowed``."""
    before = len(sent.statements)
    for sql, parameters in compiled:
        with connections[ALIAS].cursor() as cursor:
            cursor.execute(sql, parameters)
    for text, parameters in sent.statements[before:]:
        if text in read:
            continue
        found = refusals(text, len(parameters))
        if found:
            raise Refused("\n".join([*found, text]))
        read.add(text)
