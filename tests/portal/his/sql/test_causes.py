"""What a driver's error means for the call that met it."""

from __future__ import annotations

import socket
import sqlite3

import mssql_python
import oracledb
import psycopg
import pymssql
import pymysql
import pyodbc
import pytest
from psycopg.errors import lookup

from portal.his.connection import parse
from portal.his.sql.dialect import Cause, Dialect
from portal.his.sql.engines import dialect_of


def of(dsn: str) -> Dialect:
    return dialect_of(parse(dsn, 3))


POSTGRESQL = of("postgresql://h/his")
SQLITE = of("sqlite:///his.sqlite3")
MYSQL = of("mysql+pymysql://h/his")
ORACLE = of("oracle+oracledb://h/?service_name=his")
MSSQLPYTHON = of("mssql+mssqlpython://h/his")
PYMSSQL = of("mssql+pymssql://h/his")
PYODBC = of("mssql+pyodbc://h/his?driver=FreeTDS")


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
    assert POSTGRESQL.call_cause(lookup(sqlstate)("…")) is cause


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
        ("server does not support SSL, but SSL was required", Cause.WRONG),
        ("SSL error: certificate verify failed", Cause.WRONG),
        ("[Errno -3] Temporary failure in name resolution", Cause.BUSY),
    ],
)
def test_connect_cause_on_postgresql_tells_down_from_wrong(
    words: str, cause: Cause
) -> None:
    assert POSTGRESQL.connect_cause(psycopg.OperationalError(words)) is cause


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
    assert SQLITE.call_cause(error) is cause


def test_connect_cause_on_sqlite_calls_a_missing_file_down() -> None:
    error = sqlite3.OperationalError("unable to open database file")
    error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    assert SQLITE.connect_cause(error) is Cause.BUSY


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (1205, Cause.BUSY),  # lock wait timeout
        (1213, Cause.BUSY),  # deadlock
        (1969, Cause.BUSY),  # max_statement_time of MariaDB
        (3024, Cause.BUSY),  # max_execution_time of MySQL
        (1317, Cause.BUSY),  # interrupted
        (1040, Cause.BUSY),  # too many connections
        (2006, Cause.LOST),  # server has gone away
        (2013, Cause.LOST),  # lost connection during query
        (1053, Cause.LOST),  # shutting down, perhaps after COMMIT
        (1927, Cause.LOST),  # killed
        (0, Cause.LOST),  # a link already closed
        (1146, Cause.WRONG),  # no such view
        (1054, Cause.WRONG),  # no such column
        (1356, Cause.WRONG),  # the view's own tables are gone
        (1305, Cause.WRONG),  # no such procedure
        (1318, Cause.WRONG),  # other arguments
        (1142, Cause.WRONG),  # may not select
        (1370, Cause.WRONG),  # may not execute
        (1792, Cause.WRONG),  # a session that may only read
        (1644, Cause.RAISED),  # SIGNAL
        (1062, Cause.RAISED),  # duplicate key
        (1406, Cause.RAISED),  # too long
    ],
)
def test_call_cause_on_mysql_follows_the_number(number: int, cause: Cause) -> None:
    error = pymysql.OperationalError(number, "王建国")
    assert MYSQL.call_cause(error) is cause
    assert MYSQL.error_code(error) == (str(number) if number else "")


@pytest.mark.parametrize(
    ("number", "words", "cause"),
    [
        (2003, "Can't connect ([Errno 111] Connection refused)", Cause.BUSY),
        (2003, "Can't connect ([Errno -2] Name or service not known)", Cause.WRONG),
        (2013, "Lost connection to MySQL server during query", Cause.BUSY),
        (1040, "Too many connections", Cause.BUSY),
        (1045, "Access denied for user", Cause.WRONG),
        (1049, "Unknown database", Cause.WRONG),
        (1130, "Host is not allowed to connect", Cause.WRONG),
        (2026, "SSL connection error", Cause.WRONG),
        (2003, "Can't connect ([SSL: CERTIFICATE_VERIFY_FAILED] …)", Cause.WRONG),
    ],
)
def test_connect_cause_on_mysql_tells_down_from_wrong(
    number: int, words: str, cause: Cause
) -> None:
    assert MYSQL.connect_cause(pymysql.OperationalError(number, words)) is cause


