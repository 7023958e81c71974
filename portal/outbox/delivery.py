"""Keeping promises: claim, send, read back, record. No transaction is open meanwhile.

``deliver_due`` works until nothing more is due. The first sign that the HIS is away
ends it: what was claimed is given back untouched and the next sweep tries one message,
so a dead HIS costs one time-out per sweep and not one per message.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

from django.utils import timezone

from portal.his.gateway import HisGateway, HisMisconfigured, HisUnavailable
from portal.outbox import claims, trying
from portal.outbox.models import Message
from portal.outbox.outcomes import Outcome
from portal.outbox.recording import Recorder

logger = logging.getLogger(__name__)

BATCH = 200
# One task ends after so long and rings for the next, so that a worker can be stopped.
LONGEST_SECONDS = 20.0
IS_AWAY = frozenset({Outcome.UNAVAILABLE, Outcome.DELIVERED, Outcome.MISCONFIGURED})

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
    *, gateway: HisGateway, batch: int = BATCH, seconds: float = LONGEST_SECONDS
) -> Summary:
    """Deliver what is due until nothing is, the HIS is away, or time is up."""
    summary = Summary()
    end = time.perf_counter() + seconds
    claims.release_dead(timezone.now())
    if claims.is_worth_a_ping(timezone.now()) and answers(gateway):
        claims.call_back(timezone.now())
    while not summary.is_away:
        claim = claims.claim_due(timezone.now(), batch)
        if not claim.messages:
            break
        Run(gateway, claim, summary, end).deliver()
        if time.perf_counter() > end:
            summary.is_cut = True
            break
    return summary


def answers(gateway: HisGateway) -> bool:
    try:
        gateway.ping()
    except (HisUnavailable, HisMisconfigured):
        return False
    return True


class Run:
    """The delivery of one claim."""

    def __init__(
        self, gateway: HisGateway, claim: claims.Claim, summary: Summary, end: float
    ) -> None:
        self._gateway = gateway
        self._claim = claim
        self._summary = summary
        self._end = end
        self._recorder = Recorder(claim.token)
        self._left: set[int] = {message.pk for message in claim.messages}
        self._renew_at = time.perf_counter() + claims.lease().total_seconds() / 2

    def deliver(self) -> None:
        """Message by message, until the HIS is away or the claim is no longer ours."""
        for message in self._claim.messages:
            if not self._is_still_ours():
                break
            self._deliver_one(message)
            self._left.discard(message.pk)
            if self._summary.is_away or time.perf_counter() > self._end:
                break
        self._recorder.flush()
        if self._left:
            claims.give_back(self._claim.token, self._left)

    def _is_still_ours(self) -> bool:
        """Renew the lease in its second half; without it nothing more is sent."""
        if time.perf_counter() < self._renew_at:
            return True
        self._recorder.flush()
        if not claims.renew(self._claim.token, self._left, timezone.now()):
            logger.warning("outbox lease lost", extra={"messages": len(self._left)})
            return False
        self._renew_at = time.perf_counter() + claims.lease().total_seconds() / 2
        return True

    def _deliver_one(self, message: Message) -> None:
        try:
            if trying.is_overtaken(message):
                self._recorder.stop(message)
                return
            tried = trying.try_once(self._gateway, message)
        except Exception:  # the worker's outermost loop: one message, not all
            logger.exception("outbox message failed", extra={"message_id": message.pk})
            tried = trying.failed_here()
        self._summary.count(tried.outcome)
        if tried.outcome in IS_AWAY:
            self._summary.is_away = True
            logger.warning(
                "outbox message not delivered",
                extra={"message_id": message.pk, "outcome": str(tried.outcome)},
            )
        self._recorder.add(message, tried)
        if not self._summary.has_answered and tried.outcome in HAS_ANSWERED:
            self._summary.has_answered = True
            claims.call_back(timezone.now())
