"""What a driver's error means for the call that met it."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from psycopg.errors import lookup

from portal.his.sql.dialect import Cause
from portal.his.sql.postgresql import PostgreSql
from portal.his.sql.sqlite import Sqlite


@pytest.mark.parametrize(
    ("sqlstate", "cause"),
    [
        ("57014", Cause.BUSY),  # statement timeout
        ("55P03", Cause.BUSY),  # lock timeout
        ("40001", Cause.BUSY),  # serialization failure
        ("40P01", Cause.BUSY),  # deadlock
        ("53300", Cause.BUSY),  # too many connections
        ("08006", Cause.LOST),  # connection failure
        ("57P01", Cause.LOST),  # terminated by an administrator, perhaps after COMMIT
        ("40003", Cause.LOST),  # completion unknown
        ("42883", Cause.WRONG),  # no such function
        ("42P01", Cause.WRONG),  # no such view
        ("42501", Cause.WRONG),  # not allowed
        ("3D000", Cause.WRONG),  # no such database
        ("28P01", Cause.WRONG),  # wrong password
        ("25006", Cause.WRONG),  # a replica that may only be read
        ("P0001", Cause.RAISED),
        ("23505", Cause.RAISED),
        ("22001", Cause.RAISED),
    ],
)
def test_call_cause_on_postgresql_follows_the_sqlstate(
    sqlstate: str, cause: Cause
) -> None:
    assert PostgreSql().call_cause(lookup(sqlstate)("…")) is cause


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("connection failed: Connection refused", Cause.BUSY),
        ("connection timeout expired", Cause.BUSY),
        ("FATAL:  the database system is starting up", Cause.BUSY),
        ("FATAL:  sorry, too many clients already", Cause.BUSY),
        ("致命错误:  数据库系统启动中", Cause.BUSY),
        ('FATAL:  password authentication failed for user "yw"', Cause.WRONG),
        ('FATAL:  database "his" does not exist', Cause.WRONG),
        ('致命错误:  用户 "yw" Password 认证失败', Cause.WRONG),
        ("[Errno -2] Name or service not known", Cause.WRONG),
        ("[Errno -3] Temporary failure in name resolution", Cause.BUSY),
    ],
)
def test_connect_cause_on_postgresql_tells_down_from_wrong(
    words: str, cause: Cause
) -> None:
    assert PostgreSql().connect_cause(psycopg.OperationalError(words)) is cause


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (sqlite3.SQLITE_BUSY, Cause.BUSY),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Cause.BUSY),
        (sqlite3.SQLITE_INTERRUPT, Cause.BUSY),
        (sqlite3.SQLITE_READONLY_DBMOVED, Cause.BUSY),
        (sqlite3.SQLITE_READONLY, Cause.WRONG),
        (sqlite3.SQLITE_NOTADB, Cause.WRONG),
        (sqlite3.SQLITE_ERROR, Cause.WRONG),
        (sqlite3.SQLITE_CONSTRAINT_TRIGGER, Cause.RAISED),
        (sqlite3.SQLITE_IOERR_WRITE, Cause.LOST),
        (None, Cause.LOST),
    ],
)
def test_call_cause_on_sqlite_follows_the_error_code(
    code: int | None, cause: Cause
) -> None:
    error = sqlite3.OperationalError("…")
    if code is not None:
        error.sqlite_errorcode = code
    assert Sqlite().call_cause(error) is cause


def test_connect_cause_on_sqlite_calls_a_missing_file_down() -> None:
    error = sqlite3.OperationalError("unable to open database file")
    error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    assert Sqlite().connect_cause(error) is Cause.BUSY