class OracleWords:
    """What oracledb puts into its exceptions."""

    def __init__(self, full_code: str) -> None:
        self.full_code = full_code


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("ORA-00054", Cause.BUSY),  # resource busy
        ("ORA-00060", Cause.BUSY),  # deadlock
        ("ORA-03113", Cause.LOST),  # end of file on communication channel
        ("ORA-01089", Cause.LOST),  # shutting down
        ("ORA-01013", Cause.LOST),  # cancelled, perhaps after COMMIT
        ("DPY-4011", Cause.LOST),  # the connection was closed
        ("DPY-4024", Cause.LOST),  # call timeout, thin
        ("DPI-1067", Cause.LOST),  # call timeout, thick
        ("", Cause.LOST),
        ("ORA-00942", Cause.WRONG),  # no such view, or not for us
        ("ORA-00904", Cause.WRONG),  # no such column
        ("ORA-06550", Cause.WRONG),  # no such procedure, or other arguments
        ("ORA-01031", Cause.WRONG),  # not allowed
        ("ORA-04063", Cause.WRONG),  # a view with errors
        ("ORA-20001", Cause.RAISED),  # RAISE_APPLICATION_ERROR
        ("ORA-00001", Cause.RAISED),  # duplicate key
        ("ORA-12899", Cause.RAISED),  # too long
    ],
)
def test_call_cause_on_oracle_follows_the_code(code: str, cause: Cause) -> None:
    error = oracledb.DatabaseError(OracleWords(code))
    assert ORACLE.call_cause(error) is cause
    assert ORACLE.error_code(error) == code


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (oracledb.OperationalError(OracleWords("DPY-6005")), Cause.BUSY),  # refused
        (oracledb.DatabaseError(OracleWords("ORA-12541")), Cause.BUSY),  # no listener
        (oracledb.DatabaseError(OracleWords("ORA-01033")), Cause.BUSY),  # starting
        (oracledb.DatabaseError(OracleWords("ORA-01017")), Cause.WRONG),  # password
        (oracledb.DatabaseError(OracleWords("ORA-28000")), Cause.WRONG),  # locked
        (oracledb.OperationalError(OracleWords("DPY-6001")), Cause.WRONG),  # service
        (oracledb.NotSupportedError(OracleWords("DPY-3010")), Cause.WRONG),  # 11g, thin
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), Cause.WRONG),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), Cause.BUSY),
        (ConnectionResetError(), Cause.BUSY),
    ],
)
def test_connect_cause_on_oracle_tells_down_from_wrong(
    error: Exception, cause: Cause
) -> None:
    assert isinstance(error, ORACLE.errors)
    assert ORACLE.connect_cause(error) is cause


def odbc(state: str, words: str) -> pyodbc.Error:
    return pyodbc.Error(state, f"[{state}] [FreeTDS][SQL Server]{words}")


def db_library(number: int, words: str) -> Exception:
    text = f"DB-Lib error message {number}, severity 9:\n{words}\n"
    return pymssql.OperationalError((number, text.encode()))


def microsoft(kind: str, words: str) -> Exception:
    return mssql_python.DatabaseError(kind, f"[Microsoft][SQL Server]{words}")


