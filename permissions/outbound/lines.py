"""Ledger lines with their standing, as the rows of a HIS see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from permissions.enums import EventKind, GrantStatus
from permissions.ledger import Standing, fold
from permissions.models import Grant, GrantEvent, Privilege
from permissions.outbound.table import Spell
from permissions.queries.ledger import Known
from portal.parameters.days import day_of, last_day_of


@dataclass(frozen=True)
class Line:
    """A ledger line and what its events add up to."""

    grant: Grant
    standing: Standing

    def holds_at(self, moment: datetime) -> bool:
        return self.standing.holds_at(moment)

    def spell_at(self, moment: datetime) -> Spell:
        standing, first = self.standing, day_of(self.grant.valid_from)
        status, last = standing.status, last_day_of(standing.span.valid_to)
        if status is not GrantStatus.VOID:
            status = standing.status_at(moment)
        if standing.ended_at is not None:
            # Revoked before it began, it must still be a span of days for the HIS.
            last = max(day_of(standing.ended_at), first)
        return Spell(first, last, status, self.holds_at(moment))

    def turns_after(self, moment: datetime, *, with_ends: bool) -> Iterator[datetime]:
        """When it begins, ends or comes back by its dates alone, later than now."""
        standing = self.standing
        if standing.status in {GrantStatus.VOID, GrantStatus.REVOKED}:
            return
        ends = (standing.span.valid_from, standing.span.valid_to) if with_ends else ()
        for turn in (*ends, *(starts for starts, _status in standing.turns)):
            if turn is not None and turn > moment:
                yield turn


def read(grants: Sequence[Grant], thought_of: Sequence[GrantEvent]) -> list[Line]:
    """The lines with all that is saved of them, and with events only thought of.

    A grant that is itself only thought of has its one event.
    """
    events: dict[int, list[GrantEvent]] = defaultdict(list)
    for event in GrantEvent.objects.filter(grant__in=grants).order_by("pk"):
        events[event.grant_id].append(event)
    new = []
    for event in thought_of:
        if event.grant._state.adding:
            new.append((event.grant, fold(event.grant.span, [event])))
        elif event._state.adding:
            events[event.grant_id].append(event)
    folded = [(grant, fold(grant.span, events[grant.pk])) for grant in grants] + new
    return [Line(grant, standing) for grant, standing in folded if standing]


# What the rows of a HIS depend on; a house has hundreds of thousands of lines.
NEEDED = (
    *("practitioner_id", "privilege_id", "item_kind", "item_code", "role", "setting"),
    *("visit_no", "valid_from", "valid_to"),
)


def read_many(
    people: Collection[int], privileges: Mapping[int, Privilege]
) -> dict[int, list[Line]]:
    """Every line of these practitioners, by their keys; two queries.

    The grants know ``NEEDED`` alone, ``privileges`` are all there are.
    """
    rows = GrantEvent.objects.filter(grant__practitioner__in=people)
    rows = rows.exclude(kind=EventKind.GRANT).order_by("pk")
    later: dict[int, list[Known]] = defaultdict(list)
    for row in rows.values_list(*Known._fields):
        later[row[0]].append(Known._make(row))
    found: dict[int, list[Line]] = {person: [] for person in people}
    grants = Grant.objects.filter(practitioner__in=people).order_by("pk")
    for grant in grants.only(*NEEDED):
        grant.privilege = privileges[grant.privilege_id]
        # Every line begins with its grant, and most have nothing else: it is not read.
        begins = grant.valid_from
        first = Known(grant.pk, EventKind.GRANT, begins, begins, None)
        standing = fold(grant.span, [first, *later.get(grant.pk, ())])
        if standing is not None:
            found[grant.practitioner_id].append(Line(grant, standing))
    return found
