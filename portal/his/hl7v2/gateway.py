"""The part of ``HisGateway`` that tells, over HL7 v2; it cannot read.

The DSN is ``mllp://host:port``; ``receiver`` is MSH-5, ``mode=enhanced`` asks for a
commit first (MSH-15, MSH-16). Resending is safe: a repeat has the same MSH-10 and the
same request id in ZYP-1. Reasons are message ids, translated where they are shown.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from portal.his import wire
from portal.his.breaker import Breaker
from portal.his.connection import BadDsn, Connection, Tls, parse
from portal.his.contract.interfaces import (
    YW_PRIV_SAVE,
)
from portal.his.contract.shape import Function
from portal.his.gateway import HisMisconfigured, HisRejected, HisUnavailable
from portal.his.hl7v2.answers import ACCEPTED, NotAnAnswer, Reply, read
from portal.his.hl7v2.mllp import BadFrame, Frames, Links
from portal.his.hl7v2.notification import control_id, notification
from portal.his.messages import Answer
from portal.his.named import Saves
from portal.his.watching import NothingHeard, watched

NOT_ALLOWED = "2005"
PORT = 2575  # registered for MLLP
MODES = ("original", "enhanced")


@dataclass(frozen=True)
class Endpoint:
    connection: Connection
    links: Links
    receiver: str
    is_enhanced: bool
    breaker: Breaker = field(default_factory=Breaker)


def endpoint(dsn: str, deadline: float) -> Endpoint:
    """Raises BadDsn."""
    connection = parse(dsn, deadline)
    url = connection.url
    if url.drivername != "mllp" or not url.host:
        raise BadDsn("HL7 v2 needs mllp://host:port")
    options = dict(url.query)
    receiver, mode = options.pop("receiver", "HIS"), options.pop("mode", MODES[0])
    if options:
        raise BadDsn(f"unknown option {min(options)}")
    if mode not in MODES:
        raise BadDsn(f"mode: one of {', '.join(MODES)}")
    context = wire.tls_context(connection, Tls.OFF)
    links = Links(url.host, url.port or PORT, context, connection.pool)
    return Endpoint(connection, links, str(receiver), mode == "enhanced")


# A parent's links stay in the table after a fork: closing them would end them there.
_endpoints: dict[tuple[int, str, float], Endpoint] = {}
_lock = threading.Lock()


class Hl7Writer(Saves):
    """What deliveries ask of a HIS, but for reading; safe after a fork and between
    threads."""

    def __init__(self, dsn: str, deadline: float, setting: str) -> None:
        self._key = (dsn, float(deadline))
        self._setting = setting

    def kept_open(self) -> AbstractContextManager[None]:
        """Links are kept open anyway."""
        return nullcontext()

    def call(self, function: Function, values: Mapping[str, Any]) -> Answer:
        """Tell it once; raises HisRejected when the answer is a refusal."""
        if function.name != YW_PRIV_SAVE.name:
            problem = f"{function.name} 不可用 HL7 v2 只传送 {YW_PRIV_SAVE.name}"
            raise HisMisconfigured(self._setting, problem)
        there = self._endpoint()
        message = self._written(there, values)
        number = control_id(values["request_id"])
        with self._speaking(there, may_be_done=True) as frames:
            frames.send(message)
            reply = self._heard(there, frames, number)
        if reply.code != ACCEPTED:
            raise HisRejected(reply.code, reply.words)
        return Answer(reply.code, reply.words, reply.his_row_id)

    def ping(self) -> float:
        """Seconds until a link stood: HL7 v2 has no question that changes nothing."""
        started = time.perf_counter()
        with self._speaking(self._endpoint(), may_be_done=False):
            return time.perf_counter() - started

    def close(self) -> None:
        with _lock:
            found = _endpoints.pop((os.getpid(), *self._key), None)
        if found is not None:
            found.links.close()

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

    def _written(self, there: Endpoint, values: Mapping[str, Any]) -> bytes:
        encoding = there.connection.encoding
        text = notification(
            values,
            at=datetime.now(there.connection.zone),
            encoding=encoding,
            receiver=there.receiver,
            is_enhanced=there.is_enhanced,
        )
        try:
            return text.encode(encoding)
        except UnicodeEncodeError as error:
            # Left out or replaced, it would say something else than was approved.
            sign = text[error.start]
            raise HisRejected(
                NOT_ALLOWED, f"「{sign}」无法以 {encoding} 传送"
            ) from None

    def _heard(self, there: Endpoint, frames: Frames, number: str) -> Reply:
        """The answer to our message; in enhanced mode the one after the commit."""
        encoding = there.connection.encoding
        while True:
            reply = read(frames.receive().decode(encoding, "replace"), encoding)
            if reply.about != number:
                raise NotAnAnswer
            if not (reply.is_commit and there.is_enhanced and reply.code == ACCEPTED):
                return reply

    @contextmanager
    def _speaking(self, there: Endpoint, *, may_be_done: bool) -> Iterator[Frames]:
        with (
            watched(there.breaker, asks=not may_be_done),
            self._linked(there, may_be_done=may_be_done) as frames,
        ):
            yield frames

    @contextmanager
    def _linked(self, there: Endpoint, *, may_be_done: bool) -> Iterator[Frames]:
        wire.begin(there.connection.deadline)
        try:
            with there.links.link() as frames:
                yield frames
        except wire.Unreached:
            raise NothingHeard(_("HIS 未应答：连接不上")) from None
        except wire.Untrusted as error:
            raise HisMisconfigured(self._setting, f"TLS 不可信 {error}") from None
        except OSError:
            raise NothingHeard(_("HIS 应答丢失"), sent=may_be_done) from None
        except (BadFrame, NotAnAnswer):
            raise HisUnavailable(_("HIS 应答丢失"), sent=may_be_done) from None