@pytest.mark.parametrize(
    ("dialect", "error", "cause", "code"),
    [
        (
            PYODBC,
            odbc("42S02", "Invalid object name 'V_YW_DOCTOR'. (208) (SQLExecDirectW)"),
            Cause.WRONG,
            "208",
        ),
        (
            PYODBC,
            odbc("42000", "Could not find stored procedure (2812) (SQLExecDirectW)"),
            Cause.WRONG,
            "2812",
        ),
        (
            PYODBC,
            odbc("42000", "… was denied (229) (SQLExecDirectW)"),
            Cause.WRONG,
            "229",
        ),
        (
            PYODBC,
            odbc("40001", "Transaction (1205) (SQLExecDirectW)"),
            Cause.BUSY,
            "1205",
        ),
        (PYODBC, odbc("HY000", "Lock request (1222) (SQLExecute)"), Cause.BUSY, "1222"),
        (
            PYODBC,
            odbc("42000", "王建国 (50001) (SQLExecDirectW)"),
            Cause.RAISED,
            "50001",
        ),
        (
            PYODBC,
            odbc("23000", "duplicate key (2627) (SQLExecute)"),
            Cause.RAISED,
            "2627",
        ),
        (PYODBC, odbc("08S01", "Communication link failure"), Cause.LOST, "08S01"),
        (PYODBC, odbc("HYT00", "Query timeout expired"), Cause.LOST, "HYT00"),
        (PYMSSQL, db_library(208, "Invalid object name"), Cause.WRONG, "208"),
        (PYMSSQL, db_library(1205, "deadlocked"), Cause.BUSY, "1205"),
        (PYMSSQL, db_library(50002, "王建国"), Cause.RAISED, "50002"),
        (PYMSSQL, db_library(20003, "timed out"), Cause.LOST, "20003"),
        (PYMSSQL, db_library(20047, "DBPROCESS is dead"), Cause.LOST, "20047"),
        (
            MSSQLPYTHON,
            microsoft("Base table or view not found", "Invalid object name 'x'."),
            Cause.WRONG,
            "",
        ),
        (
            MSSQLPYTHON,
            microsoft("Syntax error or access violation", "… permission was denied …"),
            Cause.WRONG,
            "",
        ),
        (
            MSSQLPYTHON,
            microsoft("Serialization failure", "was deadlocked on lock resources"),
            Cause.BUSY,
            "",
        ),
        (MSSQLPYTHON, microsoft("Communication link failure", "…"), Cause.LOST, ""),
        (
            MSSQLPYTHON,
            microsoft("Timeout expired", "Query timeout expired"),
            Cause.LOST,
            "",
        ),
        (
            MSSQLPYTHON,
            microsoft("Syntax error or access violation", "王建国"),
            Cause.RAISED,
            "",
        ),
    ],
)
def test_call_cause_on_sql_server_reads_the_words_of_each_driver(
    dialect: Dialect, error: Exception, cause: Cause, code: str
) -> None:
    assert isinstance(error, dialect.errors)
    assert dialect.call_cause(error) is cause
    assert dialect.error_code(error) == code


@pytest.mark.parametrize(
    ("dialect", "error", "cause"),
    [
        # A refused port with the number of an earlier failed login left standing.
        (PYMSSQL, db_library(18456, "Unable to connect: TDS server is"), Cause.BUSY),
        (PYMSSQL, db_library(20002, "TDS server connection timed out"), Cause.BUSY),
        (PYMSSQL, db_library(18456, "Login failed for user 'yw'."), Cause.WRONG),
        (PYODBC, odbc("28000", "Login failed for user (18456)"), Cause.WRONG),
        (PYODBC, odbc("42000", "Cannot open database (4060)"), Cause.WRONG),
        (
            PYODBC,
            odbc("HYT00", "Login timeout expired (0) (SQLDriverConnect)"),
            Cause.BUSY,
        ),
        (PYODBC, odbc("08001", "certificate verify failed"), Cause.WRONG),
        (PYODBC, odbc("01000", "Can't open lib 'x' : file not found"), Cause.WRONG),
        (
            MSSQLPYTHON,
            microsoft("Client unable to establish connection", "TCP Provider: 0x2749"),
            Cause.BUSY,
        ),
        (
            MSSQLPYTHON,
            microsoft("Invalid authorization specification", "Login failed for user"),
            Cause.WRONG,
        ),
    ],
)
def test_connect_cause_on_sql_server_believes_words_before_numbers(
    dialect: Dialect, error: Exception, cause: Cause
) -> None:
    assert dialect.connect_cause(error) is cause
