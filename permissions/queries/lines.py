"""Ledger lines by the hundred with how each stands, as known at a moment.

Two statements whatever their number: the lines, and the few events that are no grant.
Unlike ``ledger.holding`` it also tells of lines that are suspended, ended or to come.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Q

from permissions.enums import EventKind, GrantStatus
from permissions.ledger import Span, fold
from permissions.ledger import Standing as Folded
from permissions.models import Grant, GrantEvent
from permissions.queries.grants import EXPIRING_DAYS, Standing
from permissions.queries.ledger import Known

IN_FORCE = frozenset({Standing.IN_FORCE, Standing.EXPIRING})
ENDED = frozenset({Standing.EXPIRED, Standing.REVOKED, Standing.VOID})


class Terms(NamedTuple):
    """The columns of a line that are read by the hundred."""

    pk: int
    practitioner_id: int
    privilege: str
    item_code: str
    item_name: str
    item_grade: int | None
    role: str
    setting: str
    campus: str
    side: str
    visit_no: str
    conditions: str
    doc_no: str
    valid_from: datetime
    valid_to: datetime | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One line and how it stands at the moment asked about; ``valid_to`` as renewed."""

    terms: Terms
    standing: Standing
    valid_to: datetime | None


COLUMNS = tuple(
    "privilege__code" if name == "privilege" else name for name in Terms._fields
)


def lines_at(at: datetime, known_at: datetime | None = None, **only: Any) -> list[Line]:
    """How every line stands at ``at``, as known at ``known_at`` (None: now), by key.

    ``only`` are fields of Grant, with look-ups. Lines not known yet are left out.
    """
    known = Q() if known_at is None else Q(recorded_at__lte=known_at)
    theirs = {f"grant__{name}": value for name, value in only.items()}
    events: dict[int, list[Known]] = defaultdict(list)
    changes = GrantEvent.objects.filter(known, **theirs).exclude(kind=EventKind.GRANT)
    for row in changes.order_by("pk").values_list(*Known._fields):
        events[row[0]].append(Known._make(row))
    rows = Grant.objects.filter(known, **only).order_by("pk").values_list(*COLUMNS)
    return [
        _line(terms, events.get(terms.pk, []), at) for terms in map(Terms._make, rows)
    ]


def _line(terms: Terms, changes: list[Known], at: datetime) -> Line:
    folded = _folded(terms, changes)
    return Line(terms, standing_at(folded, at), folded.span.valid_to)


def _folded(terms: Terms, changes: list[Known]) -> Folded:
    span = Span(terms.valid_from, terms.valid_to)
    if not changes:
        return Folded(span, (), GrantStatus.ACTIVE, terms.valid_from)
    granted = Known(
        terms.pk, EventKind.GRANT, terms.valid_from, terms.recorded_at, None
    )
    folded = fold(span, [granted, *changes])
    if folded is None:
        raise RuntimeError("a line with an event has a standing")
    return folded


def standing_at(folded: Folded, at: datetime) -> Standing:
    """What a list calls a line at a moment; ``grants.standing_of`` says it of now."""
    status = folded.status_at(at)
    if folded.status is GrantStatus.VOID or status is GrantStatus.REVOKED:
        is_void = folded.status is GrantStatus.VOID
        return Standing.VOID if is_void else Standing.REVOKED
    ends = folded.span.valid_to
    if ends is not None and ends <= at:
        return Standing.EXPIRED
    if status is GrantStatus.SUSPENDED:
        return Standing.SUSPENDED
    if folded.span.valid_from > at:
        return Standing.FUTURE
    is_soon = ends is not None and ends <= at + timedelta(days=EXPIRING_DAYS)
    return Standing.EXPIRING if is_soon else Standing.IN_FORCE
