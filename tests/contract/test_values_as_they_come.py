"""What old databases hold: half characters, days that are none, words for yes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import psycopg
import pytest
from psycopg import sql
from psycopg.pq import ExecStatus

from portal.his.contract.interfaces import V_YW_DOCTOR, V_YW_PRIV_DICT
from portal.his.contract.shape import View
from portal.his.sql.gateway import SqlGateway
from tests.contract.conftest import message_for
from tests.contract.peers import HERE, Peer
from tests.mariadb import MariaDb

pytestmark = [pytest.mark.integration, pytest.mark.slow]

WANG = ("001027", "RX01")
# 王建国 in GBK without its last byte, as a vendor's program cut it off.
HALF = "王建国".encode("gbk")[:-1]
AS_IT_COMES = HALF.decode("gbk", "surrogateescape")
OpenGateway = Callable[..., SqlGateway]


def column(gateway: SqlGateway, view: View, name: str) -> list[object]:
    place = view.column_names.index(name)
    return sorted((row[place] for row in gateway.rows(view)), key=str)


def test_half_a_character_is_known_by_a_lone_surrogate() -> None:
    assert AS_IT_COMES == "王建\udcb9"


# --- GBK on PostgreSQL --------------------------------------------------------------


@pytest.fixture(params=["SQL_ASCII", "EUC_CN"])
def gbk_postgresql(
    request: pytest.FixtureRequest, postgres_server: str
) -> Iterator[Peer]:
    """A database whose texts are GBK, whether it knows that or not."""
    name = f"yw_{request.param.lower()}"
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        made = sql.SQL(
            "CREATE DATABASE {} ENCODING {} LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        )
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        admin.execute(drop.format(sql.Identifier(name)))
        admin.execute(made.format(sql.Identifier(name), request.param))
        dsn = postgres_server.rsplit("/", 1)[0] + f"/{name}"
        fill_with_gbk(dsn)
        yield Peer(f"{dsn}?yw_encoding=gbk", "log")
        admin.execute(drop.format(sql.Identifier(name)))


def fill_with_gbk(dsn: str) -> None:
    """As clients of that time did: the bytes of the server, whatever it calls them."""
    text = (HERE / "small_postgresql.sql").read_text()
    with psycopg.connect(dsn) as server:
        assert server.pgconn.exec_(text.encode("gbk")).status == ExecStatus.COMMAND_OK


def test_gbk_on_postgresql_is_read_written_and_read_back(
    gbk_postgresql: Peer, open_gateway: OpenGateway
) -> None:
    gateway = open_gateway(gbk_postgresql.dsn)
    message = message_for(*WANG, his_value="三级")

    assert column(gateway, V_YW_DOCTOR, "name") == ["王建国"]
    assert gateway.save_privilege(message).message == "成功"
    line = gateway.doctor_privilege(message)
    assert line is not None
    assert line.his_value == "三级"


def test_gbk_on_postgresql_finds_many_lines_by_one_question(
    gbk_postgresql: Peer, open_gateway: OpenGateway
) -> None:
    gateway = open_gateway(gbk_postgresql.dsn)
    items = ["三级", '四"级\\', "{五,级}"]
    messages = [message_for(*WANG, item_code=item) for item in items]
    for message in messages[:2]:
        gateway.save_privilege(message)

    first, second, none = gateway.shown(messages)

    assert [first.item_code, second.item_code, none] == [*items[:2], None]


def test_half_a_character_on_postgresql_spoils_one_value(
    postgres_server: str, open_gateway: OpenGateway
) -> None:
    dsn = postgres_server.rsplit("/", 1)[0] + "/yw_half"
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(
            "CREATE DATABASE yw_half ENCODING 'SQL_ASCII'"
            " LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        )
        fill_with_gbk(dsn)
        with psycopg.connect(dsn) as server:
            server.pgconn.exec_(
                b"INSERT INTO person (emp_no, name) VALUES ('2', '" + HALF + b"')"
            )
        gateway = open_gateway(f"{dsn}?yw_encoding=gbk")
        assert column(gateway, V_YW_DOCTOR, "name") == ["王建国", AS_IT_COMES]
        unsaid = open_gateway(dsn)
        assert len(column(unsaid, V_YW_DOCTOR, "name")) == 2
        gateway.close()
        unsaid.close()
        admin.execute("DROP DATABASE yw_half WITH (FORCE)")


# --- GBK on MariaDB -----------------------------------------------------------------


def test_half_a_character_in_a_gbk_mariadb_spoils_one_value(
    gbk_mysql_his: Peer, open_gateway: OpenGateway
) -> None:
    server = gbk_mysql_his.server
    assert server is not None
    server.run(
        "CREATE TABLE 原文 (编码 VARCHAR(20), 名称 VARBINARY(100));"
        f"INSERT INTO 原文 VALUES ('X1', 0x{HALF.hex()}),"
        f" ('X2', 0x{'李'.encode('gbk').hex()});"
        "CREATE OR REPLACE VIEW V_YW_PRIV_DICT AS SELECT 编码 AS priv_code,"
        " 名称 AS name, 'RX' AS category, 'FLAG' AS value_kind, '' AS priv_level,"
        " '1' AS enabled, NOW() AS last_modified FROM 原文;"
    )
    names = column(open_gateway(gbk_mysql_his.dsn), V_YW_PRIV_DICT, "name")
    assert names == ["李", AS_IT_COMES]


def test_gbk_in_columns_that_say_latin_is_read_by_naming_both(
    mariadb: MariaDb, open_gateway: OpenGateway
) -> None:
    his = mariadb.fresh("latin_his", "latin1")
    his.run(
        "CREATE TABLE V_YW_PRIV_DICT (priv_code VARCHAR(20), name VARCHAR(100),"
        " category VARCHAR(10), value_kind VARCHAR(10), priv_level VARCHAR(10),"
        " enabled VARCHAR(1), last_modified DATETIME);"
        "INSERT INTO V_YW_PRIV_DICT (priv_code, name) VALUES"
        f" ('X1', _latin1 0x{'处方权'.encode('gbk').hex()}),"
        f" ('X2', _latin1 0x{HALF.hex()});"
    )
    gateway = open_gateway(f"{his.dsn}?charset=latin1&yw_encoding=gbk")
    assert column(gateway, V_YW_PRIV_DICT, "name") == ["处方权", AS_IT_COMES]


# --- GBK in a file ------------------------------------------------------------------


def test_half_a_character_in_a_file_spoils_one_value(
    sqlite_his: Peer, open_gateway: OpenGateway
) -> None:
    with closing(sqlite3.connect(sqlite_his.path)) as link:
        link.execute(
            "UPDATE person SET name = CAST(? AS TEXT)", ("王建国".encode("gbk"),)
        )
        link.execute(
            "INSERT INTO person (emp_no, name) VALUES ('2', CAST(? AS TEXT))", (HALF,)
        )
        link.commit()
    gateway = open_gateway(f"{sqlite_his.dsn}?yw_encoding=gbk")
    assert column(gateway, V_YW_DOCTOR, "name") == ["王建国", AS_IT_COMES]


# --- days, moments and yes or no ----------------------------------------------------


@dataclass(frozen=True)
class OddDays:
    """What an engine can hold as a licence's end, and as what each arrives."""

    sql: str
    arrives: object


