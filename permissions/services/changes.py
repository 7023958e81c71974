"""What happens to a right once it is granted: suspend, restore, revoke, void, renew.

``seen`` is the last event the person had before them: when another one has been added
since, the act is refused. ``effective_at`` lies back when an act is recorded late. What
is taken away needs a reason code. Nothing is ever deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from permissions.enums import EventKind, ReasonCode
from permissions.ledger import Obstacle, Span, obstacle
from permissions.models import GrantEvent, GrantState
from permissions.queries.ledger import as_recorded
from permissions.services import lines, rules
from permissions.services.bookings import clear, hit_by
from permissions.services.consequences import TAKING
from permissions.services.ground import ASKED, Ground
from permissions.services.ledger import locked_practitioner, write
from permissions.services.persons import must_be_two
from permissions.services.refusals import (
    AlreadyEnded,
    ChangedMeanwhile,
    LastsTooLong,
    NotInThatState,
    ReasonCodeMissing,
)
from permissions.services.refusals_of_acts import (
    EffectiveBeforeStart,
    EffectiveInFuture,
    EffectiveTooLongAgo,
    HasNoEnd,
    LaterChangeStands,
    RenewalEndMissing,
    UntilNotLater,
)
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.parameters.days import day_of, end_of, last_day_of
from portal.parameters.queries import value_of
from portal.parameters.registry import LATE_RECORD_DAYS
from portal.ui.moments import write_moment

NEEDS_CODE = frozenset({EventKind.SUSPEND, EventKind.REVOKE, EventKind.DOWNGRADE})


@transaction.atomic
def suspend(
    *,
    state: GrantState,
    by: User,
    at: datetime,
    reason_code: ReasonCode | str,
    reason: str,
    last_day: date | None = None,
    effective_at: datetime | None = None,
    seen: int | None = None,
) -> GrantEvent:
    """暂停: the right does not hold until it is restored, or through ``last_day``."""
    said = Said(by, at, reason, reason_code, seen, effective_at)
    return change(EventKind.SUSPEND, state, said, until=end_of(last_day))


@transaction.atomic
def restore(
    *,
    state: GrantState,
    by: User,
    at: datetime,
    reason: str,
    reason_code: ReasonCode | str = "",
    effective_at: datetime | None = None,
    second: User | None = None,
    seen: int | None = None,
) -> GrantEvent:
    """恢复: the right holds again, with the dates it had."""
    must_be_two(by, second, state.practitioner_id)
    said = Said(by, at, reason, reason_code, seen, effective_at, second)
    return change(EventKind.RESTORE, state, said)


@transaction.atomic
def revoke(
    *,
    state: GrantState,
    by: User,
    at: datetime,
    reason_code: ReasonCode | str,
    reason: str,
    effective_at: datetime | None = None,
    seen: int | None = None,
) -> GrantEvent:
    """取消: the right ends at this moment; before, it was valid."""
    said = Said(by, at, reason, reason_code, seen, effective_at)
    return change(EventKind.REVOKE, state, said)


@transaction.atomic
def void(
    *,
    state: GrantState,
    by: User,
    at: datetime,
    reason: str,
    reason_code: ReasonCode | str = "",
    seen: int | None = None,
) -> GrantEvent:
    """作废: entered in error; as known from now on it was never valid."""
    return change(EventKind.VOID, state, Said(by, at, reason, reason_code, seen))


@transaction.atomic
def renew(
    *,
    state: GrantState,
    last_day: date | None,
    by: User,
    at: datetime,
    reason: str,
    effective_at: datetime | None = None,
    second: User | None = None,
    seen: int | None = None,
) -> GrantEvent:
    """续期: the same line lasts through ``last_day``; what has ended is granted anew.

    Without a day it lasts as long as its entry of the catalogue allows.
    """
    must_be_two(by, second, state.practitioner_id)
    said = Said(by, at, reason, "", seen, effective_at, second)
    until = end_of(last_day or longest_renewal(state))
    return change(EventKind.RENEW, state, said, until=until)


def longest_renewal(state: GrantState) -> date | None:
    """The last day a renewal may give now; None where nothing limits or nothing ends."""
    last_day = last_day_of(state.valid_to)
    if last_day is None:
        return None
    return rules.latest_last_day(state.grant.privilege, last_day + timedelta(days=1))


# --- what all of them do --------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """Who acts, when and why, as it came in."""

    by: User
    at: datetime
    reason: str
    reason_code: ReasonCode | str = ""
    seen: int | None = None
    effective_at: datetime | None = None
    second: User | None = None
    undoes: GrantEvent | None = None


def change(
    kind: EventKind, state: GrantState, said: Said, *, until: datetime | None = None
) -> GrantEvent:
    """Append one event to a line, inside the caller's transaction."""
    text = rules.clear_reason(said.reason)
    code = _code_for(kind, said.reason_code)
    current = locked(state)
    must_be_as_seen(current, said.seen)
    event = GrantEvent(
        grant=current.grant,
        kind=kind,
        effective_at=said.effective_at or said.at,
        recorded_at=said.at,
        until=until,
        by=said.by,
        second=said.second,
        undoes=said.undoes,
        reason_code=code,
        reason=text,
    )
    earlier = as_recorded(current.grant)
    must_be_possible(event, current, earlier)
    if kind is EventKind.RENEW:
        must_be_free(event, current)
    with acting(by=said.by, reason=text):
        write(event, current, earlier=earlier, by=said.by)
    # A downgrade has more to write before it is known what is left.
    if kind in TAKING - {EventKind.DOWNGRADE}:
        hit_by(event, current)
    if kind is EventKind.RESTORE:
        clear(event.grant, by=said.by, at=said.at)
    return event


