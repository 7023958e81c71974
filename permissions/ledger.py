"""What the events of a ledger line add up to: state = fold(events).

Two times: an event holds from ``effective_at`` on and is known from ``recorded_at`` on.
A late-recorded event takes its place in valid time, so the fold reads the known events
in the order in which they took effect. Facts in, answer out; nothing is read here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from permissions.enums import EventKind, GrantStatus, Setting, Side

# Which status each event leads to, and in which statuses it may happen.
STATUS_AFTER: dict[str, GrantStatus] = {
    EventKind.GRANT: GrantStatus.ACTIVE,
    EventKind.SUSPEND: GrantStatus.SUSPENDED,
    EventKind.RESTORE: GrantStatus.ACTIVE,
    EventKind.REVOKE: GrantStatus.REVOKED,
    EventKind.DOWNGRADE: GrantStatus.REVOKED,
    EventKind.RECODE: GrantStatus.REVOKED,
    EventKind.VOID: GrantStatus.VOID,
}
_LIVING = frozenset({GrantStatus.ACTIVE, GrantStatus.SUSPENDED})
POSSIBLE_IN = {
    EventKind.SUSPEND: frozenset({GrantStatus.ACTIVE}),
    EventKind.RESTORE: frozenset({GrantStatus.SUSPENDED}),
    EventKind.REVOKE: _LIVING,
    EventKind.VOID: _LIVING,
    EventKind.RENEW: _LIVING,
    EventKind.UNRENEW: _LIVING,
    EventKind.DOWNGRADE: _LIVING,
    EventKind.RECODE: _LIVING,
}
ENDING = frozenset({EventKind.REVOKE, EventKind.DOWNGRADE, EventKind.RECODE})


class Happened(Protocol):
    """The part of an event that counts.

    ``until`` is the end of a suspension (None: until restored) and of a renewed right.
    """

    @property
    def kind(self) -> str: ...

    @property
    def effective_at(self) -> datetime: ...

    @property
    def recorded_at(self) -> datetime: ...

    @property
    def until(self) -> datetime | None: ...


E = TypeVar("E", bound=Happened)


class Span(NamedTuple):
    """From when to when; the end is exclusive, None is without end."""

    valid_from: datetime
    valid_to: datetime | None

    def contains(self, moment: datetime) -> bool:
        has_begun = self.valid_from <= moment
        return has_begun and (self.valid_to is None or moment < self.valid_to)

    def meets(self, other: Span) -> bool:
        """Have both a moment in common? An empty span meets nothing."""
        starts = max(self.valid_from, other.valid_from)
        ends = [end for end in (self.valid_to, other.valid_to) if end is not None]
        return not ends or starts < min(ends)


class Standing(NamedTuple):
    """A line as its known events leave it.

    ``turns`` are the moments at which its status changes, in order, with what it is
    from then on. ``span`` has the last renewal's end.
    """

    span: Span
    turns: tuple[tuple[datetime, GrantStatus], ...]
    status: GrantStatus
    changed_from: datetime
    suspended_until: datetime | None = None

    @property
    def ended_at(self) -> datetime | None:
        """When it was taken away before its end, for good."""
        return self.changed_from if self.status is GrantStatus.REVOKED else None

    @property
    def occupied(self) -> Span | None:
        """The time in which no other line of the same key may be; None is none."""
        if self.status is GrantStatus.VOID:
            return None
        ends = [end for end in (self.span.valid_to, self.ended_at) if end is not None]
        found = Span(self.span.valid_from, min(ends, default=None))
        return found if found.meets(found) else None

    def status_at(self, moment: datetime) -> GrantStatus:
        status = GrantStatus.ACTIVE
        for starts, then in self.turns:
            if starts > moment:
                break
            status = then
        return status

    def holds_at(self, moment: datetime) -> bool:
        if self.status is GrantStatus.VOID or not self.span.contains(moment):
            return False
        return self.status_at(moment) is GrantStatus.ACTIVE


def in_order(events: Iterable[E]) -> list[E]:
    """As they took effect: the grant first, of two at the same moment the later known.

    ``events`` come in the order they were recorded.
    """
    return sorted(
        events, key=lambda event: (event.kind != EventKind.GRANT, event.effective_at)
    )


def _standing(events: Iterable[E]) -> list[E]:
    """Without the renewals that were taken back, and without what took them back.

    ``events`` come in the order they were recorded: what takes a renewal back follows
    it at once, for nothing else may have been built on it.
    """
    found: list[E] = []
    for event in events:
        if event.kind == EventKind.UNRENEW:
            found.pop()
        else:
            found.append(event)
    return found


def fold(
    span: Span, events: Iterable[Happened], *, known_at: datetime | None = None
) -> Standing | None:
    """The standing by what was recorded until ``known_at`` (None: ever).

    ``span`` is the line's as granted. None when the line was not known yet. Void says
    it never was: once known, it counts for every moment.
    """
    known = [
        event for event in events if known_at is None or event.recorded_at <= known_at
    ]
    if not known:
        return None
    known = _standing(known)
    voids = [event for event in known if event.kind == EventKind.VOID]
    if voids:
        return Standing(span, (), GrantStatus.VOID, voids[0].effective_at)
    found = Standing(span, (), GrantStatus.ACTIVE, span.valid_from)
    for event in in_order(known):
        found = _after(found, event)
    return found


def _after(standing: Standing, event: Happened) -> Standing:
    kind = event.kind
    if kind == EventKind.GRANT:
        return standing
    if kind == EventKind.RENEW:
        return _renewed(standing, event)
    starts, status = event.effective_at, STATUS_AFTER[kind]
    # A suspension's planned end falls away when something else happens before it.
    turns = [turn for turn in standing.turns if turn[0] <= starts]
    turns.append((starts, status))
    until = event.until if kind == EventKind.SUSPEND else None
    if until is not None:
        turns.append((until, GrantStatus.ACTIVE))
    return Standing(standing.span, tuple(turns), status, starts, until)


def _renewed(standing: Standing, event: Happened) -> Standing:
    span, until = standing.span, event.until
    if span.valid_to is None or until is None:
        return standing
    return Standing(
        Span(span.valid_from, max(span.valid_to, until)),
        standing.turns,
        standing.status,
        standing.changed_from,
        standing.suspended_until,
    )


# --- what may happen ------------------------------------------------------------------


@dataclass(frozen=True)
class Obstacle:
    """Why an event cannot be: the status it meets; ``stands`` is a later event that
    was recorded already and could not stand any more."""

    status: GrantStatus
    stands: Happened | None = None
    has_ended: bool = False


def obstacle(span: Span, events: Sequence[Happened], new: Happened) -> Obstacle | None:
    """What keeps ``new`` from being added to a line's events; None when nothing does.

    Every event must be possible in the status it meets, the later ones included.
    """
    if any(event.kind == EventKind.VOID for event in events):
        return Obstacle(GrantStatus.VOID)
    if new.kind == EventKind.UNRENEW:
        return _still_renewed(span, events, new)
    events = _standing(events)
    # A line taken away for good is not renewed, not even as of an earlier moment.
    if new.kind == EventKind.RENEW and any(event.kind in ENDING for event in events):
        return Obstacle(GrantStatus.REVOKED)
    lasting = [event for event in (*events, new) if event.kind != EventKind.VOID]
    final = fold(span, lasting)
    standing: Standing | None = None
    for event in in_order([*events, new]):
        if event.kind == EventKind.GRANT or standing is None:
            standing = Standing(span, (), GrantStatus.ACTIVE, span.valid_from)
            continue
        found = _meets(standing, event, final)
        if found is not None:
            stands = None if event is new else event
            return Obstacle(found.status, stands, found.has_ended)
        standing = _after(standing, event)
    return None


def _still_renewed(
    span: Span, events: Sequence[Happened], new: Happened
) -> Obstacle | None:
    """A renewal is taken back while it is the last thing known and the former end lies
    ahead: time in which the right was used is not taken out of it."""
    before = fold(span, events[:-1])
    if before is None or events[-1].kind != EventKind.RENEW:
        now = fold(span, events)
        return Obstacle(now.status if now else GrantStatus.ACTIVE)
    ends = before.span.valid_to
    if ends is not None and ends <= new.effective_at:
        return Obstacle(before.status, has_ended=True)
    return None


def _meets(
    standing: Standing, event: Happened, final: Standing | None
) -> Obstacle | None:
    kind, moment = EventKind(event.kind), event.effective_at
    status = standing.status
    if status is GrantStatus.SUSPENDED:
        status = standing.status_at(moment)
    if status not in POSSIBLE_IN[kind]:
        return Obstacle(status)
    if kind is EventKind.VOID:
        return None
    # A renewal prolongs what still is; the others may count on one recorded already.
    ends = standing.span.valid_to
    if kind is not EventKind.RENEW and final is not None:
        ends = final.span.valid_to
    if ends is not None and ends <= moment:
        return Obstacle(status, has_ended=True)
    return None


# --- which lines are the same ---------------------------------------------------------

_ANY_SIDE = frozenset(Side.values)
SIDES_MET: dict[str, frozenset[str]] = {
    Side.ANY: _ANY_SIDE,
    Side.LEFT: frozenset({Side.ANY, Side.LEFT, Side.UNILATERAL}),
    Side.RIGHT: frozenset({Side.ANY, Side.RIGHT, Side.UNILATERAL}),
    Side.UNILATERAL: frozenset({Side.ANY, Side.LEFT, Side.RIGHT, Side.UNILATERAL}),
    Side.BILATERAL: frozenset({Side.ANY, Side.BILATERAL}),
}


@dataclass(frozen=True)
class LineKey:
    """What makes two lines the same right.

    ``practitioner`` and ``privilege`` are primary keys; setting 全部, an empty campus and
    an empty side stand for all of them. ``visit_no`` is the HIS's visit a one-patient
    line is for.
    """

    practitioner: int
    privilege: int
    item_kind: str = ""
    item_code: str = ""
    role: str = ""
    setting: str = Setting.ALL
    campus: str = ""
    side: str = Side.ANY
    visit_no: str = ""

    @property
    def exact(self) -> tuple[int, int, str, str, str, str]:
        """The part that is compared for equality alone."""
        return (
            self.practitioner,
            self.privilege,
            self.item_kind,
            self.item_code,
            self.role,
            self.visit_no,
        )

    def meets(self, other: LineKey) -> bool:
        """Would both be the same right somewhere, on some side?"""
        return (
            self.exact == other.exact
            and _meet(self.setting, other.setting, Setting.ALL)
            and _meet(self.campus, other.campus, "")
            and other.side in SIDES_MET[self.side]
        )


def _meet(one: str, other: str, everything: str) -> bool:
    return one == other or everything in {one, other}
