"""A HIS on MySQL 5.7+ or MariaDB: a maintenance function is a procedure, one row out.

The session that reads may not write, whatever a view calls. Texts arrive as bytes and
are read here, so that a half character ends no answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from functools import partial
from inspect import signature
from typing import Any

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions
from pymysql.cursors import SSCursor
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql

from portal.his.connection import BadDsn, Connection, Tls
from portal.his.contract.shape import Function
from portal.his.sql.apart import Apart, ApartDialect
from portal.his.sql.certificates import tls_context
from portal.his.sql.dialect import Cause, being_opened, only_driver
from portal.his.sql.statements import ANY_BYTES, Statement, call

CALL = "CALL {name}({listed})"

# The server gives up a little earlier than we do, so that we hear of it.
SERVER_SHARE = 0.8

# MariaDB and MySQL each take what is written for them: both know such comments.
SESSION = (
    "SET SESSION innodb_lock_wait_timeout = {lock}, lock_wait_timeout = {lock},"
    " time_zone = '{offset}'"
    " /*M!100101 , max_statement_time = {seconds} */"
    " /*!50708 , max_execution_time = {milliseconds} */"
)
READ_ONLY = "SET SESSION TRANSACTION READ ONLY"

# Encodings of Python by what the server calls them, where ``charset`` is not given.
CHARSETS = {
    "utf-8": "utf8mb4",
    "gbk": "gbk",
    "gb2312": "gb2312",
    "gb18030": "gb18030",
    "big5": "big5",
    "iso8859-1": "latin1",
}
TEXT_TYPES = (
    FIELD_TYPE.VARCHAR,
    FIELD_TYPE.VAR_STRING,
    FIELD_TYPE.STRING,
    FIELD_TYPE.BLOB,
    FIELD_TYPE.TINY_BLOB,
    FIELD_TYPE.MEDIUM_BLOB,
    FIELD_TYPE.LONG_BLOB,
)
DECIMAL_TYPES = (FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL)

# A name that is none; a handshake of TLS that did not come to an end.
NOT_AS_CONFIGURED = ("Name or service not known", "nodename nor servname", "[SSL")
NO_LOGIN = frozenset({1044, 1045, 1049, 1130, 1251, 1698, 2026, 2059, 2061})
NOTHING_DONE = frozenset({1040, 1203, 1205, 1213, 1226, 1317, 1969, 3024, 3572})
LINK_ENDED = frozenset({0, 1053, 1077, 1079, 1927, 2006, 2013, 2014, 2027, 2055, 4031})
NOT_AS_AGREED = NO_LOGIN | frozenset(
    # view or column; procedure or its arguments; rights; a server or session read-only
    {1054, 1146, 1356, 1449, 1305, 1318, 1142, 1143, 1227, 1370, 1290, 1792, 1836}
)


class MySql(ApartDialect):
    """The dialect; see ``portal.his.sql.dialect.Dialect``."""

    errors = (pymysql.Error,)
    alchemy = "mysql+pymysql"

    def __init__(self, connection: Connection) -> None:
        only_driver(connection, "pymysql")
        self._connection = connection
        self.sql = MySQLDialect_pymysql(paramstyle="pyformat")
        _none, given = self.sql.create_connect_args(connection.url)
        options: dict[str, Any] = dict(given)
        if "charset" not in options:
            if connection.encoding not in CHARSETS:
                raise BadDsn("yw_encoding: name the server's charset=… beside it")
            options["charset"] = CHARSETS[connection.encoding]
        unknown = options.keys() - signature(pymysql.connect).parameters.keys()
        if unknown:
            raise BadDsn(f"unknown option {min(unknown)}")
        self._options = options | tls_options(connection)

    def connect(self, seconds: float, *, read_only: bool) -> Apart:
        patience = math.ceil(self._connection.deadline)
        limits: dict[str, Any] = {
            "autocommit": True,
            "connect_timeout": math.ceil(seconds),
            "read_timeout": patience,
            "write_timeout": patience,
            "use_unicode": False,
            "conv": converters(self._connection.encoding),
        }
        link = pymysql.connect(**(self._options | limits))
        with being_opened(link), closing(link.cursor()) as cursor:
            cursor.execute(session(self._connection))
            if read_only:
                cursor.execute(READ_ONLY)
        return Apart(link)

    def call(self, link: Apart, function: Function, values: Mapping[str, Any]) -> Any:
        statement = call(CALL, function.name, self.sql)
        return link.do(partial(called, statement=statement, values=values))

    def _begin(
        self, link: Any, statement: Statement, size: int, values: Mapping[str, Any]
    ) -> Any:
        cursor = link.cursor(Rows)
        self._execute(cursor, statement, values)
        return cursor

    def _give_up(self, cursor: Any) -> None:
        cursor.give_up()

    def connect_cause(self, error: BaseException) -> Cause:
        if any(words in str(error) for words in NOT_AS_CONFIGURED):
            return Cause.WRONG
        return Cause.WRONG if number_of(error) in NO_LOGIN else Cause.BUSY

    def call_cause(self, error: BaseException) -> Cause:
        number = number_of(error)
        if number in LINK_ENDED:
            return Cause.LOST
        if number in NOTHING_DONE:
            return Cause.BUSY
        return Cause.WRONG if number in NOT_AS_AGREED else Cause.RAISED

    def error_code(self, error: BaseException) -> str:
        number = number_of(error)
        return str(number) if number else ""


class Rows(SSCursor):
    """Rows as they come from the wire."""

    _result: Any
    connection: Any

    def give_up(self) -> None:
        """Read nothing more: closing would read to the end, however long that takes."""
        if self._result is not None:
            self._result.unbuffered_active = False
        self.connection = None


def called(link: Any, statement: Statement, values: Mapping[str, Any]) -> Any:
    """The row of a procedure's first result; those after it are read off the wire."""
    with closing(link.cursor()) as cursor:
        cursor.execute(statement.text, statement.ordered(values))
        row = cursor.fetchone() if cursor.description else None
        while cursor.nextset():
            pass
        return row


def session(connection: Connection) -> str:
    """What holds for all calls of a link.

    Columns of type TIMESTAMP are shown as the site's local time. Offsets are used for
    they need no tables of zones on the server.
    """
    seconds = connection.deadline * SERVER_SHARE
    offset = datetime.now(connection.zone).strftime("%z")
    return SESSION.format(
        lock=max(int(seconds), 1),
        offset=f"{offset[:3]}:{offset[3:]}",
        seconds=f"{seconds:.3f}",
        milliseconds=int(seconds * 1000),
    )


def converters(encoding: str) -> dict[Any, Callable[..., Any]]:
    """The driver's own, but for what it would not read from bytes or not forgive."""
    text = partial(str, encoding=encoding, errors=ANY_BYTES)
    found: dict[Any, Callable[..., Any]] = dict(conversions)
    found |= dict.fromkeys(TEXT_TYPES, text)
    found |= dict.fromkeys(DECIMAL_TYPES, lambda value: Decimal(value.decode()))
    return found


def tls_options(connection: Connection) -> dict[str, Any]:
    match connection.tls:
        case None:
            return {}
        case Tls.OFF:
            return {"ssl_disabled": True}
        case _:
            return {"ssl": tls_context(connection)}


def number_of(error: BaseException) -> int:
    number = error.args[0] if error.args else 0
    return number if isinstance(number, int) else 0
