"""What a DSN asks of each engine, as its driver hears it; what none can keep."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from portal.his.connection import BadDsn, parse
from portal.his.sql import mysql, oracle, postgresql
from portal.his.sql.engines import dialect_of, make_engines


def of(dsn: str) -> Any:
    return dialect_of(parse(dsn, 3))


@pytest.mark.parametrize(
    ("dsn", "problem"),
    [
        ("db2://h/his", "no transport for 'db2'"),
        ("mysql+mysqldb://h/his", "no driver 'mysqldb'; one of pymysql"),
        ("mysql://h/his?nonsense=1", "unknown option nonsense"),
        ("mysql://h/his?yw_encoding=cp437", "yw_encoding: name the server's charset=… beside it"),
        ("mysql://h/his?yw_tls=verify&yw_ca_file=/none", "yw_ca_file: no file of certificates"),
        ("mssql+adodbapi://h/his", "no driver 'adodbapi'; one of mssqlpython, pymssql, pyodbc"),
        ("mssql://h/his?yw_encoding=gbk", "yw_encoding: SQL Server says the code page itself"),
        ("mssql://h/his?yw_ca_file=/x", "yw_ca_file: put the authority into the machine's store"),
        ("mssql+pymssql://h/his?nonsense=1", "unknown option nonsense"),
        ("mssql+pymssql://h/his?yw_tls=verify", "yw_tls: FreeTDS checks no certificate; take mssqlpython"),
        ("mssql+pyodbc://h/his", "pyodbc needs ?driver=…, the name of an ODBC driver"),
        ("mssql+pyodbc://h/his?driver=FreeTDS&yw_tls=verify", "yw_tls: FreeTDS checks no certificate; take mssqlpython"),
        ("oracle+cx_oracle://h/his", "no driver 'cx_oracle'; one of oracledb"),
        ("oracle://h/", "Oracle needs ?service_name=…, or a SID as its path"),
        ("oracle://h/?service_name=his&nonsense=1", "unknown option nonsense"),
        ("oracle://h/his?yw_encoding=gbk", "yw_encoding: Oracle converts texts to UTF-8 itself"),
        ("oracle://h/his?yw_oracle_client=/none", "yw_oracle_client: no Oracle client library there"),
        ("oracle://h/his?yw_tls=on&yw_ca_file=/x&yw_oracle_client=/y", "yw_ca_file: the Instant Client reads its wallet instead"),
        ("sqlite:///his.sqlite3?yw_tls=on", "yw_tls: a file has no wire"),
    ],
)  # fmt: skip
def test_option_nobody_can_keep_is_refused_with_its_name(
    dsn: str, problem: str
) -> None:
    with pytest.raises(BadDsn) as caught:
        make_engines(dsn, 3)
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("tls", "sslmode", "root"),
    [
        ("", None, None),
        ("?yw_tls=off", "disable", None),
        ("?yw_tls=on", "require", None),
        ("?yw_tls=verify", "verify-full", "system"),
        ("?yw_tls=verify&yw_ca_file=/etc/ca.pem", "verify-full", "/etc/ca.pem"),
    ],
)
def test_tls_on_postgresql(tls: str, sslmode: str | None, root: str | None) -> None:
    found = of(f"postgresql://h/his{tls}")
    assert isinstance(found, postgresql.PostgreSql)
    assert found._options.get("sslmode") == sslmode
    assert found._options.get("sslrootcert") == root


def test_kingbase_is_postgresql_at_its_own_port() -> None:
    found = of("kingbase+psycopg://u:p@h/his?yw_time_zone=Asia/Urumqi")
    assert isinstance(found, postgresql.PostgreSql)
    assert found._options == {
        "host": "h",
        "port": 54321,
        "dbname": "his",
        "user": "u",
        "password": "p",
    }
    assert of("kingbase://h:5432/his")._options["port"] == 5432


def test_session_on_postgresql_gives_up_before_we_do_in_the_zone_of_the_site() -> None:
    connection = parse("postgresql://h/his?yw_time_zone=Asia/Urumqi", 10)
    assert postgresql.server_settings(connection, read_only=True) == (
        "-c statement_timeout=8000 -c lock_timeout=7000 -c datestyle=ISO"
        " -c timezone=Asia/Urumqi -c default_transaction_read_only=on"
    )


@pytest.mark.parametrize(
    ("tls", "expected"),
    [("", {}), ("?yw_tls=off", {"ssl_disabled": True})],
)
def test_tls_on_mysql_is_as_the_server_likes_or_off(
    tls: str, expected: dict[str, Any]
) -> None:
    assert mysql.tls_options(parse(f"mysql://h/his{tls}", 3)) == expected


@pytest.mark.parametrize(
    ("tls", "mode", "names"),
    [("on", ssl.CERT_NONE, False), ("verify", ssl.CERT_REQUIRED, True)],
)
def test_tls_with_a_context_checks_what_was_asked_for(
    tls: str, mode: ssl.VerifyMode, *, names: bool
) -> None:
    on_mysql = mysql.tls_options(parse(f"mysql://h/his?yw_tls={tls}", 3))["ssl"]
    on_oracle = oracle.tls_options(parse(f"oracle://h/his?yw_tls={tls}", 3))
    assert on_oracle["protocol"] == "tcps"
    assert on_oracle["ssl_server_dn_match"] is names
    for context in (on_mysql, on_oracle["ssl_context"]):
        assert (context.verify_mode, context.check_hostname) == (mode, names)


def test_session_on_mysql_gives_up_before_we_do_in_the_zone_of_the_site() -> None:
    assert mysql.session(parse("mysql://h/his", 10)) == (
        "SET SESSION innodb_lock_wait_timeout = 8, lock_wait_timeout = 8,"
        " time_zone = '+08:00'"
        " /*M!100101 , max_statement_time = 8.000 */"
        " /*!50708 , max_execution_time = 8000 */"
    )


@pytest.mark.parametrize(
    ("query", "charset"),
    [
        ("", "utf8mb4"),
        ("?yw_encoding=gbk", "gbk"),
        ("?yw_encoding=cp936", "gbk"),
        ("?yw_encoding=gbk&charset=latin1", "latin1"),
    ],
)
def test_encoding_on_mysql_is_what_the_server_is_asked_for(
    query: str, charset: str
) -> None:
    assert of(f"mysql://h/his{query}")._options["charset"] == charset


@pytest.mark.parametrize(
    ("dsn", "words"),
    [
        (
            "mssql+mssqlpython://u:p@h:1433/his?yw_tls=off",
            "Server=h,1433;Database=his;UID=u;PWD=p;Encrypt=no",
        ),
        (
            "mssql://u:p@h:1433/his?yw_tls=verify",
            "Server=h,1433;Database=his;UID=u;PWD=p"
            ";Encrypt=yes;TrustServerCertificate=no",
        ),
        (
            "mssql+pyodbc://u:p@h:1433/his?driver=FreeTDS&yw_tls=on",
            "DRIVER={FreeTDS};Server=h,1433;Database=his;UID=u;PWD=p"
            ";Port=1433;ClientCharset=UTF-8;Encryption=require",
        ),
    ],
)
def test_tls_on_sql_server_in_the_words_of_each_driver(dsn: str, words: str) -> None:
    assert of(dsn)._driver._text == words


def test_tls_on_old_sql_servers_can_be_switched_off() -> None:
    options = of("mssql+pymssql://u:p@h:1433/his?yw_tls=off")._driver._options
    assert options == {
        "host": "h:1433",
        "database": "his",
        "user": "u",
        "password": "p",
        "encryption": "off",
    }


def test_pool_is_as_large_as_the_site_allows(tmp_path: Path) -> None:
    made = make_engines(f"sqlite:///{tmp_path / 'his.sqlite3'}?yw_pool=7", 3)
    assert [pool.size() for pool in (made.reader, made.writer)] == [7, 7]  # type: ignore[attr-defined]
