"""A HIS on Oracle: a maintenance function is a procedure with three OUT arguments.

Thin needs a server of 12.1 or later; for 11g ``yw_oracle_client`` names the directory
of an Instant Client (19c reaches 11.2), and the whole process then speaks through it.
A query of Oracle cannot write (ORA-14551), so reading needs no session of its own kind.
The server converts texts to UTF-8; what it cannot convert arrives as U+FFFD.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from typing import Any

import oracledb
from sqlalchemy.dialects.oracle.oracledb import OracleDialect_oracledb

from portal.his.connection import BadDsn, Connection, Tls
from portal.his.contract.interfaces import VIEWS
from portal.his.contract.shape import Function
from portal.his.sql.apart import Apart, ApartDialect
from portal.his.sql.certificates import tls_context
from portal.his.sql.dialect import Cause, being_opened, only_driver, refuse
from portal.his.sql.statements import ANY_BYTES, MANY, Statement

PORT = 1521
SERVER_SHARE = 0.8  # we give up a little later than the driver, so that it can cancel
LONGEST_RESULT = 200

# Oracle knows no empty text: its views give one space instead.
BLANKS = frozenset(item.name for view in VIEWS for item in view.columns if item.blank)


def codes(prefix: str, *numbers: int, digits: int = 4) -> frozenset[str]:
    return frozenset(f"{prefix}-{number:0{digits}}" for number in numbers)


# Of the server (ORA), of the thin driver (DPY) and of the client library (DPI).
ora = partial(codes, "ORA", digits=5)
dpy = partial(codes, "DPY")
dpi = partial(codes, "DPI")
NO_LOGIN = (
    # password, account locked or expired, right to log in; service or SID unknown
    ora(1017, 28000, 28001, 1045, 12514, 12505, 12154)
    # login or address incomplete; service or SID unknown; a server too old for thin
    | dpy(4000, 4001, 4026, 4027, 6001, 6003, 3010, 3015)
    | dpi(1047, 1072)
)
NOTHING_DONE = ora(54, 60, 30006, 18, 20)
LINK_ENDED = (
    ora(28, 1012, 1013, 1033, 1034, 1089, 1092, 2396, 3113, 3114, 3135, 3136, 3156)
    | ora(12152, 12170, 12537, 12547, 12571)
    | dpy(1001, 4011, 4024)
    | dpi(1010, 1067, 1080)
)
# View or column; rights; procedure or its arguments; an invalid view; a standby.
NOT_AS_AGREED = NO_LOGIN | ora(942, 904, 1031, 6550, 4063, 4043, 16000)


class Oracle(ApartDialect):
    """The dialect; see ``portal.his.sql.dialect.Dialect``."""

    errors = (oracledb.Error, OSError)
    alchemy = "oracle+oracledb"

    def __init__(self, connection: Connection) -> None:
        only_driver(connection, "oracledb")
        refuse(connection, "encoding", why="Oracle converts texts to UTF-8 itself")
        self._connection = connection
        self.sql = OracleDialect_oracledb(dbapi=oracledb)  # type: ignore[no-untyped-call]
        self._options = options_of(connection)
        if connection.oracle_client:
            start_client(connection.oracle_client)

    def connect(self, seconds: float, *, read_only: bool) -> Apart:
        link = oracledb.connect(
            **self._options, tcp_connect_timeout=seconds, retry_count=0
        )
        link.call_timeout = int(self._connection.deadline * 1000 * SERVER_SHARE)
        link.autocommit = True  # for functions that leave it to the caller
        link.outputtypehandler = any_text
        with being_opened(link), closing(link.cursor()) as cursor:
            cursor.execute(
                f"ALTER SESSION SET TIME_ZONE = '{self._connection.time_zone}'"
            )
        return Apart(link)

    def call(self, link: Apart, function: Function, values: Mapping[str, Any]) -> Any:
        return link.do(partial(called, function=function, values=values))

    def _begin(
        self, link: Any, statement: Statement, size: int, values: Mapping[str, Any]
    ) -> Any:
        cursor = link.cursor()
        cursor.arraysize = cursor.prefetchrows = size
        if values:
            self._execute(cursor, statement, values)
        else:
            cursor.execute(statement.text)
        return cursor

    def _execute(
        self, cursor: Any, statement: Statement, values: Mapping[str, Any]
    ) -> None:
        """Compared as CHAR, a key equals the padded column as well as the plain one."""
        keys = {
            name: " " if value == "" and name.split(MANY)[0] in BLANKS else value
            for name, value in values.items()
        }
        texts = {
            name: oracledb.DB_TYPE_CHAR
            for name, value in keys.items()
            if isinstance(value, str)
        }
        if texts:
            cursor.setinputsizes(**texts)
        cursor.execute(statement.text, keys)

    def connect_cause(self, error: BaseException) -> Cause:
        if isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME:
            return Cause.WRONG
        is_wrong = self.error_code(error) in NO_LOGIN or "[SSL" in str(error)
        return Cause.WRONG if is_wrong else Cause.BUSY

    def call_cause(self, error: BaseException) -> Cause:
        code = self.error_code(error)
        if code in LINK_ENDED or not code:
            return Cause.LOST
        if code in NOTHING_DONE:
            return Cause.BUSY
        return Cause.WRONG if code in NOT_AS_AGREED else Cause.RAISED

    def error_code(self, error: BaseException) -> str:
        """``ORA-00942``: the first line of the words, and the code alone."""
        return getattr(error.args[0], "full_code", "") if error.args else ""


def called(link: Any, function: Function, values: Mapping[str, Any]) -> Any:
    with closing(link.cursor()) as cursor:
        results = {
            f"p_{item.name}": cursor.var(str, LONGEST_RESULT)
            for item in function.results
        }
        given = {f"p_{item.name}": values[item.name] for item in function.arguments}
        cursor.callproc(function.name, keyword_parameters=given | results)
        return tuple(result.getvalue() for result in results.values())


def any_text(cursor: Any, column: Any) -> Any:
    """Texts are read whatever stands in them."""
    if column.type_code in {oracledb.DB_TYPE_VARCHAR, oracledb.DB_TYPE_CHAR}:
        return cursor.var(
            column.type_code,
            size=column.internal_size,
            arraysize=cursor.arraysize,
            encoding_errors=ANY_BYTES,
        )
    return None


def options_of(connection: Connection) -> dict[str, Any]:
    """As SQLAlchemy reads it: ``…@host:1521/SID``, or ``…@host/?service_name=HIS``."""
    url = connection.url
    given = dict(url.query)
    options: dict[str, Any] = {
        "user": url.username,
        "password": url.password,
        "host": url.host,
        "port": url.port or PORT,
        "service_name": given.pop("service_name", None),
        "sid": url.database or None,
    }
    if given:
        raise BadDsn(f"unknown option {min(given)}")
    if not (options["service_name"] or options["sid"]):
        raise BadDsn("Oracle needs ?service_name=…, or a SID as its path")
    return options | tls_options(connection)


def tls_options(connection: Connection) -> dict[str, Any]:
    if connection.tls in {None, Tls.OFF}:
        return {}
    if connection.oracle_client:
        refuse(connection, "ca_file", why="the Instant Client reads its wallet instead")
        is_verified = connection.tls is Tls.VERIFY
        return {"protocol": "tcps", "ssl_server_dn_match": is_verified}
    return {
        "protocol": "tcps",
        "ssl_context": tls_context(connection),
        "ssl_server_dn_match": connection.tls is Tls.VERIFY,
    }


def start_client(directory: str) -> None:
    """For the whole process, once."""
    try:
        oracledb.init_oracle_client(lib_dir=directory)
    except oracledb.Error:
        raise BadDsn("yw_oracle_client: no Oracle client library there") from None
