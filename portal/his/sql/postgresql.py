"""A HIS on PostgreSQL: a maintenance function returns one row.

One call is one round trip: autocommit, statements prepared by the driver, and the
health of an idle link seen from its socket instead of by a query.
"""

from __future__ import annotations

import select
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import psycopg
from psycopg.abc import RV, Buffer, PQGen
from psycopg.adapt import AdaptersMap, Loader
from psycopg.types.string import TextLoader
from sqlalchemy import Engine, create_engine, event, func
from sqlalchemy import select as sql_select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError

from portal.his.contract.shape import Function
from portal.his.sql.dialect import Cause
from portal.his.sql.statements import FUNCTION, argument

# The server gives up a little earlier than we do, so that we hear of it: then it is
# known that nothing was done.
SERVER_SHARE = 0.8
LOCK_SHARE = 0.7
RECYCLE_SECONDS = 300  # firewalls in hospitals forget idle connections

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
NOT_AN_ADDRESS = ("Name or service not known", "nodename nor servname")

# A day past 9999 or "infinity" is one bad value, not an error that ends the read; and
# texts are the quickest to compare.
LEFT_AS_TEXT = ("date", "timestamp", "timestamptz")
TEXTS = ("text", "varchar", "bpchar", "name")

# Classes and codes of SQLSTATE. Class 08 and 57P0x end the link, whatever was done.
LINK_ENDED = ("08", "57P", "40003")
NOTHING_DONE = ("57014", "55P03", "40", "53", "55", "0A")
NOT_AS_AGREED = ("42", "28", "3D", "3F", "25006")


class AnyText(Loader):
    """Texts of a database without an encoding (SQL_ASCII): any bytes may come.

    What is no text in them is kept as lone surrogates, for the quarantine.
    """

    def load(self, data: Buffer) -> str:
        return bytes(data).decode("utf-8", "surrogateescape")


class DeadlineConnection(psycopg.Connection[Any]):
    """Never waits for the server past ``deadline``, a moment of the monotonic clock.

    The server's own timeouts do not help when the network swallows the answer.
    """

    deadline: float = 0.0

    def wait(
        self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None
    ) -> RV:
        left = max(self.deadline - time.monotonic(), 0.001)
        return super().wait(gen, interval, left if timeout is None else timeout)


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

    def engine(self, url: URL, timeout: float, *, read_only: bool) -> Engine:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            isolation_level="AUTOCOMMIT",
            pool_size=2,
            max_overflow=1,
            pool_timeout=timeout,
            pool_recycle=RECYCLE_SECONDS,
            pool_reset_on_return=None,
            skip_autocommit_rollback=True,
            use_native_hstore=False,
            hide_parameters=True,
        )
        settings = server_settings(timeout, read_only=read_only)

        @event.listens_for(engine, "do_connect")
        def connect(
            _dialect: Any, _record: Any, args: Any, options: dict[str, Any]
        ) -> DeadlineConnection:
            given = f"{options.pop('options', '')} {settings}".strip()
            limits: dict[str, Any] = {
                "connect_timeout": max(int(timeout), 2),
                "prepare_threshold": 1,
                "keepalives_idle": 30,
                "tcp_user_timeout": int(timeout * 1000),
            }
            link = DeadlineConnection.connect(
                *args, options=given, **(options | limits)
            )
            link.deadline = time.monotonic() + timeout
            if link.info.encoding == "ascii":
                register(link.adapters, TEXTS, AnyText)
            return link

        event.listen(engine, "checkout", refuse_closed)
        return engine

    def call(
        self, link: DeadlineConnection, function: Function, values: Mapping[str, Any]
    ) -> Any:
        return link.execute(call_text(function.name), values).fetchone()

    def read(
        self, link: DeadlineConnection, text: str, values: Mapping[str, Any]
    ) -> list[Any]:
        return link.execute(text, values).fetchall()

    def stream(
        self, link: DeadlineConnection, text: str, size: int
    ) -> Iterator[list[Any]]:
        # A cursor on the server lives inside a transaction only.
        with link.transaction(), link.cursor("rows") as cursor:
            is_bare = link.info.encoding == "ascii"
            register(cursor.adapters, LEFT_AS_TEXT, AnyText if is_bare else TextLoader)
            cursor.execute(text)
            while rows := cursor.fetchmany(size):
                yield rows

    def connect_cause(self, error: BaseException) -> Cause:
        words = str(error)
        if any(word in words for word in NOT_AN_ADDRESS):
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


def register(adapters: AdaptersMap, kinds: Iterable[str], loader: type[Loader]) -> None:
    for kind in kinds:
        adapters.register_loader(kind, loader)


def server_settings(timeout: float, *, read_only: bool) -> str:
    """Start-up options that hold for the whole session."""
    statement = int(timeout * 1000 * SERVER_SHARE)
    lock = int(timeout * 1000 * LOCK_SHARE)
    settings = f"-c statement_timeout={statement} -c lock_timeout={lock}"
    settings += " -c datestyle=ISO"  # days that come as texts
    if read_only:
        settings += " -c default_transaction_read_only=on"
    return settings


def refuse_closed(link: Any, _record: Any, _proxy: Any) -> None:
    """An idle link with something to read has been ended by the other side.

    Told from the socket in two microseconds; the pool then opens a fresh one, so a
    restart of the HIS costs nothing and leaves nothing in doubt.
    """
    if link.closed:
        raise DisconnectionError
    watch = select.poll()
    watch.register(link.fileno(), select.POLLIN)
    if watch.poll(0):
        raise DisconnectionError
