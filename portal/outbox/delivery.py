"""Keeping promises: claim, send, read back, record. No transaction is open meanwhile.

``deliver_due`` works until nothing more is due. The first sign that the HIS is away
ends it: what was claimed is given back untouched and the next sweep tries one message
per lane, so a dead HIS costs one time-out per sweep and not one per message.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from django.conf import settings
from django.utils import timezone

from portal.his.gateway import HisMisconfigured, HisUnavailable, HisWriter
from portal.outbox import claims, trying
from portal.outbox.lanes import IS_AWAY, Lanes
from portal.outbox.models import Message
from portal.outbox.outcomes import Outcome, Tried
from portal.outbox.recording import Recorder

logger = logging.getLogger(__name__)

BATCH = 200
# One task ends after so long and rings for the next, so that a worker can be stopped.
LONGEST_SECONDS = 20.0
HAS_ANSWERED = frozenset({Outcome.CONFIRMED, Outcome.REJECTED, Outcome.MISMATCH})


@dataclass
class Summary:
    """What one call of ``deliver_due`` did."""

    tried: dict[Outcome, int] = field(default_factory=dict)
    is_away: bool = False  # the HIS did not answer
    has_answered: bool = False
    is_cut: bool = False  # time is up, more may be due

    def count(self, outcome: Outcome) -> None:
        self.tried[outcome] = self.tried.get(outcome, 0) + 1

    @property
    def total(self) -> int:
        return sum(self.tried.values())


def deliver_due(
    *,
    gateway: HisWriter,
    batch: int = BATCH,
    seconds: float = LONGEST_SECONDS,
    lanes: int | None = None,
) -> Summary:
    """Deliver what is due until nothing is, the HIS is away, or time is up."""
    run = Run(gateway, batch, time.perf_counter() + seconds)
    side_by_side = Lanes(
        lanes or settings.OUTBOX_LANES,
        partial(trying.try_safely, gateway),
        gateway.kept_open,
    )
    try:
        run.deliver(side_by_side)
    finally:
        side_by_side.close()
    return run.summary


def look(gateway: HisWriter) -> claims.Overview:
    """What there is to do, after messages of the dead and the patient were freed."""
    at = timezone.now()
    seen = claims.overview(at)
    freed = claims.release_dead(at) if seen.is_dead else 0
    is_quiet = not (seen.is_due or seen.is_to_read)
    if seen.is_backed_off and is_quiet and claims.is_worth_a_ping(at):
        freed += claims.call_back(at) if answers(gateway) else 0
    return claims.overview(at) if freed else seen


def answers(gateway: HisWriter) -> bool:
    try:
        gateway.ping()
    except (HisUnavailable, HisMisconfigured):
        return False
    return True


class Run:
    """One call of ``deliver_due``; all it claims carries one token."""

    def __init__(self, gateway: HisWriter, batch: int, end: float) -> None:
        self.summary = Summary()
        self._gateway = gateway
        self._batch = batch
        self._end = end
        self._token = uuid.uuid4()
        self._recorder = Recorder(self._token)
        self._left: set[int] = set()
        self._renew_at = time.perf_counter() + claims.lease().total_seconds() / 2

    def deliver(self, lanes: Lanes) -> None:
        """Until nothing is due, the HIS is away, or a claim is no longer ours."""
        for group in lanes.run(self._claim):
            for message, tried in group:
                self._take_down(message, tried)
            if group:
                self._recorder.write(group)
            self._judge(lanes)
        # Not after an error: what a lane has sent is not known here then, and stays
        # claimed until its lease ends and it is read back.
        if self._left:
            claims.give_back(self._token, self._left)

    def _claim(self) -> Sequence[Message]:
        """The next messages, ready to be tried."""
        seen = look(self._gateway)
        if self.summary.has_answered and seen.is_backed_off:
            claims.call_back(timezone.now())
            seen = claims.overview(timezone.now())
        found = claims.claim_due(timezone.now(), self._batch, seen, self._token)
        self._left.update(message.pk for message in found)
        todo = self._to_try(found)
        # All of them overtaken: what comes after them may go now.
        return todo if todo or not found else self._claim()

    def _judge(self, lanes: Lanes) -> None:
        """Whether to go on after a group."""
        if time.perf_counter() > self._end:
            self.summary.is_cut = True
        is_over = self.summary.is_cut or self.summary.is_away
        if is_over or not (lanes.is_stopped or self._is_still_ours()):
            lanes.stop()

    def _to_try(self, claimed: Sequence[Message]) -> list[Message]:
        """Without what was overtaken; with what a read-back will be held against."""
        found = []
        for message in claimed:
            if trying.is_overtaken(message):
                self._recorder.stop(message)
                self._left.discard(message.pk)
                continue
            trying.prepare(message)
            found.append(message)
        return found

    def _is_still_ours(self) -> bool:
        """Renew the lease in its second half; without it nothing more is sent."""
        if time.perf_counter() < self._renew_at or not self._left:
            return True
        if not claims.renew(self._token, self._left, timezone.now()):
            logger.warning("outbox lease lost", extra={"messages": len(self._left)})
            return False
        self._renew_at = time.perf_counter() + claims.lease().total_seconds() / 2
        return True

    def _take_down(self, message: Message, tried: Tried) -> None:
        self._left.discard(message.pk)
        self.summary.count(tried.outcome)
        if tried.outcome in HAS_ANSWERED:
            self.summary.has_answered = True
        if tried.outcome in IS_AWAY:
            self.summary.is_away = True
            logger.warning(
                "outbox message not delivered",
                extra={"message_id": message.pk, "outcome": str(tried.outcome)},
            )
