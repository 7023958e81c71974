"""A HIS on SQL Server: a maintenance function is a procedure, one row out.

Which driver fits is a matter of the server's age (``portal.his.sql.sqlserver_drivers``).
A query here cannot write: functions may not, so reading needs no session of its own
kind. Texts of CHAR columns carry their code page, and the drivers convert by it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from typing import Any

from portal.his.connection import Connection
from portal.his.contract.shape import Function
from portal.his.sql.apart import Apart, ApartDialect
from portal.his.sql.dialect import Cause, being_opened, only_driver, refuse
from portal.his.sql.sqlserver_drivers import DRIVERS
from portal.his.sql.statements import Statement, call

CALL = "EXEC {name} {named}"
LOCK_SHARE = 0.7
SESSION = "SET LOCK_TIMEOUT {milliseconds}"

# Where the driver says the server's number, and where only what kind of error it is.
NUMBER = re.compile(r"\((\d+)\) \(SQL\w+\)|message (\d+), severity|^\(?(\d{2,5})\b")
STATE = re.compile(r"^\(?'?([0-9A-Z]{5})\b|SQLSTATE code: ([0-9A-Z]{5})")

# DB-Library leaves the number of an earlier error standing: these words come first.
NOBODY_THERE = (
    "Unable to connect",
    "timed out",
    "timeout",
    "unable to establish connection",
    "Communication link failure",
    "TCP Provider",
)
NOT_AS_CONFIGURED = (
    "Login failed",
    "登录失败",
    "Cannot open database",
    "无法打开",
    "certificate",
    "Can't open lib",
    "file not found",
    "Data source name not found",
    "Unknown host",
)
NO_LOGIN = frozenset({18452, 18456, 18470, 18486, 18487, 18488, 4060, 4064, 916})
NOTHING_DONE = frozenset({1204, 1205, 1222})
# DB-Library: dead, timed out, reset, not connected.
LINK_ENDED = frozenset({20002, 20003, 20004, 20006, 20009, 20017, 20047})
NOT_AS_AGREED = NO_LOGIN | frozenset(
    # view or column; procedure or its arguments; rights; a database read-only
    {207, 208, 4413, 4502, 201, 2812, 8144, 8145, 8146, 229, 230, 297, 3906, 976}
)
# Errors of a kind, where the driver keeps the number to itself.
STATES_WRONG = ("42S02", "42S22", "28000", "3D000", "IM002")
STATES_LOST = ("08", "HYT", "HY008", "10054")
KINDS_WRONG = (
    "Base table or view not found",
    "Column not found",
    "Invalid authorization",
)
KINDS_LOST = (
    "Communication link failure",
    "Connection not open",
    "Connection failure",
    "unable to establish connection",
    "imeout expired",
    "Operation canceled",
    "Disconnect error",
    "closed connection",
    "dead or not enabled",
)
WORDS_WRONG = (
    "Could not find stored procedure",
    "Invalid object name",
    "Invalid column name",
    "permission was denied",
    "expects parameter",
    "is not a parameter for procedure",
    "too many arguments",
    "找不到存储过程",
    "对象名",
    "列名",
    "拒绝了对对象",
)
WORDS_BUSY = ("deadlocked", "Lock request time out", "死锁", "锁请求超时")


class SqlServer(ApartDialect):
    """The dialect; see ``portal.his.sql.dialect.Dialect``."""

    def __init__(self, connection: Connection) -> None:
        refuse(connection, "encoding", why="SQL Server says the code page itself")
        refuse(connection, "ca_file", why="put the authority into the machine's store")
        self._connection = connection
        driver = only_driver(connection, *DRIVERS)
        self._driver = DRIVERS[driver](connection)
        self.alchemy = f"mssql+{driver}"
        self.sql = self._driver.sql
        self.errors: tuple[type[Exception], ...] = (self._driver.module.Error,)

    def connect(self, seconds: float, *, read_only: bool) -> Apart:
        link = self._driver.connect(seconds)
        milliseconds = int(self._connection.deadline * 1000 * LOCK_SHARE)
        with being_opened(link), closing(link.cursor()) as cursor:
            cursor.execute(SESSION.format(milliseconds=milliseconds))
        return Apart(link)

    def call(self, link: Apart, function: Function, values: Mapping[str, Any]) -> Any:
        statement = call(CALL, function.name, self.sql)
        return link.do(partial(called, statement=statement, values=values))

    def connect_cause(self, error: BaseException) -> Cause:
        words = str(error)
        if any(word in words for word in NOT_AS_CONFIGURED):
            return Cause.WRONG
        if any(word in words for word in NOBODY_THERE):
            return Cause.BUSY
        wrong = number_of(words) in NO_LOGIN or state_of(words) in STATES_WRONG
        return Cause.WRONG if wrong else Cause.BUSY

    def call_cause(self, error: BaseException) -> Cause:
        words = str(error)
        number, state = number_of(words), state_of(words)
        if number in LINK_ENDED or state.startswith(STATES_LOST):
            return Cause.LOST
        if any(word in words for word in KINDS_LOST):
            return Cause.LOST
        if number in NOTHING_DONE or any(word in words for word in WORDS_BUSY):
            return Cause.BUSY
        if number in NOT_AS_AGREED or state in STATES_WRONG:
            return Cause.WRONG
        wrong = any(word in words for word in KINDS_WRONG + WORDS_WRONG)
        return Cause.WRONG if wrong else Cause.RAISED

    def error_code(self, error: BaseException) -> str:
        words = str(error)
        number = number_of(words)
        return str(number) if number else state_of(words)


def called(link: Any, statement: Statement, values: Mapping[str, Any]) -> Any:
    """The first row a procedure returns; counts of rows may come before it."""
    with closing(link.cursor()) as cursor:
        cursor.execute(statement.text, statement.ordered(values))
        while cursor.description is None:
            if not cursor.nextset():
                return None
        row = cursor.fetchone()
        return None if row is None else tuple(row)


def number_of(words: str) -> int:
    """The server's own number of an error; 0 where the driver does not tell it."""
    found = NUMBER.search(words)
    return int(next(filter(None, found.groups()))) if found else 0


def state_of(words: str) -> str:
    found = STATE.search(words)
    return next(filter(None, found.groups())) if found else ""
