"""One try: send and read back, or read back first. Nothing is written here."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from portal.his.gateway import (
    AnswersLater,
    Failure,
    HisMisconfigured,
    HisPending,
    HisRejected,
    HisUnavailable,
    HisWriter,
    TellsMany,
    Told,
)
from portal.his.messages import Answer
from portal.his.named import WAYS
from portal.outbox.claims import may_have_taken
from portal.outbox.comparison import Effect
from portal.outbox.kinds import Call
from portal.outbox.models import Message, State
from portal.outbox.outcomes import Outcome, Tried

logger = logging.getLogger(__name__)

TEXT_LENGTH = 300


def is_overtaken(message: Message) -> bool:
    """A later message took the same line's right away: this one would give it back."""
    if not getattr(message, "may_be_overtaken", True):
        return False
    later = message.of_stream(id__gt=message.pk, takes_away=True)
    taken = later.filter(may_have_taken()).order_by("id")
    return any(other.outdates(message) for other in taken)


def proved_before(message: Message) -> Call | None:
    """What we last proved to stand in the HIS on the line this message speaks of."""
    line = message.line
    earlier = message.of_stream(id__lt=message.pk, state=State.CONFIRMED).order_by(
        "-id"
    )
    others = earlier.iterator(chunk_size=50)
    return next((other.call for other in others if other.line == line), None)


def prepare(message: Message) -> None:
    """Read from our database what the try will need: lanes never ask it."""
    is_in_doubt = message.state == State.UNKNOWN
    message.proved_before = proved_before(message) if is_in_doubt else None


def try_some(
    gateway: HisWriter, messages: Sequence[Message], *, reads_back: bool = True
) -> list[tuple[Message, Tried]]:
    """The first of these, or as many from there on as the transport can be told at once.

    At least one was tried; what is not in the answer was not.
    """
    count = together(gateway, messages) if isinstance(gateway, TellsMany) else 1
    if count > 1:
        return try_many(gateway, messages[:count], reads_back=reads_back)
    first = messages[0]
    return [(first, try_safely(gateway, first, reads_back=reads_back))]


def is_brief(message: Message) -> bool:
    """Three calls at most, to read, to send and to read back: its lease needs no renewal
    meanwhile (``portal.W003``)."""
    return message.of.message in WAYS


def together(gateway: TellsMany, messages: Sequence[Message]) -> int:
    """How many of the first are alike: new, or waiting for the HIS to answer, of one
    call each, and none to be read first. Where the HIS answers later, of one kind too."""
    first = messages[0]
    is_later = isinstance(gateway, AnswersLater)
    states = {State.SENDING, State.DELIVERED} if is_later else {State.SENDING}
    if first.state not in states:
        return 1
    for count, message in enumerate(messages[: gateway.at_once]):
        is_alike = message.state == first.state
        is_alike &= message.of.message in WAYS and not message.reads_first
        is_alike &= message.of is first.of or not is_later
        if not is_alike:
            return count
    return min(len(messages), gateway.at_once)


def try_many(
    gateway: Any, messages: Sequence[Message], *, reads_back: bool = True
) -> list[tuple[Message, Tried]]:
    """Each told and read back by itself, without waiting for one before the next.

    Where nothing more is heard, all that was sent by then is in doubt; where nothing
    could be sent, only the first was tried.
    """
    done: list[tuple[Message, Tried]] = []
    calls: list[Any] = [message.call for message in messages]
    is_new = messages[0].state == State.SENDING
    tell = gateway.tell_each if is_new else gateway.look_each
    answers: Iterator[Told] | None = None
    begin = Begin()
    for message, call in zip(messages, calls, strict=True):
        attempt = _Attempt(gateway, message, call, reads_back, begin)
        try:
            answers = answers or tell(calls)
            told = next(answers)
        except (HisUnavailable, HisMisconfigured) as problem:
            is_sent = isinstance(problem, HisUnavailable) and problem.sent
            left = messages[len(done) :] if is_sent else [message]
            # It says the same of all of them.
            tried = attempt.failed(problem)
            done += [(one, tried) for one in left]
            break
        done.append((message, safely(message, partial(attempt.told, told))))
    return done


def try_safely(
    gateway: HisWriter, message: Message, *, reads_back: bool = True
) -> Tried:
    attempt = partial(try_once, gateway, message, reads_back=reads_back)
    return safely(message, attempt)


def safely(message: Message, work: Callable[[], Tried]) -> Tried:
    """The worker's outermost loop: a fault of our own parks one message, not all."""
    try:
        return work()
    except Exception:
        logger.exception("outbox message failed", extra={"message_id": message.pk})
        text = _("本系统程序出错，未能送达")
        return Tried(Outcome.ANSWER_LOST, timezone.now(), 0, text=text, is_unclear=True)


def try_once(gateway: HisWriter, message: Message, *, reads_back: bool = True) -> Tried:
    """What this message needs next, once; every failure becomes an outcome.

    A target that cannot be read back is believed, and is told again when its answer
    was lost: it answers a repeated request with its first answer.
    """
    return _Attempt(gateway, message, message.call, reads_back, Begin()).tried()


