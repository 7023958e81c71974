"""Which lines an act would be refused for, before it is done.

The acts check again, one by one and locked; this answers for hundreds of lines with the
same few queries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from permissions.enums import EventKind, GrantStatus
from permissions.ledger import Span
from permissions.models import GrantEvent, GrantState
from permissions.queries.ledger import events_by_grant
from permissions.services import lines
from permissions.services.changes import added_by, must_be_as_seen, must_be_possible
from permissions.services.consequences import LastDay, day_for
from permissions.services.persons import must_not_be_own
from permissions.services.refusals import ActRefused
from portal.accounts.models import User
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
) -> dict[int, ActRefused]:
    """Why each line would be refused now, by key of the state; the others may be done.

    ``seen`` has the last event the page showed, by key of the state.
    """
    events = events_by_grant([state.grant_id for state in states])
    around = Around.of(states, at) if kind is EventKind.RENEW else None
    refused: dict[int, ActRefused] = {}
    for state in states:
        event = GrantEvent(
            grant=state.grant,
            kind=kind,
            effective_at=at,
            recorded_at=at,
            until=end_of(day_for(state, last_day)),
        )
        try:
            if kind in GIVING:
                must_not_be_own(by, state.practitioner_id)
            must_be_as_seen(state, (seen or {}).get(state.pk))
            must_be_possible(event, state, events[state.grant_id])
            if around is not None:
                around.must_leave_room(event, state)
        except ActRefused as refusal:
            refused[state.pk] = refusal
    return refused


@dataclass(frozen=True)
class Around:
    """What can stand in the way of a renewal, by practitioner: two queries."""

    sanctions: Mapping[int, list[GrantEvent]]
    others: Mapping[int, list[GrantState]]

    @classmethod
    def of(cls, states: Sequence[GrantState], at: datetime) -> Around:
        people = {state.practitioner_id for state in states}
        sanctions: dict[int, list[GrantEvent]] = defaultdict(list)
        for event in lines.sanctions_of(people, at):
            sanctions[event.grant.practitioner_id].append(event)
        ends = [state.valid_to for state in states if state.valid_to is not None]
        later = GrantState.objects.exclude(status=GrantStatus.VOID).filter(
            Q(valid_to__isnull=True) | Q(valid_to__gt=min(ends, default=at)),
            practitioner__in=people,
            privilege__in={state.privilege_id for state in states},
        )
        others: dict[int, list[GrantState]] = defaultdict(list)
        for other in later.order_by("valid_from", "pk"):
            others[other.practitioner_id].append(other)
        return cls(sanctions, others)

    def must_leave_room(self, event: GrantEvent, state: GrantState) -> None:
        person = state.practitioner_id
        lines.must_not_be_barred_by(
            self.sanctions[person], state.grant.privilege, event.recorded_at
        )
        added = added_by(event, state)
        for other in self.others[person]:
            is_same = other.pk != state.pk and other.key.meets(state.key)
            if is_same and _stands(other).meets(added):
                raise lines.overlaps_with(other)


def _stands(state: GrantState) -> Span:
    """The time in which a line keeps others of the same key away."""
    ends = [end for end in (state.valid_to, state.ended_at) if end is not None]
    return Span(state.valid_from, min(ends, default=None))