def locked(state: GrantState) -> GrantState:
    """The state as it stands now, its practitioner locked."""
    practitioner = locked_practitioner(state.practitioner_id)
    current = GrantState.objects.select_related(
        "grant__privilege", "privilege", "last_event__by"
    ).get(pk=state.pk)
    current.practitioner = current.grant.practitioner = practitioner
    return current


def _code_for(kind: EventKind, reason_code: ReasonCode | str) -> str:
    if reason_code in ReasonCode.values:
        return str(ReasonCode(reason_code).value)
    if kind in NEEDS_CODE or reason_code:
        raise ReasonCodeMissing
    return ""


def must_be_as_seen(state: GrantState, seen: int | None) -> None:
    """``seen`` is the last event on the page somebody acts from; None is not known."""
    if seen is not None and seen != state.last_event_id:
        last = state.last_event
        raise ChangedMeanwhile(
            state.get_status_display(), last.by.name, write_moment(last.recorded_at)
        )


def must_be_possible(
    event: GrantEvent, state: GrantState, earlier: Sequence[GrantEvent]
) -> None:
    """What line and events say themselves, ``earlier`` in the order recorded.

    Reads nothing, so a preview can ask it of hundreds of lines.
    """
    _must_be_in_time(event, state)
    if event.kind == EventKind.SUSPEND:
        _must_end_later(event)
    found = obstacle(state.grant.span, earlier, event)
    if found is not None:
        raise _refusal(found, event, state)
    if event.kind == EventKind.RENEW:
        _must_prolong(event, state)


def _must_end_later(event: GrantEvent) -> None:
    """A suspension that is over when it is recorded would be none."""
    if event.until is not None and event.until <= event.recorded_at:
        raise UntilNotLater(day_of(event.recorded_at) - timedelta(days=1))


def _must_be_in_time(event: GrantEvent, state: GrantState) -> None:
    """Now, or recorded late within the hospital's limit; never ahead."""
    effective, at = event.effective_at, event.recorded_at
    if effective == at:
        return
    if effective > at:
        raise EffectiveInFuture
    earliest = at - timedelta(days=value_of(LATE_RECORD_DAYS))
    if effective < earliest:
        raise EffectiveTooLongAgo(write_moment(earliest))
    if effective < state.valid_from:
        raise EffectiveBeforeStart(write_moment(state.valid_from))


def _refusal(found: Obstacle, event: GrantEvent, state: GrantState) -> Exception:
    act = EventKind(event.kind).label
    if found.stands is not None:
        later = EventKind(found.stands.kind).label
        return LaterChangeStands(act, later, write_moment(found.stands.effective_at))
    last_day = last_day_of(state.valid_to)
    if found.has_ended and last_day is not None:
        return AlreadyEnded(act, last_day)
    return NotInThatState(act, found.status.label)


def _must_prolong(event: GrantEvent, state: GrantState) -> None:
    """Later than the end it has, no longer than the privilege allows."""
    ends, until, privilege = state.valid_to, event.until, state.grant.privilege
    if ends is None:
        raise HasNoEnd
    if until is None:
        raise RenewalEndMissing
    if until <= ends:
        raise UntilNotLater(last_day_of(ends) or day_of(ends))
    latest = longest_renewal(state)
    if latest is not None and until > (end_of(latest) or until):
        what = rules.what_is_limited(privilege)
        raise LastsTooLong(what, privilege.validity_months or 0, latest)
    rules.must_practise(state.practitioner)
    rules.must_be_enabled(privilege)


def must_be_free(event: GrantEvent, state: GrantState, ground: Ground = ASKED) -> None:
    """Nothing but the line itself stands in the way of the prolonged time: no sanction,
    nothing the catalogue asks for and that is missing, no other line."""
    privilege, at = state.grant.privilege, event.recorded_at
    lines.must_not_be_barred(state.practitioner, privilege, at, ground)
    # Asked as it stands today: prerequisites are renewed one after the other.
    ground.must_be_ready(state.practitioner, privilege, begins=at, ends=event.until)
    lines.must_not_overlap(state.key, added_by(event, state), but=state, ground=ground)


def added_by(event: GrantEvent, state: GrantState) -> Span:
    """The time a renewal adds to a line that has an end."""
    return Span(state.valid_to or event.effective_at, event.until)