class Begin:
    """When a try began, be it of one or of many at once."""

    def __init__(self) -> None:
        self.at = timezone.now()
        self._clock = time.perf_counter()

    def milliseconds(self) -> int:
        return int((time.perf_counter() - self._clock) * 1000)


class _Attempt:
    def __init__(
        self, gateway: Any, message: Message, call: Call, reads_back: bool, begin: Begin
    ) -> None:
        self._gateway = gateway
        self._reads_back = reads_back
        self._message = message
        self._kind = message.of
        self._call = call
        self._answer: Answer | None = None
        self._begin = begin

    def tried(self) -> Tried:
        try:
            return self._run()
        except (HisRejected, HisPending, HisMisconfigured, HisUnavailable) as problem:
            return self.failed(problem)

    def _run(self) -> Tried:
        is_new = self._message.state == State.SENDING
        may_be_known = not is_new or self._message.reads_first
        if may_be_known and isinstance(self._gateway, AnswersLater):
            self._answer = self._kind.answer_to(self._gateway, self._call)
        if not self._reads_back:
            return self.ended(Outcome.ACCEPTED) if self._answer else self._send()
        if is_new and not self._message.reads_first:
            return self._send()
        # What the HIS has answered to is in no doubt.
        is_in_doubt = self._message.state != State.DELIVERED and self._answer is None
        return self._resolve() if is_in_doubt else self._read_back()

    def failed(self, problem: Failure) -> Tried:
        if isinstance(problem, HisRejected):
            code, text = problem.code, problem.message
            return self.ended(Outcome.REJECTED, code=code, text=text)
        if isinstance(problem, HisPending):
            return self.ended(Outcome.PENDING, text=str(problem))
        if isinstance(problem, HisUnavailable) and problem.sent:
            return self.ended(Outcome.ANSWER_LOST, text=str(problem))
        # Not read although it was taken is another thing than not sent.
        if self._answer:
            return self.ended(Outcome.DELIVERED, text=str(problem))
        is_wrong = isinstance(problem, HisMisconfigured)
        away = Outcome.MISCONFIGURED if is_wrong else Outcome.UNAVAILABLE
        return self.ended(away, text=str(problem))

    def told(self, told: Told) -> Tried:
        """One of many, of which the transport brought answer and line."""
        if isinstance(told.answer, Failure):
            return self.failed(told.answer)
        self._answer = told.answer
        if not self._reads_back:
            # The HIS has forgotten it: as if it were the only one.
            is_known = told.answer is not None
            return self.ended(Outcome.ACCEPTED) if is_known else self.tried()
        if isinstance(told.line, Failure):
            return self.failed(told.line)
        return self._compared(told.line)

    def _send(self) -> Tried:
        self._answer = self._kind.send(self._gateway, self._call)
        if not self._reads_back:
            return self.ended(Outcome.ACCEPTED)
        return self._read_back()

    def _read_back(self) -> Tried:
        return self._compared(self._kind.read(self._gateway, self._call))

    def _compared(self, line: Any) -> Tried:
        found = self._kind.differences(self._call, line)
        if not found:
            return self.ended(Outcome.CONFIRMED)
        return self.ended(Outcome.MISMATCH, text=_("回读不一致"), found=found)

    def _resolve(self) -> Tried:
        """The answer was lost, or a person has it told again: look first, send again only
        what clearly is not there."""
        line = self._kind.read(self._gateway, self._call)
        effect = self._effect(line)
        if effect is Effect.SHOWN and self._message.state == State.SENDING:
            text = _("HIS 已与本系统一致，没有再送")
            return self.ended(Outcome.CONFIRMED, text=text, is_unsent=True)
        if effect is Effect.SHOWN:
            return self.ended(Outcome.CONFIRMED)
        if effect is Effect.ABSENT and self._message.has_its_turn:
            return self._send()
        if effect is Effect.ABSENT:
            text = _("回读确认未生效，等前面的送达后再送")
            return self.ended(Outcome.ANSWER_LOST, text=text, is_absent=True)
        return self.ended(
            Outcome.ANSWER_LOST,
            text=_("回读无法判定，请核对后处理"),
            found=self._kind.differences(self._call, line),
            is_unclear=True,
        )

    def _effect(self, line: Any) -> Effect:
        """Whose line a person has judged is in no doubt: ours stands there or not."""
        if self._message.reads_first:
            found = self._kind.differences(self._call, line)
            return Effect.ABSENT if found else Effect.SHOWN
        return self._kind.effect(self._call, line, self._message.proved_before)

    def ended(
        self,
        outcome: Outcome,
        *,
        code: str = "",
        text: str = "",
        found: tuple[Any, ...] = (),
        is_unclear: bool = False,
        is_absent: bool = False,
        is_unsent: bool = False,
    ) -> Tried:
        answer = self._answer
        return Tried(
            outcome=outcome,
            started_at=self._begin.at,
            duration_ms=self._begin.milliseconds(),
            code=code or (answer.code if answer else ""),
            text=(text or (answer.message if answer else ""))[:TEXT_LENGTH],
            his_row_id=answer.his_row_id if answer else "",
            differences=found,
            is_unclear=is_unclear,
            is_absent=is_absent,
            is_unsent=is_unsent,
        )
