"""Which lines an act would be refused for, before it is done.

The acts check again, one by one and locked; this answers for hundreds of lines with the
same few queries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from permissions.enums import EventKind, GrantStatus
from permissions.ledger import LineKey, Span
from permissions.models import GrantEvent, GrantState, Privilege
from permissions.queries.ledger import events_by_grant
from permissions.services import lines
from permissions.services.changes import (
    must_be_as_seen,
    must_be_free,
    must_be_possible,
)
from permissions.services.consequences import LastDay, day_for
from permissions.services.ground import Asked
from permissions.services.persons import must_not_be_own
from permissions.services.ready_many import ReadyMany
from permissions.services.refusals import ActRefused
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import end_of

GIVING = frozenset({EventKind.RENEW, EventKind.RESTORE})


def refused_ahead(
    states: Sequence[GrantState],
    kind: EventKind,
    *,
    by: User,
    at: datetime,
    last_day: LastDay = None,
    seen: Mapping[int, int] | None = None,
    effective_at: datetime | None = None,
) -> dict[int, ActRefused]:
    """Why each line would be refused now, by key of the state; the others may be done.

    ``effective_at`` lies back when the act is recorded late. ``seen`` has the last event the page showed, by key of the state.
    """
    events = events_by_grant([state.grant_id for state in states])
    around = Around(states, at) if kind is EventKind.RENEW else None
    refused: dict[int, ActRefused] = {}
    for state in states:
        event = GrantEvent(
            grant=state.grant,
            kind=kind,
            effective_at=effective_at or at,
            recorded_at=at,
            until=end_of(day_for(state, last_day)),
        )
        try:
            if kind in GIVING:
                must_not_be_own(by, state.practitioner_id)
            must_be_as_seen(state, (seen or {}).get(state.pk))
            must_be_possible(event, state, events[state.grant_id])
            if around is not None:
                must_be_free(event, state, around)
        except ActRefused as refusal:
            refused[state.pk] = refusal
    return refused


class Around(Asked):
    """What can stand in the way of renewals, read once for all of them."""

    def __init__(self, states: Sequence[GrantState], at: datetime) -> None:
        people = sorted({state.practitioner_id for state in states})
        self._sanctions: dict[int, list[GrantEvent]] = defaultdict(list)
        for event in lines.sanctions_of(people, at):
            self._sanctions[event.grant.practitioner_id].append(event)
        ends = [state.valid_to for state in states if state.valid_to is not None]
        later = GrantState.objects.exclude(status=GrantStatus.VOID).filter(
            Q(valid_to__isnull=True) | Q(valid_to__gt=min(ends, default=at)),
            practitioner__in=people,
            privilege__in={state.privilege_id for state in states},
        )
        self._others: dict[int, list[GrantState]] = defaultdict(list)
        for other in later.order_by("valid_from", "pk"):
            self._others[other.practitioner_id].append(other)
        self._ready = ReadyMany()
        self._ready.read(people, {state.grant.privilege.code for state in states})

    def sanctions(self, practitioner_id: int, since: datetime) -> Sequence[GrantEvent]:
        return self._sanctions[practitioner_id]

    def must_be_ready(
        self,
        practitioner: Practitioner,
        privilege: Privilege,
        *,
        begins: datetime,
        ends: datetime | None,
        besides: Collection[str] = (),
    ) -> None:
        self._ready.must_be_ready(
            practitioner, privilege, begins=begins, ends=ends, besides=besides
        )

    def met(
        self, key: LineKey, span: Span, but: GrantState | None
    ) -> GrantState | None:
        for other in self._others[key.practitioner]:
            is_other = but is None or other.pk != but.pk
            if is_other and other.key.meets(key) and _stands(other).meets(span):
                return other
        return None


def _stands(state: GrantState) -> Span:
    """The time in which a line keeps others of the same key away."""
    ends = [end for end in (state.valid_to, state.ended_at) if end is not None]
    return Span(state.valid_from, min(ends, default=None))
