"""The three drivers of SQL Server: how each is opened, and for which servers.

``mssqlpython`` (the default) brings Microsoft's ODBC driver 18: SQL Server 2014 and
later. ``pymssql`` speaks through FreeTDS, which still knows the TLS of 2008 R2 and can
do without. ``pyodbc`` takes any ODBC driver of the machine: ``?driver=FreeTDS``.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any, Protocol

from sqlalchemy.dialects.mssql.mssqlpython import MSDialect_mssqlpython
from sqlalchemy.dialects.mssql.pymssql import MSDialect_pymssql
from sqlalchemy.dialects.mssql.pyodbc import MSDialect_pyodbc
from sqlalchemy.engine import Dialect as SqlDialect

from portal.his.connection import BadDsn, Connection, Tls
from portal.his.sql.dialect import refuse

PYMSSQL_OPTIONS = frozenset(
    {"host", "port", "database", "user", "password"}
    | {"appname", "charset", "conn_properties", "tds_version"}
)
# FreeTDS by its own words; Microsoft's driver calls the same things otherwise.
ENCRYPTION = {Tls.OFF: "off", Tls.ON: "require"}
ENCRYPT = {
    Tls.OFF: "Encrypt=no",
    Tls.ON: "Encrypt=yes;TrustServerCertificate=yes",
    Tls.VERIFY: "Encrypt=yes;TrustServerCertificate=no",
}
UNVERIFIED = "FreeTDS checks no certificate; take mssqlpython"


class Driver(Protocol):
    """``module`` is the driver's own; ``sql`` writes texts with its marks."""

    module: Any
    sql: SqlDialect

    def __init__(self, connection: Connection) -> None: ...

    def connect(self, seconds: float) -> Any:
        """A new connection that commits by itself."""
        ...


class MssqlPython:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.module: Any = import_module("mssql_python")
        self.sql: Any = MSDialect_mssqlpython(paramstyle="pyformat")  # type: ignore[no-untyped-call]
        self.module.pooling(enabled=False)  # one pool is enough: ours
        (text,), _none = self.sql.create_connect_args(connection.url)
        self._text = ";".join([text, *encrypt(connection)])

    def connect(self, seconds: float) -> Any:
        link = self.module.connect(
            self._text, autocommit=True, timeout=math.ceil(seconds)
        )
        link.timeout = math.ceil(self._connection.deadline)
        return link


class Pymssql:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.module: Any = import_module("pymssql")
        self.sql: Any = MSDialect_pymssql(paramstyle="pyformat")  # type: ignore[no-untyped-call]
        _none, options = self.sql.create_connect_args(connection.url)  # type: ignore[no-untyped-call]
        unknown = options.keys() - PYMSSQL_OPTIONS
        if unknown:
            raise BadDsn(f"unknown option {min(unknown)}")
        self._options: dict[str, Any] = options
        if connection.tls is Tls.VERIFY:
            refuse(connection, "tls", why=UNVERIFIED)
        if connection.tls is not None:
            self._options["encryption"] = ENCRYPTION[connection.tls]

    def connect(self, seconds: float) -> Any:
        return self.module.connect(
            **self._options,
            autocommit=True,
            login_timeout=math.ceil(seconds),
            timeout=math.ceil(self._connection.deadline),
        )


class Pyodbc:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        if "driver" not in connection.url.query:
            raise BadDsn("pyodbc needs ?driver=…, the name of an ODBC driver")
        module: Any = import_module("pyodbc")
        module.pooling = False  # one pool is enough: ours
        self.module: Any = module
        self.sql: Any = MSDialect_pyodbc(paramstyle="qmark")  # type: ignore[no-untyped-call]
        (text,), _none = self.sql.create_connect_args(connection.url)
        is_freetds = "tds" in str(connection.url.query["driver"]).lower()
        if is_freetds and connection.tls is Tls.VERIFY:
            refuse(connection, "tls", why=UNVERIFIED)
        wanted = freetds(connection) if is_freetds else encrypt(connection)
        self._text = ";".join([text, *wanted])

    def connect(self, seconds: float) -> Any:
        link = self.module.connect(
            self._text, autocommit=True, timeout=math.ceil(seconds)
        )
        link.timeout = math.ceil(self._connection.deadline)
        return link


def encrypt(connection: Connection) -> list[str]:
    return [] if connection.tls is None else [ENCRYPT[connection.tls]]


def freetds(connection: Connection) -> list[str]:
    """FreeTDS wants the port apart, and UTF-8 said."""
    words = [f"Port={connection.url.port or 1433}", "ClientCharset=UTF-8"]
    if connection.tls is not None:
        words.append(f"Encryption={ENCRYPTION[connection.tls]}")
    return words


DRIVERS: dict[str, type[Driver]] = {
    "mssqlpython": MssqlPython,
    "pymssql": Pymssql,
    "pyodbc": Pyodbc,
}