def doctors_until(gateway: SqlGateway) -> object:
    (found,) = column(gateway, V_YW_DOCTOR, "prac_valid_to")
    return found


@pytest.mark.parametrize(
    "odd",
    [
        OddDays("'0001-01-01'", date(1, 1, 1)),
        OddDays("'infinity'", "infinity"),
        OddDays("'-infinity'", "-infinity"),
        OddDays("'0044-03-15 BC'", "0044-03-15 BC"),
        OddDays("'12026-01-01'", "12026-01-01"),
        OddDays("NULL", None),
    ],
    ids=lambda odd: odd.sql,
)
def test_odd_days_on_postgresql_stop_nothing(
    postgresql_his: Peer, open_gateway: OpenGateway, odd: OddDays
) -> None:
    with psycopg.connect(postgresql_his.dsn) as server:
        server.execute(f"UPDATE person SET prac_valid_to = {odd.sql}".encode())
    assert doctors_until(open_gateway(postgresql_his.dsn)) == odd.arrives


@pytest.mark.parametrize(
    "odd",
    [
        OddDays("CAST('0000-00-00' AS DATE)", "0000-00-00"),
        OddDays("'0000-00-00'", "0000-00-00"),
        OddDays("CAST('2026-00-00' AS DATE)", "2026-00-00"),
        OddDays("'0001-01-01'", date(1, 1, 1)),
        OddDays("DATE '2028-06-30'", date(2028, 6, 30)),
        OddDays("''", None),
        OddDays("'长期'", "长期"),
    ],
    ids=lambda odd: odd.sql,
)
def test_odd_days_on_mariadb_stop_nothing(
    mariadb: MariaDb, open_gateway: OpenGateway, odd: OddDays
) -> None:
    his = mariadb.fresh("odd_days")
    named = ", ".join(
        f"{odd.sql if name == 'prac_valid_to' else 'NULL'} AS {name}"
        for name in V_YW_DOCTOR.column_names
    )
    his.run(f"SET sql_mode = ''; CREATE VIEW V_YW_DOCTOR AS SELECT {named};")
    assert doctors_until(open_gateway(his.dsn)) == odd.arrives


