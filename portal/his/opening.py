"""The gateway of a site, chosen by the scheme of its DSN.

A transport is imported when it is asked for: no site needs them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import repeat
from typing import Any, NoReturn, Protocol

from django.conf import settings

from portal.his.connection import BadDsn
from portal.his.contract.shape import Function
from portal.his.gateway import (
    Failure,
    HisGateway,
    HisMisconfigured,
    HisUnavailable,
    Saved,
    Told,
)
from portal.his.messages import Answer, DoctorOpSave, OpGradeSave, PrivSave
from portal.his.named import WAYS
from portal.his.sql.engines import make_engines
from portal.his.sql.gateway import SqlGateway

READ, PUSH = "HIS_DSN", "HIS_PUSH_DSN"
ONLY_TELL = {"mllp:": "HL7 v2 ", "table+": "中间表"}


class Pusher(Protocol):
    """The part of a gateway that tells the HIS of changes."""

    def save_privilege(self, message: PrivSave) -> Answer: ...

    def save_doctor_op(self, message: DoctorOpSave) -> Answer: ...

    def save_op_grade(self, message: OpGradeSave) -> Answer: ...

    def call(self, function: Function, values: Mapping[str, Any]) -> Answer: ...

    def kept_open(self) -> AbstractContextManager[None]: ...

    def ping(self) -> float: ...

    def close(self) -> None: ...


def from_settings(deadline: float | None = None) -> HisGateway:
    """The gateway to the HIS this portal is set up for; cheap to call each time.

    Pages that only ask for a sign of life give a shorter ``deadline`` in seconds.
    """
    seconds = deadline or settings.HIS_TIMEOUT_SECONDS
    return open_gateway(settings.HIS_DSN, seconds, settings.HIS_PUSH_DSN)


def open_gateway(dsn: str, deadline: float, push_dsn: str = "") -> HisGateway:
    """A gateway to the HIS at ``dsn``; no call waits longer than ``deadline`` seconds.

    With ``push_dsn``, changes are sent there and read back from ``dsn``.
    """
    gateway = reading(dsn, deadline)
    return composed(gateway, pushing(push_dsn, deadline)) if push_dsn else gateway


def reading(dsn: str, deadline: float) -> HisGateway:
    if dsn.startswith("rest+"):
        from portal.his.rest import RestGateway

        return RestGateway(dsn, deadline)
    if dsn.startswith("files:"):
        from portal.his.files.gateway import FilesGateway

        return FilesGateway(dsn, deadline)
    for scheme, name in ONLY_TELL.items():
        if dsn.startswith(scheme):
            raise HisMisconfigured(READ, f"{name}不能读取，请写在 {PUSH}")
    return SqlGateway(dsn, deadline)


def pushing(dsn: str, deadline: float) -> Pusher:
    if dsn.startswith("rest+"):
        from portal.his.rest import RestGateway

        return RestGateway(dsn, deadline, PUSH)
    if dsn.startswith("mllp:"):
        from portal.his.hl7v2.gateway import Hl7Writer

        return Hl7Writer(dsn, deadline, PUSH)
    if dsn.startswith("table+"):
        from portal.his.sql.requests import RequestWriter

        return RequestWriter(dsn, deadline, PUSH)
    words = "只能是 mllp://、rest+http(s):// 或 table+ 加数据库地址"
    raise HisMisconfigured(PUSH, words)


def open_target(dsn: str, read_dsn: str, deadline: float) -> HisGateway:
    """A gateway that tells at ``dsn`` and reads back from ``read_dsn``; without one it
    reads nothing. Raises HisMisconfigured."""
    if read_dsn == dsn:
        return reading(dsn, deadline)
    pusher = pushing(dsn, deadline)
    return composed(reading(read_dsn, deadline) if read_dsn else Unread(), pusher)


def verify_target(dsn: str, read_dsn: str, deadline: float) -> None:
    """As ``verify``."""
    open_target(dsn, read_dsn, deadline)
    for given in {dsn, read_dsn} - {""}:
        try:
            endpoint_of(given)(given, deadline)
        except BadDsn as problem:
            raise HisMisconfigured("HIS_TARGETS", str(problem)) from None


def verify(dsn: str, deadline: float, push_dsn: str = "") -> None:
    """Raises HisMisconfigured for what can be seen to be wrong without asking the HIS."""
    open_gateway(dsn, deadline, push_dsn)
    for setting, given in ((READ, dsn), (PUSH, push_dsn)):
        try:
            if given:
                endpoint_of(given)(given, deadline)
        except BadDsn as problem:
            raise HisMisconfigured(setting, str(problem)) from None


def endpoint_of(dsn: str) -> Callable[[str, float], object]:
    """What makes an address of the text; raises BadDsn."""
    if dsn.startswith("rest+"):
        from portal.his import rest

        return rest.endpoint
    if dsn.startswith("mllp:"):
        from portal.his.hl7v2 import gateway as hl7v2

        return hl7v2.endpoint
    if dsn.startswith("files:"):
        from portal.his.files import gateway as files

        return files.endpoint
    return lambda given, deadline: make_engines(given.removeprefix("table+"), deadline)


class Unread:
    """Where a target only takes: nothing is read, nothing need be open."""

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        yield

    def shown(self, messages: Sequence[Saved]) -> list[None]:
        """Nobody asks what is not read back."""
        return [None] * len(messages)

    def ping(self) -> float:
        return 0.0

    def close(self) -> None:
        """Nothing was opened."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._nothing_to_read

    def _nothing_to_read(self, *_given: object, **_named: object) -> NoReturn:
        raise HisMisconfigured("HIS_TARGETS", "没有 read_dsn，不能读取")


