"""What the events of a grant add up to, now and at any moment, as known at any moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db.models import Prefetch

from permissions.enums import EventKind, GrantStatus
from permissions.models import Grant, GrantEvent
from portal.directory.models import Practitioner

# Which status each event leads to, and in which statuses it may happen.
STATUS_AFTER = {
    EventKind.GRANT: GrantStatus.ACTIVE,
    EventKind.SUSPEND: GrantStatus.SUSPENDED,
    EventKind.RESTORE: GrantStatus.ACTIVE,
    EventKind.REVOKE: GrantStatus.REVOKED,
    EventKind.VOID: GrantStatus.VOID,
}
POSSIBLE_IN = {
    EventKind.SUSPEND: frozenset({GrantStatus.ACTIVE}),
    EventKind.RESTORE: frozenset({GrantStatus.SUSPENDED}),
    EventKind.REVOKE: frozenset({GrantStatus.ACTIVE, GrantStatus.SUSPENDED}),
    EventKind.VOID: frozenset({GrantStatus.ACTIVE, GrantStatus.SUSPENDED}),
}


class Happened(Protocol):
    """The part of an event that counts."""

    @property
    def kind(self) -> str: ...

    @property
    def effective_at(self) -> datetime: ...

    @property
    def recorded_at(self) -> datetime: ...


@dataclass(frozen=True)
class Span:
    """From when to when a grant was meant to hold; the end is exclusive."""

    valid_from: datetime
    valid_to: datetime | None

    def contains(self, moment: datetime) -> bool:
        has_begun = self.valid_from <= moment
        return has_begun and (self.valid_to is None or moment < self.valid_to)


def fold(events: Iterable[Happened]) -> GrantStatus | None:
    """The status a grant's events, in order, lead to; None without any event."""
    status: GrantStatus | None = None
    for event in events:
        status = STATUS_AFTER[EventKind(event.kind)]
    return status


def status_at(
    events: Sequence[Happened], *, at: datetime, known_at: datetime | None = None
) -> GrantStatus | None:
    """The status at a moment, by what was recorded until ``known_at`` (None: ever).

    Void says it never was: once known, it counts for every moment.
    """
    known = [
        event for event in events if known_at is None or event.recorded_at <= known_at
    ]
    if any(event.kind == EventKind.VOID for event in known):
        return GrantStatus.VOID
    return fold(event for event in known if event.effective_at <= at)


def holds_at(
    span: Span,
    events: Sequence[Happened],
    *,
    at: datetime,
    known_at: datetime | None = None,
) -> bool:
    """Does the right hold at that moment, as known then?"""
    status = status_at(events, at=at, known_at=known_at)
    return status is GrantStatus.ACTIVE and span.contains(at)


def privileges_of(
    practitioner: Practitioner, at: datetime, known_at: datetime | None = None
) -> list[Grant]:
    """The grants that held for a practitioner at ``at``, as known at ``known_at``.

    Read from the events alone: what was recorded later changes nothing about what
    was known then.
    """
    events = GrantEvent.objects.order_by("pk")
    grants = (
        Grant.objects.filter(practitioner=practitioner)
        .select_related("privilege")
        .prefetch_related(Prefetch("events", events, to_attr="ledger_events"))
        .order_by("privilege__sort", "item_code", "pk")
    )
    return [
        grant
        for grant in grants
        if holds_at(
            Span(grant.valid_from, grant.valid_to),
            grant.ledger_events,
            at=at,
            known_at=known_at,
        )
    ]
