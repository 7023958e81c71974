"""Ledger lines with their standing, as the rows of a HIS see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from permissions.enums import EventKind, GrantStatus
from permissions.ledger import Happened, Span, Standing, fold
from permissions.models import Grant, GrantEvent, Privilege
from permissions.outbound.table import Spell
from permissions.outbound.ways import Terms
from permissions.queries.ledger import Known
from portal.parameters.days import day_of, last_day_of
from portal.prepared import Prepared


class Given(Terms, Protocol):
    """A grant as far as the rows of a HIS depend on it."""

    @property
    def practitioner_id(self) -> int: ...

    @property
    def valid_from(self) -> datetime: ...

    @property
    def valid_to(self) -> datetime | None: ...

    @property
    def span(self) -> Span: ...


@dataclass(slots=True)
class Line:
    """A ledger line and, once it is asked for, what its events add up to.

    The event of the grant may be missing: it says nothing more.
    """

    grant: Given
    events: Sequence[Happened]
    _standing: Standing | None = None

    @property
    def standing(self) -> Standing:
        if self._standing is None:
            span = self.grant.span
            granted = Standing(span, (), GrantStatus.ACTIVE, span.valid_from)
            self._standing = fold(span, self.events) or granted
        return self._standing

    def is_over_by(self, moment: datetime) -> bool:
        """Its days alone ended it, so that no event needs to be thought through."""
        end = self.grant.valid_to
        if end is None or end > moment:
            return False
        return all(event.kind != EventKind.RENEW for event in self.events)

    def holds_at(self, moment: datetime) -> bool:
        return self.standing.holds_at(moment)

    def spell_at(self, moment: datetime) -> Spell:
        if not self.events:  # as most lines: nothing happened since it was granted
            start, end = self.grant.valid_from, self.grant.valid_to
            holds = start <= moment and (end is None or moment < end)
            return Spell(day_of(start), last_day_of(end), GrantStatus.ACTIVE, holds)
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
            new.append(Line(event.grant, [event]))
        elif event._state.adding:
            events[event.grant_id].append(event)
    saved = [Line(grant, events[grant.pk]) for grant in grants if events[grant.pk]]
    return saved + new


# Events by the key of their grant, in the order they were recorded.
Later = Mapping[int, Sequence[Known]]


class Written(NamedTuple):
    """A grant read without its model: a house has hundreds of thousands."""

    privilege: Privilege
    pk: int
    practitioner_id: int
    privilege_id: int
    item_kind: str
    item_code: str
    role: str
    setting: str
    visit_no: str
    valid_from: datetime
    valid_to: datetime | None

    @property
    def span(self) -> Span:
        return Span(self.valid_from, self.valid_to)


GRANTS = Prepared(
    lambda *people: (
        Grant.objects.filter(practitioner__in=people)
        .order_by("pk")
        .values_list(*Written._fields[1:])
    )
)
# Every line begins with its grant, and most have nothing else: it is not read.
LATER = Prepared(
    lambda *people: (
        GrantEvent.objects.filter(grant__practitioner__in=people)
        .exclude(kind=EventKind.GRANT)
        .order_by("pk")
        .values_list(*Known._fields)
    )
)


def happened_to(people: Collection[int]) -> Later:
    """What happened after their grants to the lines of these practitioners.

    A database may read all events there are to answer it, so that few questions about
    many people cost less than many about few.
    """
    later: dict[int, list[Known]] = {}
    for row in LATER.rows_of(sorted(people)):
        later.setdefault(row[0], []).append(Known._make(row))
    return later


def read_many(
    people: Collection[int],
    privileges: Mapping[int, Privilege],
    later: Later | None = None,
) -> dict[int, list[Line]]:
    """Every line of these practitioners, by their keys.

    ``privileges`` are all there are; ``later`` what ``happened_to`` them, where it was
    asked before.
    """
    keys = sorted(people)
    later = happened_to(keys) if later is None else later
    found: dict[int, list[Line]] = {person: [] for person in people}
    for row in GRANTS.rows_of(keys):
        grant = Written(privileges[row[2]], *row)
        found[row[1]].append(Line(grant, later.get(row[0], ())))
    return found
