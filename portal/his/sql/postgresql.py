"""A HIS on PostgreSQL: a maintenance function returns one row.

One call is one round trip: autocommit, statements prepared by the driver, and the
health of an idle link seen from its socket instead of by a query.
"""

from __future__ import annotations

import math
import select
from collections.abc import Generator, Mapping, Sequence
from functools import cache
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from sqlalchemy import func
from sqlalchemy import select as sql_select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from portal.his.connection import Connection, Tls
from portal.his.contract.shape import Function
from portal.his.sql.deadline import left
from portal.his.sql.dialect import Cause, being_opened
from portal.his.sql.postgresql_pipeline import Key, exchange
from portal.his.sql.postgresql_texts import read_as_texts
from portal.his.sql.statements import FUNCTION, Statement, argument

# The server gives up a little earlier than we do, so that we hear of it: then it is
# known that nothing was done.
SERVER_SHARE = 0.8
LOCK_SHARE = 0.7
SSL_MODES = {Tls.OFF: "disable", Tls.ON: "require", Tls.VERIFY: "verify-full"}

# Login failures carry no code, only words in the server's language.
SERVER_SPOKE = ("FATAL", "致命错误", "严重错误")
COMES_BACK = (
    "starting up",
    "shutting down",
    "recovery",
    "too many",
    "connection slots",
    "启动",
    "关闭",
    "恢复",
    "太多",
    "连接槽",
    "terminating",
)
NOT_AS_CONFIGURED = (
    "Name or service not known",
    "nodename nor servname",
    "does not support SSL",
    "certificate",
)

# Classes and codes of SQLSTATE. Class 08 and 57P0x end the link, whatever was done.
LINK_ENDED = ("08", "57P", "40003")
NOTHING_DONE = ("57014", "55P03", "40", "53", "55", "0A", "26000")
NOT_AS_AGREED = ("42", "28", "3D", "3F", "25006")


