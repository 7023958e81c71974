"""What held at any moment, as known at any moment, read from the ledger alone.

The conditions of ``holding`` say for the database what ``permissions.ledger.fold`` says
for one line; a property test holds both to a brute-force oracle. They are plain
``EXISTS`` over the few events that are no grant, so every engine can plan them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from permissions.enums import EventKind
from permissions.ledger import ENDING, Standing, fold
from permissions.models import Grant, GrantEvent
from portal.directory.models import Practitioner

STOPPING = (EventKind.SUSPEND, *sorted(ENDING))
ORDER = ("privilege__sort", "item_code", "pk")
TURNING = (*STOPPING, EventKind.RESTORE)


def holding(
    at: datetime, known_at: datetime | None = None, **only: Any
) -> QuerySet[Grant]:
    """Lines that hold at ``at``, as known at ``known_at`` (None: now), unordered.

    ``only`` are fields of Grant. They narrow the renewals too, which are read as a set
    of their own: an ``EXISTS`` beside an ``OR`` is asked row by row, and PostgreSQL's
    estimate of that is so high that it compiles the query for a second.
    """
    known = Q() if known_at is None else Q(recorded_at__lte=known_at)
    events = GrantEvent.objects.order_by()
    theirs = {f"grant__{name}": value for name, value in only.items()}
    taken_back = events.filter(known, undoes=OuterRef("pk"))
    renewed = events.filter(
        ~Exists(taken_back), known, kind=EventKind.RENEW, until__gt=at, **theirs
    )
    void = events.filter(known, kind=EventKind.VOID, grant=OuterRef("pk"))
    return Grant.objects.order_by().filter(
        Q(valid_to__isnull=True)
        | Q(valid_to__gt=at)
        | Q(pk__in=renewed.values("grant")),
        ~Exists(void),
        ~Exists(_stopping(at, known)),
        known,
        valid_from__lte=at,
        **only,
    )


def _stopping(at: datetime, known: Q) -> QuerySet[GrantEvent]:
    """The suspension or end of the outer line that counts at ``at``: none came after."""
    later = GrantEvent.objects.order_by().filter(
        Q(effective_at__gt=OuterRef("effective_at"))
        | Q(effective_at=OuterRef("effective_at"), pk__gt=OuterRef("pk")),
        known,
        grant=OuterRef("grant"),
        kind__in=TURNING,
        effective_at__lte=at,
    )
    return GrantEvent.objects.order_by().filter(
        Q(until__isnull=True) | Q(until__gt=at),
        ~Exists(later),
        known,
        grant=OuterRef("pk"),
        kind__in=STOPPING,
        effective_at__lte=at,
    )


class Known(NamedTuple):
    """An event as the fold reads it."""

    grant_id: int
    kind: str
    effective_at: datetime
    recorded_at: datetime
    until: datetime | None


def privileges_of(
    practitioner: Practitioner, at: datetime, known_at: datetime | None = None
) -> list[Grant]:
    """The lines that held for a practitioner at ``at``, as known at ``known_at``.

    What was recorded later changes nothing about what was known then. One person's
    lines are few: they are folded here, which is faster than planning the large query.
    """
    return lines_of([practitioner.pk], at, known_at)[practitioner.pk]


def lines_of(
    people: Collection[int], at: datetime, known_at: datetime | None = None
) -> dict[int, list[Grant]]:
    """The same for several practitioners, by their keys; two queries."""
    lines = Grant.objects.filter(practitioner__in=people, valid_from__lte=at)
    lines = lines.select_related("privilege").order_by(*ORDER)
    rows = GrantEvent.objects.filter(grant__practitioner__in=people)
    if known_at is not None:
        rows = rows.filter(recorded_at__lte=known_at)
    events: dict[int, list[Known]] = defaultdict(list)
    for row in rows.order_by("pk").values_list(*Known._fields):
        events[row[0]].append(Known._make(row))
    held: dict[int, list[Grant]] = {person: [] for person in people}
    for grant in lines:
        found = fold(grant.span, events[grant.pk])
        if found and found.holds_at(at):
            held[grant.practitioner_id].append(grant)
    return held


def able_to(
    item_code: str, at: datetime, known_at: datetime | None = None
) -> list[Grant]:
    """Lines made for one procedure, drug or device that held; who holds them is in each.

    Classes that reach a procedure by its grade are the check engine's matter.
    """
    lines = _ready(holding(at, known_at, item_code=item_code))
    return list(lines.order_by("practitioner__pinyin", "practitioner__emp_no", "pk"))


def privileges_in(
    department_code: str, at: datetime, known_at: datetime | None = None
) -> list[Grant]:
    """Lines that held, given to practitioners as members of the department."""
    lines = _ready(holding(at, known_at, department_code=department_code))
    return list(lines.order_by("practitioner__pinyin", "practitioner__emp_no", "pk"))


def _ready(lines: QuerySet[Grant]) -> QuerySet[Grant]:
    with_all = lines.select_related("privilege", "practitioner")
    return with_all.order_by(*ORDER)


class RosterLine(NamedTuple):
    """One line of the roster of a day; codes and keys, no names."""

    practitioner_id: int
    privilege_id: int
    item_code: str
    role: str
    setting: str
    campus: str
    side: str
    grant_id: int


def roster(at: datetime, known_at: datetime | None = None) -> Iterator[RosterLine]:
    """Every line of the house that held, unordered, streamed."""
    columns = ("practitioner_id", "privilege_id", *RosterLine._fields[2:-1], "pk")
    rows = holding(at, known_at).values_list(*columns)
    return map(RosterLine._make, rows.iterator(chunk_size=5_000))


# --- two moments ----------------------------------------------------------------------

Reason = tuple[Grant, GrantEvent | None]


@dataclass(frozen=True)
class Difference:
    """What held at the second moment alone, and what at the first alone.

    ``gained`` comes with what began each: its grant, or the restoration of a suspended
    one; None when a suspension ended by its date. ``lost`` comes with what ended each:
    None when it ended by its own date.
    """

    gained: tuple[Reason, ...]
    lost: tuple[Reason, ...]


def difference(
    practitioner: Practitioner,
    first: datetime,
    second: datetime,
    known_at: datetime | None = None,
) -> Difference:
    """What changed for a practitioner between two moments."""
    before = privileges_of(practitioner, first, known_at)
    after = privileges_of(practitioner, second, known_at)
    return _between(before, after, first, second, known_at)


def difference_for(
    item_code: str,
    first: datetime,
    second: datetime,
    known_at: datetime | None = None,
) -> Difference:
    """Who gained and who lost a line made for one procedure, drug or device."""
    before = able_to(item_code, first, known_at)
    after = able_to(item_code, second, known_at)
    return _between(before, after, first, second, known_at)


def difference_in(
    department_code: str,
    first: datetime,
    second: datetime,
    known_at: datetime | None = None,
) -> Difference:
    """What was gained and lost of the lines given to members of a department."""
    before = privileges_in(department_code, first, known_at)
    after = privileges_in(department_code, second, known_at)
    return _between(before, after, first, second, known_at)


def _between(
    before: Sequence[Grant],
    after: Sequence[Grant],
    first: datetime,
    second: datetime,
    known_at: datetime | None,
) -> Difference:
    """Two more queries, however many lines there are."""
    held, holding_now = {one.pk for one in before}, {one.pk for one in after}
    came = [grant for grant in after if grant.pk not in held]
    gone = [grant for grant in before if grant.pk not in holding_now]
    began = _what_began(came, first, second, known_at)
    ended = _what_ended(gone, second, known_at)
    return Difference(
        gained=tuple((grant, began.get(grant.pk)) for grant in came),
        lost=tuple((grant, ended.get(grant.pk)) for grant in gone),
    )


def _what_began(
    grants: Sequence[Grant],
    first: datetime,
    second: datetime,
    known_at: datetime | None,
) -> dict[int, GrantEvent]:
    """The grant of a line that begins later, else the last restoration in between."""
    new = [grant.pk for grant in grants if grant.valid_from > first]
    old = [grant.pk for grant in grants if grant.valid_from <= first]
    known = Q() if known_at is None else Q(recorded_at__lte=known_at)
    granted = Q(kind=EventKind.GRANT, grant__in=new)
    restored = Q(kind=EventKind.RESTORE, grant__in=old, effective_at__lte=second)
    found = GrantEvent.objects.filter(known, granted | restored)
    return {
        event.grant_id: event
        for event in found.select_related("by").order_by("effective_at", "pk")
        if event.kind == EventKind.GRANT or event.effective_at > first
    }


def _what_ended(
    grants: Sequence[Grant], at: datetime, known_at: datetime | None
) -> dict[int, GrantEvent]:
    known = Q() if known_at is None else Q(recorded_at__lte=known_at)
    counting = Q(kind=EventKind.VOID) | Q(kind__in=STOPPING, effective_at__lte=at)
    found = GrantEvent.objects.filter(known, counting, grant__in=grants)
    return {
        event.grant_id: event
        for event in found.select_related("by").order_by("effective_at", "pk")
        if event.until is None or event.until > at
    }


# --- one line -------------------------------------------------------------------------


def standing_of_line(grant: Grant, known_at: datetime | None = None) -> Standing | None:
    """The fold of one line's events; None when it was not known yet."""
    events = GrantEvent.objects.filter(grant=grant).order_by("pk")
    return fold(grant.span, events, known_at=known_at)


def as_recorded(grant: Grant) -> list[GrantEvent]:
    """The events of a line in the order they were recorded."""
    return list(GrantEvent.objects.filter(grant=grant).order_by("pk"))


def end_before_last(grant: Grant) -> datetime | None:
    """When a line ended before what was recorded of it last."""
    before = fold(grant.span, as_recorded(grant)[:-1])
    return before.span.valid_to if before else None


def events_by_grant(grants: Collection[int]) -> dict[int, list[GrantEvent]]:
    """The same for several lines, by their keys; one query."""
    found: dict[int, list[GrantEvent]] = {grant: [] for grant in grants}
    for event in GrantEvent.objects.filter(grant__in=grants).order_by("pk"):
        found[event.grant_id].append(event)
    return found
