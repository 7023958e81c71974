"""A typical HIS on each engine, with the generated script already run on it."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from portal.his.ddl.engines import ENGINES
from portal.his.ddl.script import script
from portal.his.mapping.loader import TYPICAL, load
from tests.mariadb import MariaDb
from tests.portal.his.ddl.peers import (
    Engine,
    OnMariaDb,
    OnPostgresql,
    OnSqlite,
    tables_for,
)


def typical_script(name: str) -> str:
    return script(load(TYPICAL), ENGINES[name])


@pytest.fixture
def typical_sqlite(tmp_path: Path) -> Engine:
    return made(OnSqlite(tmp_path / "typical.sqlite3"))


@pytest.fixture
def typical_postgresql(fresh_postgres: str) -> Engine:
    with psycopg.connect(fresh_postgres, autocommit=True) as link:
        found = link.execute("SELECT 1 FROM pg_roles WHERE rolname = 'yiwu'").fetchone()
        if found is None:
            link.execute("CREATE ROLE yiwu LOGIN")
    return made(OnPostgresql(fresh_postgres))


@pytest.fixture
def typical_mysql(mariadb: MariaDb) -> Engine:
    mariadb.run("CREATE USER IF NOT EXISTS 'yiwu'@'%'")
    return made(OnMariaDb(mariadb.fresh("typical")))


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def his(request: pytest.FixtureRequest) -> Engine:
    """The typical HIS, on one engine after the other."""
    found: Engine = request.getfixturevalue(f"typical_{request.param}")
    return found


def made(engine: Engine) -> Engine:
    engine.run(tables_for(engine.name))
    engine.run(typical_script(engine.name))
    return engine
