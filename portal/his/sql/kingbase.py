"""A HIS on KingbaseES (人大金仓): the wire and the functions of PostgreSQL.

``kingbase+psycopg://user:password@host:54321/his``. Its version reads
``KingbaseES V008R006…``, which SQLAlchemy's engine refuses to start with. Not tried on a real server: it is held to the tests of PostgreSQL.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from portal.his.connection import Connection
from portal.his.sql.postgresql import PostgreSql

PORT = 54321


# KingbaseES V8 goes by the catalogue of PostgreSQL 12.
AS_POSTGRESQL = (12, 0)


class KingbaseSql(PGDialect_psycopg):
    """For those who look into the catalogue: never reads the version's words."""

    supports_statement_cache = True

    def _get_server_version_info(self, _connection: Any) -> tuple[int, int]:
        return AS_POSTGRESQL


registry.register("kingbase.psycopg", __name__, KingbaseSql.__name__)


class Kingbase(PostgreSql):
    """The dialect of PostgreSQL, at the port of Kingbase."""

    alchemy = "kingbase+psycopg"

    def __init__(self, connection: Connection) -> None:
        url = connection.url.set(port=connection.url.port or PORT)
        super().__init__(replace(connection, url=url))
