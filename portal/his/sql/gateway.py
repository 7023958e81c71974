"""``HisGateway`` over an SQL database; every driver error becomes one of our three.

On the other side: the views and the function of ``portal.his.contract`` (T02-T05).
Never called inside a transaction of ours: a slow HIS would hold our locks.
Reasons are message ids, kept in tables as they are and translated where shown.
"""

from __future__ import annotations

import threading
import time
from collections.abc import (
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import closing, contextmanager
from datetime import datetime
from operator import attrgetter
from typing import Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_noop as _
from sqlalchemy.exc import TimeoutError as NoFreeLink
from sqlalchemy.pool import Pool, PoolProxiedConnection

from portal.his.connection import BadDsn
from portal.his.contract.codes import ERROR_CODES
from portal.his.contract.interfaces import (
    V_YW_DOCTOR,
    V_YW_PRIV_DICT,
)
from portal.his.contract.shape import Function, View
from portal.his.gateway import (
    Failure,
    HisMisconfigured,
    HisRejected,
    HisUnavailable,
    InterfaceMissing,
    Saved,
    Told,
)
from portal.his.messages import Answer
from portal.his.named import WAYS, ReadsBack, Saves, Way
from portal.his.records import (
    DoctorRecord,
    PrivilegeRecord,
    latest,
)
from portal.his.sql.deadline import Late, begin
from portal.his.sql.dialect import AnswerLost, Cause, Dialect
from portal.his.sql.engines import Engines, dispose, engines_for
from portal.his.sql.statements import (
    SINCE,
    as_text,
    converted,
    filled,
    place,
    read_all,
    read_by_arrays,
    read_by_key,
    read_by_keys,
    read_since,
    sign_of_life,
    typed,
)
from portal.his.watching import NoLinkFree, NothingHeard, watched

Record = TypeVar("Record")

SETTING = "HIS_DSN"
ROWS_PER_FETCH = 1000
AT_ONCE = 25
KEYS_AT_ONCE = (1, 10, 50)  # sizes of the questions for many lines
HIS_DATABASE_ERROR = "3002"
ACCEPTED = "0"


class SqlGateway(Saves, ReadsBack):
    """See ``portal.his.gateway.HisGateway``; safe after a fork and between threads."""

    def __init__(
        self, dsn: str, timeout_seconds: float, setting: str = SETTING
    ) -> None:
        self._dsn = dsn
        self._setting = setting
        self._timeout = float(timeout_seconds)
        self._kept = threading.local()

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """See ``HisGateway.kept_open``; saves a seventh of a call's work."""
        links: dict[Pool, PoolProxiedConnection] = {}
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
        with closing(self.batches(view)) as batches:
            for rows in batches:
                yield from self.typed(view, rows)

    def batches(
        self, view: View, since: datetime | None = None
    ) -> Generator[list[Any]]:
        """Stream the rows; the deadline counts anew for each batch fetched."""
        engines = self._engines()
        text = read_all(view.name, engines.dialect.sql)
        values: dict[str, Any] = {}
        if since is not None:
            text = read_since(view.name, engines.dialect.sql)
            values[SINCE] = since
        stream = engines.dialect.stream
        with (
            self._call(engines, engines.reader, view.name) as link,
            closing(stream(link, text, ROWS_PER_FETCH, values)) as batches,
        ):
            for rows in batches:
                yield rows
                begin(self._timeout)

    def typed(self, view: View, rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
        return converted(view, rows, self._zone)

    def call(self, function: Function, values: Mapping[str, Any]) -> Answer:
        """Call it once; raises HisRejected for any code but 0."""
        engines = self._engines()
        with self._call(engines, engines.writer, function.name, write=True) as link:
            row = engines.dialect.call(link, function, values)
        return answer_of(row)

    @property
    def at_once(self) -> int:
        """Where its engine takes several calls before it is asked for the first answer;
        when the link breaks, so many are in doubt."""
        return AT_ONCE if hasattr(self._engines().dialect, "exchange") else 0

    def tell_each(self, messages: Sequence[Saved]) -> Generator[Told]:
        """See ``TellsMany``; only where ``at_once``.

        Call and question go by the link that may write, in the order of the messages;
        each is a transaction of its own.
        """
        engines = self._engines()
        dialect: Any = engines.dialect
        ways = [WAYS[type(message)] for message in messages]
        steps: list[tuple[Any, Mapping[str, Any]]] = []
        for way, message in zip(ways, messages, strict=True):
            question = read_by_key(way.view.name, way.key, engines.dialect.sql)
            steps += [(way.function, vars(message)), (question, vars(message))]
        names = ways[0].function.name
        with (
            self._call(engines, engines.writer, names, write=True) as link,
            closing(dialect.exchange(link, steps)) as answers,
        ):
            for way in ways:
                begin(self._timeout)
                told = next(answers)
                begin(self._timeout)
                yield self._told(dialect, way, told, next(answers))

    def _told(self, dialect: Dialect, way: Way, told: Any, shown: Any) -> Told:
        """What the results of a call and of its question mean."""
        if isinstance(told, Exception):
            return Told(failure_of(dialect, told, way.function.name, write=True))
        try:
            answer = answer_of(told[0] if told else None)
        except (HisUnavailable, HisRejected) as problem:
            return Told(problem)
        if isinstance(shown, Exception):
            return Told(answer, failure_of(dialect, shown, way.view.name, write=False))
        return Told(answer, latest(typed(way.view, way.record, shown, self._zone)))

    def _lines(
        self, view: View, record: Callable[..., Record], values: Mapping[str, Any]
    ) -> list[Record]:
        """Those that equal the values in the columns of the key that are given."""
        key = {name: values[name] for name in view.key if name in values}
        engines = self._engines()
        text = read_by_key(view.name, tuple(key), engines.dialect.sql)
        with self._call(engines, engines.reader, view.name) as link:
            rows = engines.dialect.read(link, text, key)
        return list(typed(view, record, rows, self._zone))

    def shown(self, messages: Sequence[Saved]) -> list[Any]:
        """See ``ReadsBack``; many by one question."""
        way = WAYS[type(messages[0])]
        engines = self._engines()
        key_of = attrgetter(*way.key)
        keys = [key_of(message) for message in messages]
        takes_arrays = getattr(engines.dialect, "takes_arrays", False)
        size = len(keys) if takes_arrays else KEYS_AT_ONCE[-1]
        ask = self._rows_by_arrays if takes_arrays else self._rows_by_places
        lines: dict[Any, Any] = {}
        for start in range(0, len(keys), size):
            rows = ask(engines, way, list(map(many, keys[start : start + size])))
            for line in typed(way.view, way.record, rows, self._zone):
                key = key_of(line)
                lines[key] = latest((lines[key], line)) if key in lines else line
        # What the HIS compares more loosely than we do is asked for by itself.
        return [
            lines[key] if key in lines else self._shown(way, one)
            for key, one in zip(keys, messages, strict=True)
        ]

    def _rows_by_arrays(self, engines: Engines, way: Way, keys: list[Any]) -> list[Any]:
        text = read_by_arrays(way.view.name, way.key, engines.dialect.sql)
        columns = map(list, zip(*keys, strict=True))
        values = dict(zip(way.key, columns, strict=True))
        with self._call(engines, engines.reader, way.view.name) as link:
            return engines.dialect.read(link, text, values)

    def _rows_by_places(self, engines: Engines, way: Way, keys: list[Any]) -> list[Any]:
        places = filled(keys, KEYS_AT_ONCE)
        text = read_by_keys(way.view.name, way.key, len(places), engines.dialect.sql)
        values = {
            place(name, number): value
            for number, key in enumerate(places)
            for name, value in zip(way.key, key, strict=True)
        }
        with self._call(engines, engines.reader, way.view.name) as link:
            return engines.dialect.read(link, text, values)

    def ping(self) -> float:
        """Asks even when other calls are kept back: the answer counts for all."""
        started = time.perf_counter()
        engines = self._engines()
        question = sign_of_life(engines.dialect.sql)
        with self._call(engines, engines.reader, "SELECT 1", asks=True) as link:
            engines.dialect.read(link, question, {})
        return time.perf_counter() - started

    def close(self) -> None:
        """Close this process's links; the next call opens new ones."""
        dispose(self._dsn, self._timeout)

    def _engines(self) -> Engines:
        try:
            return engines_for(self._dsn, self._timeout)
        except BadDsn as error:
            raise HisMisconfigured(self._setting, str(error)) from None

    @property
    def _zone(self) -> ZoneInfo:
        return self._engines().connection.zone

    def _read(self, view: View, record: type[Record]) -> Iterator[Record]:
        with closing(self.batches(view)) as batches:
            for rows in batches:
                yield from typed(view, record, rows, self._zone)

    @contextmanager
    def _call(
        self,
        engines: Engines,
        pool: Pool,
        name: str,
        *,
        write: bool = False,
        asks: bool = False,
    ) -> Iterator[Any]:
        """The driver's link within the deadline, for the call of ``name``."""
        failures: tuple[type[Exception], ...]
        failures = (Late, UnicodeError, *engines.dialect.errors)
        begin(self._timeout)
        with watched(engines.breaker, asks=asks):
            held, links = self._held(engines, pool)
            is_well = False
            try:
                yield held.dbapi_connection
                is_well = True
            except AnswerLost:
                held.invalidate()
                raise HisUnavailable(_("HIS 应答丢失"), sent=True) from None
            except failures as error:
                held.invalidate()
                fail(engines.dialect, error, name, write=write, setting=self._setting)
            finally:
                if is_well and links is not None:
                    links[pool] = held
                else:
                    held.close()

    def _held(
        self, engines: Engines, pool: Pool
    ) -> tuple[PoolProxiedConnection, dict[Pool, PoolProxiedConnection] | None]:
        """A link, and where to put it back when this thread keeps its links."""
        links: dict[Pool, PoolProxiedConnection] | None
        links = getattr(self._kept, "links", None)
        kept = links.pop(pool, None) if links else None
        return kept or connected(engines.dialect, pool, self._setting), links


def many(key: Any) -> tuple[Any, ...]:
    """``attrgetter`` gives of one name no tuple."""
    return key if isinstance(key, tuple) else (key,)


def connected(dialect: Dialect, pool: Pool, setting: str) -> PoolProxiedConnection:
    """A link to the HIS; without one nothing was sent."""
    try:
        return pool.connect()
    except NoFreeLink:
        raise NoLinkFree(_("HIS 未应答：连接已占满")) from None
    except BadDsn as error:
        raise HisMisconfigured(setting, str(error)) from None
    except Late:
        raise NothingHeard(_("HIS 未应答：连接不上")) from None
    except dialect.errors as error:
        if dialect.connect_cause(error) is Cause.WRONG:
            code = dialect.error_code(error)
            problem = f"主机、数据库或登录不正确 {code}".rstrip()
            raise HisMisconfigured(setting, problem) from None
        raise NothingHeard(_("HIS 未应答：连接不上")) from None


def answer_of(row: Any) -> Answer:
    """Raises HisRejected for any code but 0, HisUnavailable where there is none."""
    if row is None or row[0] is None:
        raise HisUnavailable(_("HIS 应答丢失"), sent=True)
    code, words, his_row_id = (as_text(value).strip() for value in row)
    if code != ACCEPTED:
        raise HisRejected(code, words)
    return Answer(code, words, his_row_id)


def failure_of(
    dialect: Dialect, error: Exception, name: str, *, write: bool
) -> Failure:
    try:
        fail(dialect, error, name, write=write)
    except (HisUnavailable, HisRejected, HisMisconfigured) as problem:
        return problem


def fail(
    dialect: Dialect,
    error: Exception,
    name: str,
    *,
    write: bool,
    setting: str = SETTING,
) -> NoReturn:
    """Say what a failed call means; the driver's text may hold persons, so it goes."""
    match cause_of(dialect, error):
        case Cause.BUSY:
            raise HisUnavailable(_("HIS 未应答：忙或超时")) from None
        case Cause.LOST:
            words = _("HIS 应答丢失") if write else _("HIS 未应答：连接中断")
            raise NothingHeard(words, sent=write) from None
        case Cause.RAISED if write:
            words = f"{ERROR_CODES[HIS_DATABASE_ERROR]} {code_of(dialect, error)}"
            raise HisRejected(HIS_DATABASE_ERROR, words.rstrip()) from None
        case _:
            problem = f"{name} 不可用 {code_of(dialect, error)}".rstrip()
            raise InterfaceMissing(setting, problem) from None


def cause_of(dialect: Dialect, error: Exception) -> Cause:
    if isinstance(error, Late):
        return Cause.LOST
    if isinstance(error, UnicodeError):  # a text the encoding has no bytes for
        return Cause.RAISED
    return dialect.call_cause(error)


def code_of(dialect: Dialect, error: Exception) -> str:
    return "" if isinstance(error, UnicodeError) else dialect.error_code(error)
