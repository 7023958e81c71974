"""The same suite for every HIS: SQLite, PostgreSQL, and (marked) one given by DSN."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import psycopg
import pytest

from portal.his import opening
from portal.his.gateway import HisGateway
from portal.his.messages import PrivSave
from portal.his.sql.gateway import SqlGateway
from tests.contract.hl7_peers import hl7_his
from tests.contract.peers import (
    Peer,
    demo_postgresql,
    demo_sqlite,
    small_postgresql,
    small_sqlite,
    typical_mysql,
    typical_postgresql,
    typical_sqlite,
)
from tests.contract.rest_peers import rest_his
from tests.contract.wire import Wire, wire_to
from tests.mariadb import MariaDb
from tests.services import fresh_database

TIMEOUT_SECONDS = 2
MakeMessage = Callable[..., PrivSave]
# Some HISs outlive a test, and one given to us outlives the run.
DAYS = count(uuid.uuid4().int % 10_000)


def day_of_its_own() -> date:
    """One no other test has written a line for, in years the contract still allows."""
    return date(2050, 1, 1) + timedelta(days=next(DAYS))


@pytest.fixture
def sqlite_his(tmp_path: Path) -> Peer:
    return small_sqlite(tmp_path / "his.sqlite3")


@pytest.fixture
def postgresql_his(fresh_postgres: str) -> Peer:
    return small_postgresql(fresh_postgres)


@pytest.fixture
def demo_sqlite_his(tmp_path: Path) -> Peer:
    return demo_sqlite(tmp_path / "demo.sqlite3")


@pytest.fixture
def demo_postgresql_his(fresh_postgres: str) -> Peer:
    return demo_postgresql(fresh_postgres)


@pytest.fixture
def typical_sqlite_his(tmp_path: Path) -> Peer:
    return typical_sqlite(tmp_path / "typical.sqlite3")


@pytest.fixture
def typical_postgresql_his(fresh_postgres: str) -> Peer:
    return typical_postgresql(fresh_postgres)


@pytest.fixture(scope="session")
def rest_sqlite_his(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    place = tmp_path_factory.mktemp("rest-his")
    with rest_his(f"sqlite:///{place / 'his.sqlite3'}", place / "log") as peer:
        yield peer


@pytest.fixture(scope="session")
def rest_postgresql_his(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Peer]:
    log = tmp_path_factory.mktemp("rest-his") / "log"
    with fresh_database(postgres_server) as url, rest_his(url, log) as peer:
        yield peer


@pytest.fixture
def hl7_mfk_his(tmp_path: Path) -> Iterator[Peer]:
    with hl7_his(tmp_path / "his.sqlite3") as (peer, _engine, _server):
        yield peer


@pytest.fixture
def hl7_ack_gbk_his(tmp_path: Path) -> Iterator[Peer]:
    with hl7_his(tmp_path / "his.sqlite3", "ACK", "gbk") as (peer, _engine, _server):
        yield peer


@pytest.fixture
def hl7_commit_his(tmp_path: Path) -> Iterator[Peer]:
    with hl7_his(tmp_path / "his.sqlite3", "COMMIT") as (peer, _engine, _server):
        yield peer


@pytest.fixture
def typical_mysql_his(mariadb: MariaDb) -> Peer:
    return typical_mysql(mariadb, "typical")


@pytest.fixture
def gbk_mysql_his(mariadb: MariaDb) -> Peer:
    """A database in GBK, spoken to in GBK."""
    peer = typical_mysql(mariadb, "typical_gbk", "gbk")
    return replace(peer, dsn=f"{peer.dsn}?yw_encoding=gbk")


@pytest.fixture
def kingbase_his(postgresql_his: Peer) -> Iterator[Peer]:
    """PostgreSQL that gives itself out as KingbaseES."""
    host, port, database = address_of(postgresql_his.dsn)
    with psycopg.connect(postgresql_his.dsn) as link:
        version = link.info.parameter_status("server_version") or ""
    with wire_to(host, port) as wire:
        wire.says_instead = (
            status("server_version", version),
            status("server_version", "KingbaseES V008R006C008B0014"),
        )
        dsn = f"kingbase+psycopg://postgres@127.0.0.1:{wire.port}/{database}"
        yield Peer(dsn, "log", kept_in=postgresql_his.dsn)


def status(name: str, value: str) -> bytes:
    """What PostgreSQL says of itself after a login (ParameterStatus)."""
    words = f"{name}\0{value}\0".encode()
    return b"S" + (len(words) + 4).to_bytes(4, "big") + words


def address_of(dsn: str) -> tuple[str, int, str]:
    host, port = dsn.split("@")[1].split("/")[0].split(":")
    return host, int(port), dsn.rsplit("/", 1)[1]


@pytest.fixture
def given_his() -> Peer:
    """The test HIS of a hospital: ``TEST_HIS_DSN=… pytest -m his tests/contract``."""
    return Peer(os.environ["TEST_HIS_DSN"])


@pytest.fixture(
    params=[
        "sqlite",
        "postgresql",
        "demo_sqlite",
        "demo_postgresql",
        "typical_sqlite",
        "typical_postgresql",
        "rest_sqlite",
        "rest_postgresql",
        "hl7_mfk",
        "hl7_ack_gbk",
        "hl7_commit",
        "kingbase",
        "typical_mysql",
        "gbk_mysql",
        pytest.param("given", marks=pytest.mark.his),
    ]
)
def his(request: pytest.FixtureRequest) -> Peer:
    peer: Peer = request.getfixturevalue(f"{request.param}_his")
    return peer


@pytest.fixture
def open_gateway() -> Iterator[Callable[..., SqlGateway]]:
    """Gateways by DSN, their links closed afterwards."""
    opened: list[SqlGateway] = []

    def open_one(dsn: str, timeout: float = TIMEOUT_SECONDS) -> SqlGateway:
        opened.append(SqlGateway(dsn, timeout))
        return opened[-1]

    yield open_one
    for gateway in opened:
        gateway.close()


@pytest.fixture
def gateway(his: Peer) -> Iterator[HisGateway]:
    opened = opening.open_gateway(his.dsn, TIMEOUT_SECONDS, his.push_dsn)
    yield opened
    opened.close()


@pytest.fixture
def wire(postgresql_his: Peer) -> Iterator[Wire]:
    """Stands between us and the HIS on PostgreSQL."""
    host, port, _database = address_of(postgresql_his.dsn)
    with wire_to(host, port) as wire:
        yield wire


@pytest.fixture
def far_gateway(
    postgresql_his: Peer, wire: Wire, open_gateway: Callable[..., SqlGateway]
) -> SqlGateway:
    """Reaches the HIS on PostgreSQL through the wire."""
    head, tail = postgresql_his.dsn.split("@")
    return open_gateway(f"{head}@127.0.0.1:{wire.port}/{tail.split('/')[1]}")


def message_for(emp_no: str, priv_code: str, **changes: object) -> PrivSave:
    """A new right from 2026-12-01 on; every message has a request id of its own."""
    values: dict[str, object] = {
        "request_id": str(uuid.uuid4()),
        "op": "ADD",
        "emp_no": emp_no,
        "priv_code": priv_code,
        "setting": "ALL",
        "item_code": "",
        "his_value": "1",
        "valid_from": date(2026, 12, 1),
        "valid_to": date(2027, 11, 30),
        "reason": "年度授权",
        "doc_no": "医务〔2026〕12号",
        "operator": "009001",
    }
    return PrivSave(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture
def cast() -> tuple[str, str]:
    """Staff number and privilege code the small HISs know."""
    return ("001027", "RX01")
