"""Keeping promises: claim, send, read back, record. No transaction is open meanwhile.

``deliver_due`` works until nothing more is due. The first sign that the HIS is away
ends it: what was claimed is given back untouched and the next sweep tries one message
per lane, so a dead HIS costs one time-out per sweep and not one per message.

One call works for one target. What is shut to it, or how much it may be told, is said
by its gate; a target that is away is asked by one worker at a time.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from django.conf import settings
from django.utils import timezone

from portal.his.gateway import (
    HisMisconfigured,
    HisUnavailable,
    HisWriter,
    TellsMany,
)
from portal.his.targets import DEFAULT, Target, target_of
from portal.outbox import claims, freeing, trying
from portal.outbox.gate import Gate
from portal.outbox.lanes import CHUNK, IS_AWAY, Lanes
from portal.outbox.models import Message
from portal.outbox.outcomes import Outcome
from portal.outbox.recording import Pair, Recorder

logger = logging.getLogger(__name__)

# One task ends after so long and rings for the next, so that a worker can be stopped.
LONGEST_SECONDS = 20.0
# What one look found serves so many claims, for so long: what takes a right away goes
# first from the next look on.
CLAIMS_AHEAD = 4
LOOK_SECONDS = 0.5
HAS_ANSWERED = frozenset(
    {
        Outcome.CONFIRMED,
        Outcome.ACCEPTED,
        Outcome.PENDING,
        Outcome.REJECTED,
        Outcome.MISMATCH,
    }
)


@dataclass
class Summary:
    """What one call of ``deliver_due`` did."""

    tried: dict[Outcome, int] = field(default_factory=dict)
    is_away: bool = False  # the HIS did not answer
    has_answered: bool = False
    is_cut: bool = False  # time is up, more may be due
    is_shut: bool = (
        False  # frozen, out of hours, or another worker asks whether it is back
    )
    is_limited: bool = False  # more may be due in the next second

    def count(self, outcomes: Counter[Outcome]) -> None:
        for outcome, count in outcomes.items():
            self.tried[outcome] = self.tried.get(outcome, 0) + count
        self.has_answered |= bool(outcomes.keys() & HAS_ANSWERED)
        self.is_away |= bool(outcomes.keys() & IS_AWAY)

    @property
    def total(self) -> int:
        return sum(self.tried.values())


def deliver_due(
    *,
    gateway: HisWriter,
    target: str = DEFAULT,
    batch: int | None = None,
    seconds: float = LONGEST_SECONDS,
    lanes: int | None = None,
) -> Summary:
    """Deliver to a target what is due until nothing is, it is away, or time is up.

    Raises HisMisconfigured for a target that is not set up.
    """
    count = lanes or settings.OUTBOX_LANES
    end = time.perf_counter() + seconds
    run = Run(gateway, target_of(target), batch, count, end)
    if not run.gate.enter(timezone.now()):
        return Summary(is_shut=True)
    side_by_side = Lanes(count, run.try_some, gateway.kept_open, run.chunk)
    try:
        run.deliver(side_by_side)
    finally:
        side_by_side.close()
        run.leave()
    return run.summary


def warn(group: Sequence[Pair]) -> None:
    for message, tried in group:
        if tried.outcome in IS_AWAY:
            logger.warning(
                "outbox message not delivered",
                extra={"message_id": message.pk, "outcome": str(tried.outcome)},
            )


def answers(gateway: HisWriter) -> bool:
    try:
        gateway.ping()
    except (HisUnavailable, HisMisconfigured):
        return False
    return True


class Run:
    """One call of ``deliver_due``; all it claims carries one token."""

    def __init__(
        self,
        gateway: HisWriter,
        target: Target,
        batch: int | None,
        lanes: int,
        end: float,
    ) -> None:
        self.summary = Summary()
        self.gate = Gate(target)
        self.try_some = partial(trying.try_some, gateway, reads_back=target.reads_back)
        self._gateway = gateway
        self._target = target
        self._batch = batch or target.batch
        at_once = gateway.at_once if isinstance(gateway, TellsMany) else 0
        # What a lane takes: more than usual only where it can be told at once. Then a
        # claim is of one for each lane.
        self.chunk = max(CHUNK, min(at_once, self._batch))
        is_one_lane = at_once and self._batch == self.chunk
        self._most = self._batch * lanes if is_one_lane else self._batch
        self._end = end
        self._token = uuid.uuid4()
        self._recorder = Recorder(self._token)
        self._left: set[int] = set()
        self._turns = claims.Turns()
        self._turns_until = 0.0
        self._renew_at = time.perf_counter() + claims.lease().total_seconds() / 2

    def deliver(self, lanes: Lanes) -> None:
        """Until nothing is due, the HIS is away, or a claim is no longer ours."""
        for group in lanes.run(self._claim, partial(self._keep, lanes)):
            self._take_down(group)
            if group:
                self._recorder.write(group)
            self._judge(lanes)
        # Not after an error: what a lane has sent is not known here then, and stays
        # claimed until its lease ends and it is read back.
        if self._left:
            claims.give_back(self._token, self._left)

    def leave(self) -> None:
        """Whatever happened: how the target was found."""
        self.gate.leave(
            timezone.now(),
            is_away=self.summary.is_away,
            has_answered=self.summary.has_answered,
        )

    def _look(self) -> claims.Overview:
        """What there is to do, after messages of the dead and the patient were freed."""
        at, name = timezone.now(), self._target.name
        seen = claims.overview(at, name)
        freed = freeing.release_dead(at, name) if seen.is_dead else 0
        is_quiet = not (seen.is_due or seen.is_to_read)
        if self.summary.has_answered and seen.is_backed_off:
            freed += freeing.call_back(at, name)
        elif seen.is_backed_off and is_quiet and freeing.is_worth_a_ping(at, name):
            freed += freeing.call_back(at, name) if answers(self._gateway) else 0
        return claims.overview(at, name) if freed else seen

    def _find_turns(self) -> None:
        seen = self._look()
        most = self._most * CLAIMS_AHEAD
        self._turns = claims.turns(timezone.now(), most, seen, self._target.name)
        self._turns_until = time.perf_counter() + LOOK_SECONDS

    def _claim_allowed(self) -> Sequence[Message]:
        """As many as the target may be told in this second."""
        at = timezone.now()
        most = self.gate.allowance(at, self._most)
        if not most:
            self.summary.is_limited = True
            self._turns = claims.Turns()
            return ()
        found = claims.claim_due(at, most, self._turns, self._token)
        self.gate.give_back(at, most - len(found))
        self._left.update(message.id for message in found)
        return found

    def _claim(self) -> Sequence[Message]:
        """The next messages, ready to be tried."""
        if time.perf_counter() > self._turns_until:
            self._turns = claims.Turns()
        todo = self._claim_of_turns()
        if not todo:
            self._find_turns()
            todo = self._claim_of_turns()
        return todo

    def _claim_of_turns(self) -> Sequence[Message]:
        """Until some are ours: others may have been faster."""
        todo: Sequence[Message] = ()
        while self._turns and not todo:
            found = self._claim_allowed()
            todo = self._to_try(found)
            if found and not todo:  # all overtaken: what comes after them may go now
                self._find_turns()
        return todo

    def _judge(self, lanes: Lanes) -> None:
        """Whether to go on after a group."""
        if time.perf_counter() > self._end:
            self.summary.is_cut = True
        if self.gate.is_shut(timezone.now()):
            self.summary.is_shut = True
        if self.summary.is_cut or self.summary.is_away or self.summary.is_shut:
            lanes.stop()
        elif not lanes.is_stopped:
            self._keep(lanes)

    def _keep(self, lanes: Lanes) -> None:
        """The claim while a lane is in a long call; nothing new once it is lost."""
        if not self._is_still_ours():
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

    def _take_down(self, group: Sequence[Pair]) -> None:
        self._left.difference_update([message.id for message, _tried in group])
        outcomes = Counter(tried.outcome for _message, tried in group)
        self.summary.count(outcomes)
        if outcomes.keys() & IS_AWAY:
            warn(group)
