"""Keeping promises: claim, send, read back, record. No transaction is open meanwhile.

``deliver_due`` works until nothing more is due. The first sign that the HIS is away
ends it: what was claimed is given back untouched and the next sweep tries one message
per lane, so a dead HIS costs one time-out per sweep and not one per message.
"""

from __future__ import annotations

import logging
import time
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
    summary = Summary()
    end = time.perf_counter() + seconds
    side_by_side = Lanes(
        lanes or settings.OUTBOX_LANES,
        partial(trying.try_safely, gateway),
        gateway.kept_open,
    )
    try:
        while not (summary.is_away or summary.is_cut):
            seen = look(gateway)
            claim = claims.claim_due(timezone.now(), batch, seen)
            if not claim.messages:
                break
            Run(claim, summary, end).deliver(side_by_side)
            if summary.has_answered and seen.is_backed_off:
                claims.call_back(timezone.now())
    finally:
        side_by_side.close()
    return summary


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
    """The delivery of one claim."""

    def __init__(self, claim: claims.Claim, summary: Summary, end: float) -> None:
        self._claim = claim
        self._summary = summary
        self._end = end
        self._recorder = Recorder(claim.token)
        self._left: set[int] = {message.pk for message in claim.messages}
        self._renew_at = time.perf_counter() + claims.lease().total_seconds() / 2

    def deliver(self, lanes: Lanes) -> None:
        """Until all is tried, the HIS is away, or the claim is no longer ours."""
        for group in lanes.run(self._to_try()):
            for message, tried in group:
                self._take_down(message, tried)
            if group:
                self._recorder.write(group)
            if time.perf_counter() > self._end:
                self._summary.is_cut = True
                lanes.stop()
            if not (lanes.is_stopped or self._is_still_ours()):
                lanes.stop()
        if self._left:
            claims.give_back(self._claim.token, self._left)
        lanes.is_stopped = self._summary.is_away or self._summary.is_cut

    def _to_try(self) -> list[Message]:
        """Without what was overtaken; with what a read-back will be held against."""
        found = []
        for message in self._claim.messages:
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
        if not claims.renew(self._claim.token, self._left, timezone.now()):
            logger.warning("outbox lease lost", extra={"messages": len(self._left)})
            return False
        self._renew_at = time.perf_counter() + claims.lease().total_seconds() / 2
        return True

    def _take_down(self, message: Message, tried: Tried) -> None:
        self._left.discard(message.pk)
        self._summary.count(tried.outcome)
        if tried.outcome in HAS_ANSWERED:
            self._summary.has_answered = True
        if tried.outcome in IS_AWAY:
            self._summary.is_away = True
            logger.warning(
                "outbox message not delivered",
                extra={"message_id": message.pk, "outcome": str(tried.outcome)},
            )
