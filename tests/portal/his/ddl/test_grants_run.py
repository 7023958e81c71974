"""The account of the script can read and call, and nothing more."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from tests.mariadb import MariaDb
from tests.portal.his.ddl.peers import Engine

pytestmark = [pytest.mark.integration, pytest.mark.slow]

CALL = "yw_priv_save('r1', 'ADD', '001188', 'AB02', 'ALL', '', '2', '2026-12-01', NULL, NULL, NULL, '009001')"  # fmt: skip


@pytest.mark.usefixtures("typical_postgresql")
def test_account_on_postgresql(fresh_postgres: str) -> None:
    url = fresh_postgres.replace("//postgres@", "//yiwu@")
    with psycopg.connect(url, autocommit=True) as link:
        assert link.execute("SELECT count(*) FROM v_yw_doctor").fetchone() == (3,)
        answer = link.execute(f"SELECT code FROM {CALL}".encode()).fetchone()
        assert answer == ("0",)
        for refused in (
            "SELECT * FROM 人员表",
            "SELECT * FROM YW_CHANGE_LOG",
            "DELETE FROM YW_PRIV_SAVE_CALL",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                link.execute(refused.encode())


def test_account_on_mariadb(typical_mysql: Engine, mariadb: MariaDb) -> None:
    assert typical_mysql.name == "mysql"
    account = replace(mariadb, database="typical", user="yiwu")
    assert account.run("SELECT COUNT(*) FROM V_YW_DOCTOR;") == [["3"]]
    assert account.run(f"CALL {CALL.upper()};")[0][0] == "0"
    for refused in (
        "SELECT * FROM 人员表",
        "SELECT * FROM YW_CHANGE_LOG",
        "DELETE FROM YW_PRIV_SAVE_CALL",
    ):
        assert "denied" in account.attempt(f"{refused};").stderr
