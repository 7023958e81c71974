"""The HISs the contract suite is held against."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from portal.demo_his.database import Database, prepare
from portal.his.ddl.engines import ENGINES
from portal.his.ddl.script import script
from portal.his.mapping.loader import TYPICAL, load
from tests.mariadb import MariaDb
from tests.portal.his.ddl.peers import tables_for

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Peer:
    """A HIS by DSN; ``log_table`` counts the calls it answered, where we may look.

    ``kept_in`` is the database behind a HIS that is reached otherwise, ``push_dsn`` where
    changes are sent when not to the same address.
    """

    dsn: str
    log_table: str = ""
    kept_in: str = ""
    push_dsn: str = ""
    server: MariaDb | None = None

    @property
    def database(self) -> str:
        return self.kept_in or self.dsn

    @property
    def path(self) -> str:
        return self.database.removeprefix("sqlite:///")

    def logged(self, request_id: str) -> int:
        """How many log rows the HIS keeps of a request."""
        if self.server is not None:
            rows = self.server.run(
                f"SELECT COUNT(*) FROM {self.log_table}"
                f" WHERE request_id = '{request_id}';"
            )
            return int(rows[0][0])
        if self.database.startswith("sqlite"):
            with closing(sqlite3.connect(self.path)) as link:
                query = f"SELECT count(*) FROM {self.log_table} WHERE request_id = ?"
                found: int = link.execute(query, (request_id,)).fetchone()[0]
                return found
        with psycopg.connect(self.database) as server:
            row = server.execute(
                sql.SQL("SELECT count(*) FROM {} WHERE request_id = %s").format(
                    sql.Identifier(self.log_table)
                ),
                (request_id,),
            ).fetchone()
            assert row is not None
            return int(row[0])


def small_postgresql(dsn: str) -> Peer:
    with psycopg.connect(dsn) as server:
        server.execute((HERE / "small_postgresql.sql").read_bytes())
    return Peer(dsn, "log")


def small_sqlite(path: Path) -> Peer:
    with closing(sqlite3.connect(path)) as link:
        link.executescript((HERE / "small_sqlite.sql").read_text())
    return Peer(f"sqlite:///{path}", "log")


def demo_postgresql(dsn: str) -> Peer:
    """The demo HIS, filled with its doctors."""
    prepare(Database(dsn))
    return Peer(dsn, "v_yw_call_log")


def demo_sqlite(path: Path) -> Peer:
    dsn = f"sqlite:///{path}"
    prepare(Database(dsn))
    return Peer(dsn, "V_YW_CALL_LOG")


def typical_postgresql(dsn: str) -> Peer:
    """A vendor's tables with nothing but our generated script on them."""
    with psycopg.connect(dsn, autocommit=True) as server:
        role = "SELECT 1 FROM pg_roles WHERE rolname = 'yiwu'"
        if server.execute(role).fetchone() is None:
            server.execute("CREATE ROLE yiwu LOGIN")
    for text in (tables_for("postgresql"), generated("postgresql")):
        with psycopg.connect(dsn) as server:
            server.execute(text.encode())
    return Peer(dsn, "yw_priv_save_call")


def typical_sqlite(path: Path) -> Peer:
    with closing(sqlite3.connect(path)) as link:
        link.executescript(tables_for("sqlite"))
        link.executescript(generated("sqlite"))
    return Peer(f"sqlite:///{path}", "YW_PRIV_SAVE")


def typical_mysql(server: MariaDb, name: str, charset: str = "utf8mb4") -> Peer:
    server.run("CREATE USER IF NOT EXISTS 'yiwu'@'%'")
    his = server.fresh(name, charset)
    his.run(tables_for("mysql"))
    his.run(generated("mysql"))
    return Peer(his.dsn, "YW_PRIV_SAVE_CALL", server=his)


def generated(engine: str) -> str:
    return script(load(TYPICAL), ENGINES[engine])
