"""One try: send and read back, or read back first. Nothing is written here."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from portal.his.gateway import (
    HisMisconfigured,
    HisRejected,
    HisUnavailable,
    HisWriter,
)
from portal.his.messages import Answer
from portal.outbox.claims import SENT
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
    later = message.of_stream(
        id__gt=message.pk, takes_away=True, state__in=SENT
    ).order_by("id")
    return any(other.outdates(message) for other in later)


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


def try_safely(
    gateway: HisWriter, message: Message, *, reads_back: bool = True
) -> Tried:
    """The worker's outermost loop: a fault of our own parks one message, not all."""
    try:
        return try_once(gateway, message, reads_back=reads_back)
    except Exception:
        logger.exception("outbox message failed", extra={"message_id": message.pk})
        text = _("本系统程序出错，未能送达")
        return Tried(Outcome.ANSWER_LOST, timezone.now(), 0, text=text, is_unclear=True)


def try_once(gateway: HisWriter, message: Message, *, reads_back: bool = True) -> Tried:
    """What this message needs next, once; every failure becomes an outcome.

    A target that cannot be read back is believed, and is told again when its answer
    was lost: it answers a repeated request with its first answer.
    """
    attempt = _Attempt(gateway, message, reads_back)
    try:
        return attempt.run()
    except HisRejected as error:
        return attempt.ended(Outcome.REJECTED, code=error.code, text=error.message)
    except HisMisconfigured as error:
        return attempt.ended(Outcome.MISCONFIGURED, text=str(error))
    except HisUnavailable as error:
        if error.sent:
            return attempt.ended(Outcome.ANSWER_LOST, text=str(error))
        return attempt.ended(attempt.when_away, text=str(error))


class _Attempt:
    def __init__(self, gateway: HisWriter, message: Message, reads_back: bool) -> None:
        self._gateway = gateway
        self._reads_back = reads_back
        self._message = message
        self._kind = message.of
        self._call = message.call
        self._answer: Answer | None = None
        self._started_at = timezone.now()
        self._begin = time.perf_counter()

    def run(self) -> Tried:
        if not self._reads_back:
            return self._send()
        match self._message.state:
            case State.SENDING:
                return self._send()
            case State.UNKNOWN:
                return self._resolve()
            case _:
                return self._read_back()

    @property
    def when_away(self) -> Outcome:
        """Not read although it was taken is another thing than not sent."""
        return Outcome.DELIVERED if self._answer else Outcome.UNAVAILABLE

    def _send(self) -> Tried:
        self._answer = self._kind.send(self._gateway, self._call)
        if not self._reads_back:
            return self.ended(Outcome.ACCEPTED)
        return self._read_back()

    def _read_back(self) -> Tried:
        line = self._kind.read(self._gateway, self._call)
        found = self._kind.differences(self._call, line)
        if not found:
            return self.ended(Outcome.CONFIRMED)
        return self.ended(Outcome.MISMATCH, text=_("回读不一致"), found=found)

    def _resolve(self) -> Tried:
        """The answer was lost: look first, send again only what clearly is not there."""
        line = self._kind.read(self._gateway, self._call)
        effect = self._kind.effect(self._call, line, self._message.proved_before)
        if effect is Effect.SHOWN:
            return self.ended(Outcome.CONFIRMED)
        if effect is Effect.ABSENT:
            return self._send()
        return self.ended(
            Outcome.ANSWER_LOST,
            text=_("回读无法判定，请核对后处理"),
            found=self._kind.differences(self._call, line),
            is_unclear=True,
        )

    def ended(
        self,
        outcome: Outcome,
        *,
        code: str = "",
        text: str = "",
        found: tuple[Any, ...] = (),
        is_unclear: bool = False,
    ) -> Tried:
        answer = self._answer
        return Tried(
            outcome=outcome,
            started_at=self._started_at,
            duration_ms=int((time.perf_counter() - self._begin) * 1000),
            code=code or (answer.code if answer else ""),
            text=(text or (answer.message if answer else ""))[:TEXT_LENGTH],
            his_row_id=answer.his_row_id if answer else "",
            differences=found,
            is_unclear=is_unclear,
        )
