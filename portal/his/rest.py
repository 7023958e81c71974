"""``HisGateway`` over JSON and HTTP, for a HIS that offers no views but services.

On the other side: what ``docs/his-openapi.json`` describes, which is written from the
contract by ``portal.his.contract.openapi``. The DSN is
``rest+https://:TOKEN@host[:port]/base``; instead of a token, or beside it, the HIS may
ask for our certificate (``yw_cert_file``, ``yw_key_file``). Redirects are refused: a
token must not follow one. Reasons are message ids, translated where they are shown.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, NoReturn, TypeVar, cast
from urllib.parse import quote, urlencode

from django.utils.translation import gettext_noop as _
from urllib3 import BaseHTTPResponse, HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

from portal.his import wire
from portal.his.breaker import Breaker
from portal.his.connection import BadDsn, Connection, Tls, parse
from portal.his.contract.codes import ERROR_CODES
from portal.his.contract.interfaces import (
    V_YW_DOCTOR,
    V_YW_PRIV_DICT,
)
from portal.his.contract.openapi import ROWS_PER_PAGE
from portal.his.contract.shape import Column, Function, Type, View
from portal.his.gateway import HisMisconfigured, HisRejected, HisUnavailable
from portal.his.messages import Answer
from portal.his.named import ReadsBack, Saves
from portal.his.records import (
    DoctorRecord,
    PrivilegeRecord,
)
from portal.his.values import typed
from portal.his.watching import NothingHeard, watched

Record = TypeVar("Record")

ACCEPTED = "0"
OTHER_ERROR = "9999"
LARGEST_PAGE = 32 * 1024 * 1024  # bytes after unpacking
CHUNK = 64 * 1024
PORTS = {"rest+http": 80, "rest+https": 443}
# Said before anything was done: 408 and 425 by a server that refuses to begin.
NOT_NOW = frozenset({408, 425, 429, 503})
PROBLEMS = {401: "凭据不被接受", 403: "凭据不被接受"}
SAID_NO = frozenset({400, 409, 422})


@dataclass(frozen=True)
class Endpoint:
    """Where the HIS is and how we show who we are; ``base`` without a slash at the end."""

    connection: Connection
    pool: HTTPConnectionPool
    base: str
    headers: Mapping[str, str]
    breaker: Breaker = field(default_factory=Breaker)


def endpoint(dsn: str, deadline: float) -> Endpoint:
    """Raises BadDsn."""
    connection = parse(dsn, deadline)
    url = connection.url
    if url.drivername not in PORTS:
        raise BadDsn("REST needs rest+https://host/base")
    if not url.host:
        raise BadDsn("REST needs a host")
    if url.query:
        raise BadDsn(f"unknown option {min(url.query)}")
    is_safe = url.drivername == "rest+https"
    context = wire.tls_context(connection, Tls.VERIFY) if is_safe else None
    pool = HTTPConnectionPool(
        url.host,
        url.port or PORTS[url.drivername],
        maxsize=connection.pool,
        block=False,
    )
    pool.ConnectionCls = cast(Any, partial(WireConnection, context=context))
    headers = {"accept": "application/json", "accept-encoding": "gzip"}
    if url.password:
        headers["authorization"] = f"Bearer {url.password}"
    return Endpoint(connection, pool, f"/{url.database or ''}".rstrip("/"), headers)


class WireConnection(HTTPConnection):
    """urllib3's connection on a link of ours, which keeps the deadline of the call."""

    def __init__(self, *arguments: Any, context: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._context = context

    def connect(self) -> None:
        self.sock = wire.connect(self.host, self.port, self._context)


Pages = Iterator[list[tuple[Any, ...]]]  # rows as they were read
PING = "contract"  # what is asked to see whether the HIS is there

# A parent's links stay in the table after a fork: closing them would end them there.
_endpoints: dict[tuple[int, str, float], Endpoint] = {}
_lock = threading.Lock()


class RestGateway(Saves, ReadsBack):
    """See ``portal.his.gateway.HisGateway``; safe after a fork and between threads."""

    def __init__(self, dsn: str, deadline: float, setting: str = "HIS_DSN") -> None:
        self._key = (dsn, float(deadline))
        self._setting = setting

    def kept_open(self) -> AbstractContextManager[None]:
        """Links are kept open anyway."""
        return nullcontext()

    def doctors(self) -> Iterator[DoctorRecord]:
        return (DoctorRecord(*row) for row in self.rows(V_YW_DOCTOR))

    def privileges(self) -> Iterator[PrivilegeRecord]:
        return (PrivilegeRecord(*row) for row in self.rows(V_YW_PRIV_DICT))

    def rows(self, view: View) -> Iterator[tuple[Any, ...]]:
        for batch in self.batches(view):
            yield from self.typed(view, batch)

    def batches(self, view: View, since: datetime | None = None) -> Pages:
        """Page by page, whatever changed when; the deadline counts anew for each."""
        return self._raw_pages(view, {})

    def _pages(
        self, view: View, asked: Mapping[str, Any]
    ) -> Iterator[Iterator[tuple[Any, ...]]]:
        return (self.typed(view, rows) for rows in self._raw_pages(view, asked))

    def _raw_pages(self, view: View, asked: Mapping[str, Any]) -> Pages:
        cursor = ""
        while True:
            more = {"cursor": cursor} if cursor else {}
            rows, after = self._page(view, {**asked, **more})
            yield rows
            if not after:
                return
            if after == cursor:
                self._misfit(view.name, "next")
            cursor = after

    def typed(self, view: View, rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
        return typed(view, rows, self._endpoint().connection.zone)

    def call(self, function: Function, values: Mapping[str, Any]) -> Answer:
        """Call it once; raises HisRejected for any code but 0."""
        names = [item.name for item in function.arguments]
        body = {name: plain(values[name]) for name in names}
        said = self._ask("POST", f"/functions/{function.name}", function.name, body)
        found = [said.get(item.name) for item in function.results]
        code, words, row_id = ("" if value is None else str(value) for value in found)
        if not code:
            raise HisUnavailable(_("HIS 应答丢失"), sent=True)
        if code != ACCEPTED:
            raise HisRejected(code, words)
        return Answer(code, words, row_id)

    def _lines(
        self, view: View, record: Callable[..., Record], values: Mapping[str, Any]
    ) -> list[Record]:
        """Those that equal the values in the columns of the key that are given."""
        key = {name: values[name] for name in view.key if name in values}
        asked = {name: plain(value) for name, value in key.items()}
        lines = (record(*row) for batch in self._pages(view, asked) for row in batch)
        # A service that overlooks our question must not pass others off as these.
        return [
            line
            for line in lines
            if all(getattr(line, name) == value for name, value in key.items())
        ]

    def ping(self) -> float:
        started = time.perf_counter()
        self._ask("GET", "/contract", PING)
        return time.perf_counter() - started

    def close(self) -> None:
        with _lock:
            found = _endpoints.pop((os.getpid(), *self._key), None)
        if found is not None:
            found.pool.close()

    def _endpoint(self) -> Endpoint:
        key = (os.getpid(), *self._key)
        found = _endpoints.get(key)
        if found is None:
            try:
                made = endpoint(*self._key)
            except BadDsn as error:
                raise HisMisconfigured(self._setting, str(error)) from None
            with _lock:
                found = _endpoints.setdefault(key, made)
        return found

    def _page(
        self, view: View, question: Mapping[str, Any]
    ) -> tuple[list[tuple[Any, ...]], str]:
        """The rows of one page in the order of the columns, and where the next begins."""
        words = urlencode({**question, "limit": ROWS_PER_PAGE}, quote_via=quote)
        said = self._ask("GET", f"/views/{view.name}?{words}", view.name)
        rows, after = said.get("rows"), said.get("next")
        if not isinstance(rows, list):
            self._misfit(view.name, "rows")
        if after is not None and not isinstance(after, str):
            self._misfit(view.name, "next")
        return [self._row(view, row) for row in rows], after or ""

    def _row(self, view: View, row: Any) -> tuple[Any, ...]:
        if not isinstance(row, dict):
            self._misfit(view.name, "rows")
        for column in view.columns:
            if column.name not in row or not fits(column, row[column.name]):
                self._misfit(view.name, column.name)
        return tuple([row[name] for name in view.column_names])

    def _misfit(self, name: str, part: str) -> NoReturn:
        """Not a bad row but a service that was built otherwise: an operator must act."""
        raise HisMisconfigured(self._setting, f"{name} 不可用 {part} 与接口约定不符")

    def _ask(
        self, method: str, path: str, name: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """One exchange within the deadline; the object that was answered."""
        is_write = body is not None
        status, media, data = self._exchange(method, path, name, body)
        said = read_object(media, data)
        if status != 200:
            self._fail(status, said, name, is_write=is_write)
        if said is None and is_write:
            raise HisUnavailable(_("HIS 应答丢失"), sent=True)
        if said is None:
            raise HisMisconfigured(self._setting, f"{name} 不可用 应答不是 JSON")
        return said

    def _exchange(
        self, method: str, path: str, name: str, body: Mapping[str, Any] | None
    ) -> tuple[int, str, bytes]:
        there = self._endpoint()
        with watched(there.breaker, asks=name == PING):
            return self._exchanged(there, method, path, name, body)

    def _exchanged(
        self,
        there: Endpoint,
        method: str,
        path: str,
        name: str,
        body: Mapping[str, Any] | None,
    ) -> tuple[int, str, bytes]:
        is_write = body is not None
        wire.begin(there.connection.deadline)
        try:
            return exchange(there, method, path, body)
        except wire.Unreached:
            raise NothingHeard(_("HIS 未应答：连接不上")) from None
        except wire.Untrusted as error:
            raise HisMisconfigured(self._setting, f"TLS 不可信 {error}") from None
        except TooLarge:
            if is_write:
                raise HisUnavailable(_("HIS 应答丢失"), sent=True) from None
            raise HisMisconfigured(
                self._setting, f"{name} 不可用 一页超过 {LARGEST_PAGE >> 20} MB"
            ) from None
        except (HTTPError, OSError):
            words = _("HIS 应答丢失") if is_write else _("HIS 未应答：连接中断")
            raise NothingHeard(words, sent=is_write) from None

    def _fail(
        self, status: int, said: dict[str, Any] | None, name: str, *, is_write: bool
    ) -> NoReturn:
        """What a status other than 200 means; a text of theirs may hold persons."""
        if status in NOT_NOW:
            raise HisUnavailable(_("HIS 未应答：忙或超时"))
        if status >= 500:
            words = _("HIS 应答丢失") if is_write else _("HIS 未应答：忙或超时")
            raise HisUnavailable(words, sent=is_write)
        if is_write and status in SAID_NO:
            code = str((said or {}).get("code"))
            if code in ERROR_CODES and code != ACCEPTED:
                raise HisRejected(code, str((said or {}).get("message") or ""))
            raise HisRejected(OTHER_ERROR, f"{ERROR_CODES[OTHER_ERROR]} HTTP {status}")
        problem = PROBLEMS.get(status, f"{name} 不可用")
        if status < 400:
            problem = "重定向被拒绝"
        raise HisMisconfigured(self._setting, f"{problem} HTTP {status}")


class TooLarge(Exception):
    """More than a page may have."""


def exchange(
    there: Endpoint, method: str, path: str, body: Mapping[str, Any] | None
) -> tuple[int, str, bytes]:
    """Status, content type and unpacked body of one request."""
    headers = dict(there.headers)
    data = None
    if body is not None:
        headers["content-type"] = "application/json"
        data = json.dumps(body, ensure_ascii=False).encode()
    response = there.pool.urlopen(
        method,
        there.base + path,
        body=data,
        headers=headers,
        retries=False,
        redirect=False,
        preload_content=False,
        timeout=there.connection.deadline,
    )
    try:
        read = whole(response)
    except BaseException:
        response.close()  # what is left of the answer must not meet the next question
        raise
    response.release_conn()
    return response.status, response.headers.get("content-type", ""), read


def whole(response: BaseHTTPResponse) -> bytes:
    """Every byte, unpacked piece by piece so that a bomb stays small."""
    read = bytearray()
    for piece in response.stream(CHUNK, decode_content=True):
        read += piece
        if len(read) > LARGEST_PAGE:
            raise TooLarge
    return bytes(read)


def read_object(media: str, data: bytes) -> dict[str, Any] | None:
    """The JSON object that was answered; None when it is anything else."""
    if media.split(";")[0].strip().lower() not in {
        "application/json",
        "application/problem+json",
    }:
        return None
    try:
        found = json.loads(data, parse_float=Decimal, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def refuse_constant(name: str) -> NoReturn:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)


def fits(column: Column, value: Any) -> bool:
    """A number where a text is agreed on has lost its leading zeros already."""
    if value is None:
        return True
    if column.type in {Type.INTEGER, Type.NUMBER}:
        return isinstance(value, int | Decimal | str) and not isinstance(value, bool)
    return isinstance(value, str)


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
