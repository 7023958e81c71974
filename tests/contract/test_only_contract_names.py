"""Whatever is asked of the gateway, the HIS hears of the contract's names only.

What is looked at is what the servers themselves wrote down.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlglot
from sqlalchemy.dialects.mssql.base import MSDialect
from sqlalchemy.dialects.oracle.base import OracleDialect
from sqlalchemy.engine import Dialect
from sqlglot import exp

from portal.his.contract.interfaces import (
    FUNCTIONS,
    V_YW_DOCTOR_PRIV,
    VIEWS,
    YW_PRIV_SAVE,
)
from portal.his.contract.shape import View
from portal.his.sql import sqlite
from portal.his.sql.gateway import SqlGateway
from portal.his.sql.statements import read_all, read_by_key, sign_of_life
from tests.contract.conftest import message_for
from tests.contract.peers import Peer
from tests.mariadb import MariaDb

pytestmark = [pytest.mark.integration, pytest.mark.slow]

WANG = ("001027", "RX01")
Texts = list[str]
ALLOWED = {view.name for view in VIEWS} | {function.name for function in FUNCTIONS}
# What sets a session up names nothing of the HIS.
NAMELESS = re.compile(
    r"(SET |BEGIN|COMMIT|ROLLBACK|START TRANSACTION|PRAGMA query_only|FETCH FORWARD"
    r'|CLOSE "rows"|SELECT 1$)',
    re.IGNORECASE,
)


def names_in(text: str) -> set[str]:
    """What a text selects from, puts into or calls."""
    after = r"\b(?:FROM|INTO|CALL|EXEC|JOIN|UPDATE)\s+([\w.\"`\[\]]+)"
    return {name.strip('"`[]').upper() for name in re.findall(after, text, re.I)}


def use_everything(gateway: SqlGateway) -> None:
    message = message_for(*WANG)
    gateway.ping()
    gateway.save_privilege(message)
    assert gateway.doctor_privilege(message) is not None
    assert len(list(gateway.doctors())) > 0
    assert len(list(gateway.privileges())) > 0
    assert len(list(gateway.rows(V_YW_DOCTOR_PRIV))) > 0


def assert_only_the_contract(texts: Texts) -> None:
    named = set[str]()
    for text in texts:
        if not NAMELESS.match(text):
            names = names_in(text)
            assert names, text
            named |= names
    assert named <= ALLOWED
    assert named >= {"V_YW_DOCTOR", "V_YW_PRIV_DICT", "V_YW_DOCTOR_PRIV"}
    assert YW_PRIV_SAVE.name in named


def test_on_postgresql(
    postgresql_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    with written_by_postgresql(postgresql_his.dsn) as texts:
        use_everything(open_gateway(postgresql_his.dsn))
    assert_only_the_contract(texts)


@contextmanager
def written_by_postgresql(dsn: str) -> Iterator[Texts]:
    name = dsn.rsplit("/", 1)[1]
    texts: Texts = []
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} SET log_statement = 'all'".encode())
        row = admin.execute("SHOW data_directory").fetchone()
        assert row is not None
        log = Path(row[0]).parent / "server.log"
        begin = log.stat().st_size
        yield texts
        admin.execute(f"ALTER DATABASE {name} RESET log_statement".encode())
    written = log.read_bytes()[begin:].decode(errors="replace")
    found = re.findall(
        r"LOG:  (?:statement|execute [^:]+): (.*?)(?=\n\d{4}-\d\d-\d\d |\Z)",
        written,
        re.DOTALL,
    )
    texts += [text.strip() for text in found if not text.startswith("ALTER DATABASE")]


def test_on_mariadb(
    typical_mysql_his: Peer, open_gateway: Callable[..., SqlGateway]
) -> None:
    server = typical_mysql_his.server
    assert server is not None
    with written_by_mariadb(server) as texts:
        use_everything(open_gateway(typical_mysql_his.dsn))
    assert_only_the_contract(texts)


@contextmanager
def written_by_mariadb(server: MariaDb) -> Iterator[Texts]:
    texts: Texts = []
    server.run(
        "TRUNCATE mysql.general_log; SET GLOBAL log_output = 'TABLE';"
        "SET GLOBAL general_log = 1;"
    )
    yield texts
    rows = server.run(
        "SET GLOBAL general_log = 0;"
        "SELECT REPLACE(CONVERT(argument USING utf8mb4), '\\n', ' ')"
        " FROM mysql.general_log WHERE command_type = 'Query'"
        " AND user_host LIKE '%127.0.0.1%';"
    )
    texts += [row[0] for row in rows]


def test_on_sqlite(
    sqlite_his: Peer,
    open_gateway: Callable[..., SqlGateway],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts: Texts = []
    real = sqlite.open_file

    def watched(*arguments: object, **options: object) -> sqlite.FileConnection:
        link = real(*arguments, **options)  # type: ignore[arg-type]
        link.set_trace_callback(texts.append)
        return link

    monkeypatch.setattr(sqlite, "open_file", watched)
    use_everything(open_gateway(sqlite_his.dsn))
    # The trace shows what the triggers of the HIS do as comments.
    assert_only_the_contract([text for text in texts if not text.startswith("--")])


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
@pytest.mark.parametrize(
    ("kind", "name"), [(MSDialect, "tsql"), (OracleDialect, "oracle")]
)
def test_texts_for_engines_without_a_server_name_the_view_alone(
    view: View, kind: type[Dialect], name: str
) -> None:
    dialect = kind()
    for statement in (
        read_all(view.name, dialect),
        read_by_key(view.name, view.key, dialect),
    ):
        (tree,) = sqlglot.parse(statement.text, read=name)
        assert tree is not None
        assert {table.name for table in tree.find_all(exp.Table)} == {view.name}
    assert sign_of_life(dialect).text.split() in (
        ["SELECT", "1"],
        ["SELECT", "1", "FROM", "DUAL"],
    )
