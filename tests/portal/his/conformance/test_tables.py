"""``manage.py his check`` looks at the intermediate tables of every target told by them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command

from portal.his.conformance.result import Outcome
from portal.his.conformance.tables import TableLook, looks_at
from portal.his.contract.requests import TABLES
from portal.his.ddl.engines import ENGINES
from portal.his.ddl.requests import requests_script
from portal.his.mapping.loader import DEMO
from portal.his.targets import Target
from tests.contract.conftest import address_of
from tests.contract.peers import demo_sqlite

SECONDS = 5.0
TABLE = "YW_PRIV_SAVE_REQ"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A database with the tables as our script makes them."""
    path = tmp_path / "tables.sqlite3"
    with closing(sqlite3.connect(path)) as link:
        link.executescript(requests_script(ENGINES["sqlite"]))
    return path


def change(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as link:
        link.executescript(script)


def platform(dsn: str, **others: Any) -> Target:
    return Target("platform", "集成平台", dsn, "", **others)


def seen(dsn: str, *, may_write: bool = False, **others: Any) -> dict[str, TableLook]:
    looks = looks_at(platform(dsn, **others), SECONDS, may_write=may_write)
    return {one.table: one for one in looks}


def test_tables_of_our_script_are_as_agreed(place: Path) -> None:
    found = seen(f"table+sqlite:///{place}", may_write=True)

    assert {name: one.answer.outcome for name, one in found.items()} == dict.fromkeys(
        TABLES, Outcome.PASSED
    )
    assert {one.target for one in found.values()} == {"集成平台"}


def test_target_without_such_tables_is_not_looked_at() -> None:
    assert seen("mllp://127.0.0.1:2575") == {}


def test_tables_of_functions_a_target_does_not_take_are_not_asked_for(
    place: Path,
) -> None:
    found = seen(f"table+sqlite:///{place}", interfaces=frozenset({"YW_PRIV_SAVE"}))

    assert list(found) == [TABLE]


def test_table_that_is_not_there_is_told_with_the_next_step(place: Path) -> None:
    change(place, f"DROP TABLE {TABLE};")

    found = seen(f"table+sqlite:///{place}")

    answer = found[TABLE].answer
    assert [name for name, one in found.items() if one.is_bad] == [TABLE]
    assert answer.expected == f"有表 {TABLE}，本账号可以查看"
    assert answer.found.startswith("没有这个表，或不能查看")
    assert answer.advice == (
        "请 DBA 执行 manage.py his tables --engine sqlite 生成的脚本（可以重复执行）"
    )


def test_columns_that_are_missing_or_hold_something_else_are_named(
    place: Path,
) -> None:
    change(
        place,
        f"ALTER TABLE {TABLE} DROP COLUMN his_row_id;"
        f"ALTER TABLE {TABLE} DROP COLUMN doc_no;"
        f"ALTER TABLE {TABLE} DROP COLUMN valid_from;"
        f"ALTER TABLE {TABLE} ADD COLUMN valid_from INTEGER;",
    )

    answer = seen(f"table+sqlite:///{place}")[TABLE].answer

    assert answer.outcome is Outcome.FAILED
    assert (
        answer.found == "缺 2 列：doc_no、his_row_id；valid_from 为 INTEGER，应为 DATE"
    )
    assert "manage.py his tables --engine sqlite" in answer.advice


@pytest.mark.django_db
@pytest.mark.real_time  # the HIS was filled by the clock on the wall
@pytest.mark.slow
def test_check_of_the_site_tells_of_its_tables(
    place: Path, tmp_path: Path, settings: Any
) -> None:
    settings.HIS_DSN = demo_sqlite(tmp_path / "his").dsn
    settings.HIS_PUSH_DSN = f"table+sqlite:///{place}"
    change(place, f"DROP TABLE {TABLE};")

    code, text = checked("--mapping", str(DEMO))
    assert code == 1
    assert f"中间表（HIS）{TABLE} 不通过" in text.splitlines()
    assert "中间表（HIS）YW_OPGRADE_SAVE_REQ 通过" in text.splitlines()

    code, text = checked("--mapping", str(DEMO), "--json")
    told = json.loads(text)
    assert (code, told["exit_code"]) == (1, 1)
    assert [one["table"] for one in told["tables"] if one["outcome"] == "FAILED"] == [
        TABLE
    ]


def checked(*words: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("his", "check", *words, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


@pytest.mark.integration
def test_rights_of_the_account_are_tried_only_when_writing_is_allowed(
    fresh_postgres: str,
) -> None:
    host, port, database = address_of(fresh_postgres)
    account = f"writer_{database.replace('-', '_')}"
    with psycopg.connect(fresh_postgres) as server:
        server.execute(f"CREATE ROLE {account} LOGIN".encode())
        server.execute(requests_script(ENGINES["postgresql"], account).encode())
        server.execute(f"REVOKE INSERT ON {TABLE} FROM {account}".encode())
        server.execute(f"GRANT DELETE ON YW_OPGRADE_SAVE_REQ TO {account}".encode())
    dsn = f"table+postgresql+psycopg://{account}@{host}:{port}/{database}"

    assert {one.answer.outcome for one in seen(dsn).values()} == {Outcome.NOT_RUN}
    found = seen(dsn, may_write=True)

    assert {name: one.answer.found for name, one in found.items()} == {
        TABLE: "不能写入（INSERT）",
        "YW_DOCTOR_OP_SAVE_REQ": "",
        "YW_OPGRADE_SAVE_REQ": "可以删除（DELETE）",
    }
    assert [name for name, one in found.items() if one.is_bad] == [
        TABLE,
        "YW_OPGRADE_SAVE_REQ",
    ]
    with psycopg.connect(fresh_postgres) as server:
        assert server.execute(f"SELECT count(*) FROM {TABLE}".encode()).fetchone() == (
            0,
        )