class DeadlineConnection(psycopg.Connection[Any]):
    """Never waits for the server longer than this thread's call may take.

    The server's own timeouts do not help when the network swallows the answer.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.names: dict[Key, bytes] = {}  # statements of ``exchange``

    def wait(
        self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None
    ) -> RV:
        return super().wait(gen, interval, left() if timeout is None else timeout)


@cache
def call_text(name: str) -> bytes:
    """``SELECT code, message, his_row_id FROM yw_priv_save(…)``."""
    function = FUNCTION[name]
    arguments = [argument(item) for item in function.arguments]
    results = [item.name for item in function.results]
    answer = getattr(func, name.lower())(*arguments).table_valued(*results)
    dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
    return str(sql_select(*answer.c).compile(dialect=dialect)).encode()


class PostgreSql:
    """The dialect; see ``portal.his.sql.dialect.Dialect``."""

    errors: tuple[type[Exception], ...] = (psycopg.Error,)
    alchemy = "postgresql+psycopg"
    takes_arrays = True

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.sql = PGDialect_psycopg()  # type: ignore[no-untyped-call]
        url = connection.url.set(drivername=PostgreSql.alchemy)
        self._arguments, self._options = self.sql.create_connect_args(url)  # type: ignore[no-untyped-call]
        self._given = str(self._options.pop("options", ""))
        if connection.tls is not None:
            self._options["sslmode"] = SSL_MODES[connection.tls]
        if connection.tls is Tls.VERIFY:
            self._options["sslrootcert"] = connection.ca_file or "system"

    def connect(self, seconds: float, *, read_only: bool) -> DeadlineConnection:
        settings = server_settings(self._connection, read_only=read_only)
        limits: dict[str, Any] = {
            "autocommit": True,
            "client_encoding": "utf8",
            "connect_timeout": max(math.ceil(seconds), 2),
            "prepare_threshold": 1,
            "keepalives_idle": 30,
            "tcp_user_timeout": int(seconds * 1000),
        }
        link = DeadlineConnection.connect(
            *self._arguments,
            options=f"{self._given} {settings}".strip(),
            **(self._options | limits),
        )
        with being_opened(link):
            read_as_texts(link, self._connection.encoding)
        return link

    def is_well(self, link: DeadlineConnection) -> bool:
        """An idle link with something to read has been ended by the other side.

        Told from the socket in two microseconds; the pool then opens a fresh one, so a
        restart of the HIS costs nothing and leaves nothing in doubt.
        """
        if link.closed:
            return False
        watch = select.poll()
        watch.register(link.fileno(), select.POLLIN)
        return not watch.poll(0)

    def call(
        self, link: DeadlineConnection, function: Function, values: Mapping[str, Any]
    ) -> Any:
        return link.execute(call_text(function.name), values).fetchone()

    def read(
        self, link: DeadlineConnection, statement: Statement, values: Mapping[str, Any]
    ) -> list[Any]:
        return link.execute(statement.text, values or None).fetchall()

    def write(
        self,
        link: DeadlineConnection,
        statement: Statement,
        rows: Sequence[Mapping[str, Any]],
    ) -> None:
        for row in rows:  # many come as one, of arrays
            link.execute(statement.text, row)

    def exchange(
        self,
        link: DeadlineConnection,
        steps: Sequence[tuple[Function | Statement, Mapping[str, Any]]],
    ) -> Generator[list[Any] | Exception]:
        """Calls and questions sent at once; see ``portal.his.sql.postgresql_pipeline``."""
        texts = [
            (
                step.text if isinstance(step, Statement) else call_text(step.name),
                values,
            )
            for step, values in steps
        ]
        return exchange(link, link.names, texts)

    def stream(
        self,
        link: DeadlineConnection,
        statement: Statement,
        size: int,
        values: Mapping[str, Any],
    ) -> Generator[list[Any]]:
        # A cursor on the server lives inside a transaction only.
        with link.transaction(), link.cursor("rows") as cursor:
            cursor.execute(statement.text, values or None)
            try:
                while rows := cursor.fetchmany(size):
                    yield rows
            except GeneratorExit:  # nobody reads on; do not wait for the server
                link.close()
                raise

    def connect_cause(self, error: BaseException) -> Cause:
        words = str(error)
        if any(word in words for word in NOT_AS_CONFIGURED):
            return Cause.WRONG
        if isinstance(error, psycopg.ProgrammingError):  # a DSN libpq cannot read
            return Cause.WRONG
        if any(word in words for word in SERVER_SPOKE):
            returns = any(word in words for word in COMES_BACK)
            return Cause.BUSY if returns else Cause.WRONG
        return Cause.BUSY

    def call_cause(self, error: BaseException) -> Cause:
        code = self.error_code(error)
        if not code:
            # Without a code the driver speaks: of the link, or of a value it refused.
            ended = (psycopg.OperationalError, psycopg.InterfaceError)
            return Cause.LOST if isinstance(error, ended) else Cause.RAISED
        if code.startswith(LINK_ENDED):
            return Cause.LOST
        if code.startswith(NOTHING_DONE):
            return Cause.BUSY
        if code.startswith(NOT_AS_AGREED):
            return Cause.WRONG
        return Cause.RAISED

    def error_code(self, error: BaseException) -> str:
        return getattr(error, "sqlstate", None) or ""


def server_settings(connection: Connection, *, read_only: bool) -> str:
    """Start-up options that hold for the whole session."""
    statement = int(connection.deadline * 1000 * SERVER_SHARE)
    lock = int(connection.deadline * 1000 * LOCK_SHARE)
    settings = (
        f"-c statement_timeout={statement} -c lock_timeout={lock}"
        f" -c datestyle=ISO -c timezone={connection.time_zone}"
    )
    if read_only:
        settings += " -c default_transaction_read_only=on"
    return settings
