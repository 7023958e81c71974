"""Direct acts of the office: granting without a proposal, and downgrading."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db import transaction

from permissions.enums import (
    EventKind,
    GrantKind,
    ReasonCode,
    SurgicalRole,
    ValueKind,
)
from permissions.ledger import LineKey
from permissions.models import Grant, GrantEvent, GrantState, Privilege
from permissions.services import lines, rules
from permissions.services.bookings import hit_by
from permissions.services.changes import Said, change
from permissions.services.ground import ASKED, Ground
from permissions.services.ledger import locked_practitioner, open_line
from permissions.services.lines import Fitting, Line
from permissions.services.persons import must_be_two
from permissions.services.refusals import NotLower, StartsInPast, StartsTooLongAgo
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.directory.models import Practitioner
from portal.parameters.days import day_of, last_day_of
from portal.parameters.queries import value_of
from portal.parameters.registry import LATE_RECORD_DAYS

# How much each role lets its holder do alone.
_REACH = {
    SurgicalRole.NONE: 0,
    SurgicalRole.ORDER: 0,
    SurgicalRole.ASSIST: 1,
    SurgicalRole.OPERATE_SUPERVISED: 2,
    SurgicalRole.OPERATE: 3,
    SurgicalRole.SUPERVISE: 4,
}


@transaction.atomic
def grant(
    *,
    practitioner: Practitioner,
    line: Line,
    by: User,
    at: datetime,
    reason: str,
    second: User | None = None,
    follows: Grant | None = None,
    undoes: GrantEvent | None = None,
) -> Grant:
    """直接授权: write the line at once. A first day that lies back is recorded late."""
    text = rules.clear_reason(reason)
    must_be_two(by, second, practitioner.pk)
    locked = locked_practitioner(practitioner.pk)
    found = grantable(locked, line, at=at)
    with acting(by=by, reason=text):
        return open_line(
            found.values(),
            by=by,
            at=at,
            reason=text,
            follows=follows,
            second=second,
            undoes=undoes,
        )


def grantable(
    practitioner: Practitioner,
    line: Line,
    *,
    at: datetime,
    besides: Collection[str] = (),
    ground: Ground = ASKED,
) -> Fitting:
    """The line as it would be granted; refused when it would not.

    ``besides`` are codes of rights given in the same act before this one.
    """
    found = fitting_line(practitioner, line, at=at, besides=besides, ground=ground)
    lines.must_not_overlap(key_of(found), found.span, ground=ground)
    return found


def fitting_line(
    practitioner: Practitioner,
    line: Line,
    *,
    at: datetime,
    besides: Collection[str] = (),
    ground: Ground = ASKED,
) -> Fitting:
    """The same, whatever other lines of this right there are."""
    lines.must_have_end(line)
    found = _recorded_late(practitioner, line, at, ground)
    ground.must_be_ready(
        practitioner,
        line.privilege,
        begins=max(found.span.valid_from, at),
        ends=found.span.valid_to,
        besides=besides,
    )
    return found


def _recorded_late(
    practitioner: Practitioner, line: Line, at: datetime, ground: Ground
) -> Fitting:
    days = value_of(LATE_RECORD_DAYS)
    earliest = day_of(at) - timedelta(days=days)
    try:
        return lines.fitting(
            practitioner, line, at=at, earliest=earliest, ground=ground
        )
    except StartsInPast:
        if not days:
            raise
        raise StartsTooLongAgo(earliest) from None


def key_of(found: Fitting) -> LineKey:
    """The key the line will have."""
    return Grant(**found.values()).key


@transaction.atomic
def downgrade(
    *,
    state: GrantState,
    to: Sequence[Line],
    by: User,
    at: datetime,
    reason_code: ReasonCode | str,
    reason: str,
    seen: int | None = None,
) -> list[Grant]:
    """降级: close the line and open lower ones that follow it, all from this moment."""
    said = Said(by, at, reason, reason_code, seen)
    event = change(EventKind.DOWNGRADE, state, said)
    closed = event.grant
    opened = []
    for line in to:
        found = lowered(state, line, at=at)
        with acting(by=by, reason=event.reason):
            opened.append(
                open_line(
                    found.values(), by=by, at=at, reason=event.reason, follows=closed
                )
            )
    hit_by(event, state)
    return opened


def lowered(state: GrantState, line: Line, *, at: datetime) -> Fitting:
    """The line as a downgrade would open it from now on; refused unless it is lower."""
    _must_be_lower(line, state.grant)
    from_today = replace(line, valid_from=day_of(at), kind=GrantKind.DOWNGRADE)
    # Less than before: what the catalogue demands was asked when more was given.
    lines.must_have_end(from_today)
    found = _recorded_late(state.practitioner, from_today, at, ASKED)
    lines.must_not_overlap(key_of(found), found.span)
    return found


def lower_lines(state: GrantState, *, at: datetime) -> list[Line]:
    """What a line may become: lesser roles of the same, then lower levels of its kind.

    Each ends when the line would have, or as long as its entry allows.
    """
    terms = state.grant
    same = lines.of_terms(terms, valid_from=day_of(at), kind=GrantKind.DOWNGRADE)
    roles = lines.roles_of(terms.privilege, terms.item_kind)
    found = [
        replace(same, role=role)
        for role in sorted(roles, key=lambda role: -_REACH[role])
        if _REACH[role] < _REACH[SurgicalRole(terms.role)]
    ]
    levels = Privilege.objects.filter(
        category=terms.privilege.category, value_kind=ValueKind.LEVEL, is_enabled=True
    )
    found += [
        replace(
            same, privilege=lower, item="", item_name="", role=_role_in(lower, terms)
        )
        for lower in levels.order_by("-sort", "-code")
        if 0 < _level(lower) < _level(terms.privilege)
    ]
    return [replace(line, valid_to=_end_of(line, state)) for line in found]


def may_be_lowered(state: GrantState) -> bool:
    """Whether there is anything below; says so without asking the catalogue."""
    if state.visit_no:
        return False
    terms = state.grant
    roles = lines.roles_of(terms.privilege, terms.item_kind)
    has_lesser = any(_REACH[role] < _REACH[SurgicalRole(terms.role)] for role in roles)
    return has_lesser or _level(terms.privilege) > 1


def _role_in(privilege: Privilege, terms: Grant) -> str:
    roles = lines.roles_of(privilege, terms.item_kind)
    return terms.role if terms.role in roles else ""


def _end_of(line: Line, state: GrantState) -> date | None:
    ends = (
        last_day_of(state.valid_to),
        rules.latest_last_day(line.privilege, line.valid_from),
    )
    return min((day for day in ends if day is not None), default=None)


def _must_be_lower(line: Line, closed: Grant) -> None:
    """A lower level, or a lesser role for the same thing."""
    role = SurgicalRole(line.role) or SurgicalRole(closed.role)
    before = (_level(closed.privilege), _REACH[SurgicalRole(closed.role)])
    is_comparable = line.privilege == closed.privilege or (
        line.privilege.category == closed.privilege.category
        # A flag or a range of levels is another right, not less of this one.
        and line.privilege.level.isdigit()
    )
    if not is_comparable or (_level(line.privilege), _REACH[role]) >= before:
        raise NotLower(line.privilege.name)


def _level(privilege: Privilege) -> int:
    return int(privilege.level) if privilege.level.isdigit() else 0
