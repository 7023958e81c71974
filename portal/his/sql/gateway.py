"""``HisGateway`` over an SQL database; every driver error becomes one of our three.

On the other side: the views and the function of ``portal.his.contract`` (T02-T05).
Never called inside a transaction of ours: a slow HIS would hold our locks.
Reasons are message ids, kept in tables as they are and translated where shown.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, NoReturn, TypeVar

from django.utils.translation import gettext_noop as _
from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeLink

from portal.his.connection import BadDsn
from portal.his.contract.codes import ERROR_CODES
from portal.his.contract.interfaces import (
    V_YW_DOCTOR,
    V_YW_DOCTOR_PRIV,
    V_YW_PRIV_DICT,
    YW_PRIV_SAVE,
)
from portal.his.contract.shape import Function, View
from portal.his.gateway import (
    HisMisconfigured,
    HisRejected,
    HisUnavailable,
    InterfaceMissing,
)
from portal.his.messages import Answer, PrivSave
from portal.his.records import DoctorPrivRecord, DoctorRecord, PrivilegeRecord
from portal.his.sql.dialect import AnswerLost, Cause, Dialect
from portal.his.sql.engines import Engines, dispose, engines_for
from portal.his.sql.statements import (
    as_text,
    converted,
    read_all,
    read_by_key,
    typed,
)

Record = TypeVar("Record")

SETTING = "HIS_DSN"
ROWS_PER_FETCH = 1000
HIS_DATABASE_ERROR = "3002"
ACCEPTED = "0"


class SqlGateway:
    """See ``portal.his.gateway.HisGateway``; safe after a fork and between threads."""

    def __init__(self, dsn: str, timeout_seconds: float) -> None:
        self._dsn = dsn
        self._timeout = float(timeout_seconds)
        self._kept = threading.local()

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """See ``HisGateway.kept_open``; saves a seventh of a call's work."""
        links: dict[Engine, PoolProxiedConnection] = {}
        self._kept.links = links
        try:
            yield
        finally:
            self._kept.links = None
            for held in links.values():
                held.close()

    def doctors(self) -> Iterator[DoctorRecord]:
        return self._read(V_YW_DOCTOR, DoctorRecord)

    def privileges(self) -> Iterator[PrivilegeRecord]:
        return self._read(V_YW_PRIV_DICT, PrivilegeRecord)

    def rows(self, view: View) -> Iterator[tuple[Any, ...]]:
        for rows in self.batches(view):
            yield from converted(view, rows)

    def batches(self, view: View) -> Iterator[list[Any]]:
        """Stream the rows; the deadline counts anew for each batch fetched."""
        engines = self._engines()
        text = read_all(view.name, engines.reader.dialect)
        with self._call(engines, engines.reader, view.name) as link:
            for rows in engines.dialect.stream(link, text, ROWS_PER_FETCH):
                yield rows
                link.deadline = time.monotonic() + self._timeout

    def typed(self, view: View, rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
        return converted(view, rows)

    def save_privilege(self, message: PrivSave) -> Answer:
        return self.call(YW_PRIV_SAVE, arguments_of(message))

    def call(self, function: Function, values: Mapping[str, Any]) -> Answer:
        """Call it once; raises HisRejected for any code but 0."""
        engines = self._engines()
        with self._call(engines, engines.writer, function.name, write=True) as link:
            row = engines.dialect.call(link, function, values)
        if row is None or row[0] is None:
            raise HisUnavailable(_("HIS 应答丢失"), sent=True)
        code, words, his_row_id = (as_text(value).strip() for value in row)
        if code != ACCEPTED:
            raise HisRejected(code, words)
        return Answer(code, words, his_row_id)

    def doctor_privilege(self, message: PrivSave) -> DoctorPrivRecord | None:
        view = V_YW_DOCTOR_PRIV
        engines = self._engines()
        text = read_by_key(view.name, engines.reader.dialect)
        key = {name: getattr(message, name) for name in view.key}
        with self._call(engines, engines.reader, view.name) as link:
            rows = engines.dialect.read(link, text, key)
        found = typed(view, DoctorPrivRecord, rows)
        # One row by contract; of several the latest. Sorting there would cost 40 µs.
        return max(found, key=lambda line: str(line.last_modified), default=None)

    def ping(self) -> float:
        started = time.perf_counter()
        engines = self._engines()
        with self._call(engines, engines.reader, "SELECT 1") as link:
            engines.dialect.read(link, "SELECT 1", {})
        return time.perf_counter() - started

    def close(self) -> None:
        """Close this process's links; the next call opens new ones."""
        dispose(self._dsn, self._timeout)

    def _engines(self) -> Engines:
        try:
            return engines_for(self._dsn, self._timeout)
        except BadDsn as error:
            raise HisMisconfigured(SETTING, str(error)) from None

    def _read(self, view: View, record: type[Record]) -> Iterator[Record]:
        for rows in self.batches(view):
            yield from typed(view, record, rows)

    @contextmanager
    def _call(
        self, engines: Engines, engine: Engine, name: str, *, write: bool = False
    ) -> Iterator[Any]:
        """The driver's link with a running deadline, for the call of ``name``."""
        dialect = engines.dialect
        links: dict[Engine, PoolProxiedConnection] | None
        links = getattr(self._kept, "links", None)
        held = links.pop(engine, None) if links else None
        if held is None:
            held = connected(dialect, engine)
        is_well = False
        try:
            link: Any = held.dbapi_connection
            link.deadline = time.monotonic() + self._timeout
            yield link
            is_well = True
        except AnswerLost:
            held.invalidate()
            raise HisUnavailable(_("HIS 应答丢失"), sent=True) from None
        except dialect.errors as error:
            held.invalidate()
            fail(dialect, error, name, write=write)
        finally:
            if is_well and links is not None:
                links[engine] = held
            else:
                held.close()


ARGUMENTS = tuple(item.name for item in fields(PrivSave))


def arguments_of(message: PrivSave) -> dict[str, Any]:
    """The call's arguments by their contract names."""
    return {name: getattr(message, name) for name in ARGUMENTS}


def connected(dialect: Dialect, engine: Engine) -> PoolProxiedConnection:
    """A link to the HIS; without one nothing was sent."""
    try:
        return engine.raw_connection()
    except NoFreeLink:
        raise HisUnavailable(_("HIS 未应答：连接已占满")) from None
    except (DBAPIError, *dialect.errors) as error:  # type: ignore[misc]
        # SQLAlchemy wraps what its own first questions to a new server meet.
        cause: Exception = getattr(error, "orig", None) or error
        code = dialect.error_code(cause)
        if dialect.connect_cause(cause) is Cause.WRONG:
            problem = f"主机、数据库或登录不正确 {code}".rstrip()
            raise HisMisconfigured(SETTING, problem) from None
        raise HisUnavailable(_("HIS 未应答：连接不上")) from None


def fail(dialect: Dialect, error: Exception, name: str, *, write: bool) -> NoReturn:
    """Say what a failed call means; the driver's text may hold persons, so it goes."""
    code = dialect.error_code(error)
    match dialect.call_cause(error):
        case Cause.BUSY:
            raise HisUnavailable(_("HIS 未应答：忙或超时")) from None
        case Cause.LOST:
            words = _("HIS 应答丢失") if write else _("HIS 未应答：连接中断")
            raise HisUnavailable(words, sent=write) from None
        case Cause.RAISED if write:
            words = f"{ERROR_CODES[HIS_DATABASE_ERROR]} {code}"
            raise HisRejected(HIS_DATABASE_ERROR, words) from None
        case _:
            raise InterfaceMissing(SETTING, f"{name} 不可用 {code}".rstrip()) from None