def test_moments_with_a_zone_become_the_local_time_of_the_site(
    postgresql_his: Peer, open_gateway: OpenGateway
) -> None:
    with psycopg.connect(postgresql_his.dsn) as server:
        server.execute(
            "DROP VIEW v_yw_priv_dict;"
            "CREATE VIEW v_yw_priv_dict AS SELECT priv_code, name, category, value_kind,"
            " priv_level, enabled, '2026-11-23 02:00:05+00'::timestamptz AS last_modified"
            " FROM privilege"
        )
    here = open_gateway(postgresql_his.dsn)
    there = open_gateway(f"{postgresql_his.dsn}?yw_time_zone=Asia/Tokyo")

    name = "last_modified"
    assert column(here, V_YW_PRIV_DICT, name) == [datetime(2026, 11, 23, 10, 0, 5)]  # noqa: DTZ001
    assert column(there, V_YW_PRIV_DICT, name) == [datetime(2026, 11, 23, 11, 0, 5)]  # noqa: DTZ001


def test_timestamps_of_mariadb_are_shown_in_the_zone_of_the_site(
    mariadb: MariaDb, open_gateway: OpenGateway
) -> None:
    his = mariadb.fresh("zoned")
    his.run(
        "SET time_zone = '+00:00';"
        "CREATE TABLE t (at TIMESTAMP); INSERT INTO t VALUES ('2026-11-23 02:00:05');"
        "CREATE VIEW V_YW_PRIV_DICT AS SELECT 'X' AS priv_code, 'x' AS name,"
        " 'RX' AS category, 'FLAG' AS value_kind, '' AS priv_level, b'1' AS enabled,"
        " at AS last_modified FROM t;"
    )
    gateway = open_gateway(f"{his.dsn}?yw_time_zone=Asia/Tokyo")
    assert column(gateway, V_YW_PRIV_DICT, "last_modified") == [
        datetime(2026, 11, 23, 11, 0, 5)  # noqa: DTZ001
    ]
    assert column(gateway, V_YW_PRIV_DICT, "enabled") == ["1"], "BIT is yes or no"


@pytest.mark.parametrize(
    ("kind", "yes", "no"),
    [
        ("boolean", "true", "false"),
        ("integer", "1", "0"),
        ("numeric(1)", "1", "0"),
        ("char(4)", "'是'", "'否'"),
        ("char(1)", "'Y'", "'N'"),
        ("varchar(5)", "'true'", "'false'"),
    ],
)
def test_yes_and_no_arrive_as_the_codes_of_the_contract(
    postgresql_his: Peer, open_gateway: OpenGateway, kind: str, yes: str, no: str
) -> None:
    with psycopg.connect(postgresql_his.dsn) as server:
        server.execute(
            "DROP VIEW v_yw_priv_dict;"
            "CREATE VIEW v_yw_priv_dict AS SELECT v.priv_code, name::char(40) AS name,"
            f" category, value_kind, priv_level, v.enabled::{kind} AS enabled,"
            f" last_modified FROM privilege, (VALUES ('A', {yes}), ('B', {no}), ('C', NULL))"
            " AS v (priv_code, enabled)".encode()
        )
    gateway = open_gateway(postgresql_his.dsn)
    assert column(gateway, V_YW_PRIV_DICT, "enabled") == ["", "0", "1"]
    assert column(gateway, V_YW_PRIV_DICT, "name") == ["处方权"] * 3, "without padding"


def test_numbers_of_mariadb_are_exact(
    mariadb: MariaDb, open_gateway: OpenGateway
) -> None:
    """Texts, numbers and NULL pass through the converters for bytes."""
    his = mariadb.fresh("exact")
    his.run(
        "CREATE VIEW V_YW_PRIV_DICT AS SELECT CAST(12.80 AS DECIMAL(12, 2)) AS priv_code,"
        " 1.5e0 AS name, 7 AS category, NULL AS value_kind, 'x  ' AS priv_level,"
        " CAST(1 AS DECIMAL(3, 0)) AS enabled, DATE '2026-11-23' AS last_modified;"
    )
    (row,) = open_gateway(his.dsn).rows(V_YW_PRIV_DICT)
    assert row == ("12.80", "1.5", "7", "", "x", "1", datetime(2026, 11, 23))  # noqa: DTZ001
    assert Decimal(row[0]) == Decimal("12.80")