class Composed:
    """Reads here, tells there; see ``portal.his.gateway.HisGateway``."""

    def __init__(self, reader: Any, pusher: Pusher) -> None:
        self._reader = reader
        self._pusher = pusher
        self.doctors = reader.doctors
        self.privileges = reader.privileges
        self.rows = reader.rows
        self.batches = reader.batches
        self.typed = reader.typed
        self.doctor_privilege = reader.doctor_privilege
        self.doctor_op = reader.doctor_op
        self.doctor_ops = reader.doctor_ops
        self.op_grade = reader.op_grade
        self.save_privilege = pusher.save_privilege
        self.save_doctor_op = pusher.save_doctor_op
        self.save_op_grade = pusher.save_op_grade
        self.call = pusher.call

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        with self._reader.kept_open(), self._pusher.kept_open():
            yield

    def ping(self) -> float:
        """Of the two: the HIS is there when both ways lead to it."""
        seconds: float = self._reader.ping()
        return seconds + self._pusher.ping()

    def close(self) -> None:
        self._reader.close()
        self._pusher.close()


class ComposedLater(Composed):
    """The same where the other side answers later; see ``AnswersLater``."""

    def __init__(self, reader: Any, pusher: Any) -> None:
        super().__init__(reader, pusher)
        self.answer_to = pusher.answer_to
        self.at_once = pusher.at_once
        self._put_each = pusher.put_each
        self._look_at = pusher.look_at

    def tell_each(self, messages: Sequence[Saved]) -> Iterator[Told]:
        function = WAYS[type(messages[0])].function
        rows = [vars(message) for message in messages]
        return self._read(messages, self._put_each(function, rows))

    def look_each(self, messages: Sequence[Saved]) -> Iterator[Told]:
        function = WAYS[type(messages[0])].function
        keys = [message.request_id for message in messages]
        return self._read(messages, self._look_at(function, keys))

    def _read(
        self, messages: Sequence[Saved], answers: Sequence[Answer | Failure | None]
    ) -> Iterator[Told]:
        """With the lines of those that are done, or that the HIS has forgotten."""
        both = zip(messages, answers, strict=True)
        done = [one for one, said in both if not isinstance(said, Exception)]
        try:
            lines = iter(self._reader.shown(done) if done else ())
        except (HisUnavailable, HisMisconfigured) as problem:
            lines = repeat(problem)
        for said in answers:
            yield Told(said, None if isinstance(said, Exception) else next(lines))


def composed(reader: Any, pusher: Pusher) -> HisGateway:
    is_later = hasattr(pusher, "answer_to")
    return ComposedLater(reader, pusher) if is_later else Composed(reader, pusher)
