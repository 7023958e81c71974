"""Whether a target may be told now, and how much: freeze, hours, limit, and its absence.

One row per target (``TargetState``), changed by conditional UPDATEs alone, so that any
number of workers agree.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.db.models.query import QuerySet

from portal.his.targets import Target
from portal.outbox.models import EVERY_TARGET, TargetState
from portal.prepared import Prepared

STATE = ("name", "away_since", "frozen_at", "frozen_until")
# Asked after each group that was told.
STATES = Prepared(
    lambda name, every: (
        TargetState.objects.filter(name__in=(name, every))
        .order_by("name")
        .values_list(*STATE)
    )
)
# A count that changed meanwhile is read again so often.
RACES = 5


class Gate:
    """What stands before one target; ``target`` is as it is set up."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._is_away = False
        self._asks = False

    def is_shut(self, at: datetime) -> bool:
        """Frozen, or outside of its hours; one query."""
        if not self._target.is_open(at):
            return True
        rows = STATES.rows(self._target.name, EVERY_TARGET)
        states = [TargetState(**dict(zip(STATE, row, strict=True))) for row in rows]
        self._is_away = any(
            row.away_since is not None for row in states if row.name != EVERY_TARGET
        )
        return any(row.is_frozen(at) for row in states)

    def enter(self, at: datetime) -> bool:
        """May this worker begin? Of a target that is away one alone asks: the others
        would wait for its silence, and what other targets have to be told with them."""
        if self.is_shut(at):
            return False
        if not self._is_away:
            return True
        lease = timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
        is_free = Q(asked_until__isnull=True) | Q(asked_until__lt=at)
        self._asks = self._mine.filter(is_free).update(asked_until=at + lease) > 0
        return self._asks

    def leave(self, at: datetime, *, is_away: bool, has_answered: bool) -> None:
        """What the worker found; written only where it is news."""
        if is_away and not self._is_away:
            self._made.filter(away_since__isnull=True).update(away_since=at)
        if has_answered and not is_away and self._is_away:
            self._mine.update(away_since=None, asked_until=None)
        elif self._asks:
            self._mine.update(asked_until=None)

    def allowance(self, at: datetime, wanted: int) -> int:
        """How many of ``wanted`` may be told in this second; they count as told."""
        most = self._target.per_second
        if not most:
            return wanted
        second = at.replace(microsecond=0)
        # Another second, be it an earlier one: a clock may have been set back.
        self._made.exclude(told_in=second).update(told_in=second, told=0)
        counted = self._mine.filter(told_in=second)
        for _race in range(RACES):
            told = counted.values_list("told", flat=True).first()
            if told is None or (free := min(wanted, most - told)) <= 0:
                return 0
            if counted.filter(told=told).update(told=told + free):
                return free
        return 0

    def give_back(self, at: datetime, count: int) -> None:
        """So many were allowed and not needed."""
        if self._target.per_second and count:
            same = self._mine.filter(told_in=at.replace(microsecond=0), told__gte=count)
            same.update(told=F("told") - count)

    @property
    def _mine(self) -> QuerySet[TargetState]:
        return TargetState.objects.filter(name=self._target.name).order_by()

    @property
    def _made(self) -> QuerySet[TargetState]:
        """The row, made where there was none."""
        TargetState.objects.get_or_create(name=self._target.name)
        return self._mine
