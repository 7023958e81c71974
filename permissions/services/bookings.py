"""受影响手术: booked operations that lost their surgeon's right, seen to one by one.

Whatever takes a right away calls ``hit`` in its own transaction, so that no operation
is forgotten between the preview and the day. What gives the right back clears them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.utils.translation import gettext_lazy

from permissions.enums import EventKind, HitOutcome, HitState
from permissions.models import BookingHit, Grant, GrantEvent, GrantState
from permissions.services import rules, telling
from permissions.services.consequences import booked_hit
from permissions.services.refusals import ActRefused
from portal.accounts.models import SYSTEM_STAFF_NO, User
from portal.audit.acting import acting
from portal.parameters.queries import value_of
from portal.parameters.registry import BOOKING_HOURS
from portal.ui.phrases import in_chinese
from surgery.queries.bookings import BookedProcedure, booked_procedures

LONGEST = 300


class HitHandled(ActRefused):
    message = gettext_lazy("这台手术刚才已由他人处理。刷新后查看结果。")


class OutcomeMissing(ActRefused):
    field = "outcome"
    message = gettext_lazy("选择怎样处理的。")


def hit_by(event: GrantEvent, state: GrantState) -> list[BookingHit]:
    """Put down what an act that took a line away has hit.

    Runs in the act's transaction, after the line was written (and, of a downgrade, the
    lower ones). Two queries for a surgeon without an operation ahead.
    """
    at = event.recorded_at
    if not booked_procedures(state.practitioner_id, after=at):
        return []
    ends = {state.pk: event.until} if event.kind == EventKind.SUSPEND else {}
    begins = {}
    if event.kind == EventKind.UNRENEW and state.valid_to is not None:
        begins = {state.pk: state.valid_to}
    booked = booked_hit([state], at, ends, begins=begins)
    return hit(booked, why=why_hit(event), by=event.by, at=at, event=event)


@in_chinese
def why_hit(event: GrantEvent) -> str:
    """``暂停 腹腔镜下胆囊切除术``, as it is kept and told."""
    name = event.grant.item_name or event.grant.privilege.name
    return f"{EventKind(event.kind).label} {name}"


def hit(
    booked: Iterable[BookedProcedure],
    *,
    why: str,
    by: User,
    at: datetime,
    event: GrantEvent | None = None,
) -> list[BookingHit]:
    """An entry for each operation that has none open; who must know is told.

    Those of one operation come together.
    The person who acts owns them; what the system did waits to be claimed.
    """
    found = [
        (number, list(lines))
        for number, lines in groupby(booked, key=lambda one: one.application_no)
    ]
    known = set(
        BookingHit.objects.filter(
            application_no__in=[number for number, _lines in found],
            state=HitState.OPEN,
        )
        .order_by()
        .values_list("application_no", flat=True)
    )
    made = []
    with acting(by=by, reason=why):
        for number, lines in found:
            if number not in known:
                made.append(_opened(lines, why, by, at, event))
    if made:
        telling.booked(made, at=at)
    return made


def _opened(
    lines: Sequence[BookedProcedure],
    why: str,
    by: User,
    at: datetime,
    event: GrantEvent | None,
) -> BookingHit:
    first = lines[0]
    named = "、".join(f"{one.name} {one.code}".strip() for one in lines)
    until = at + timedelta(hours=value_of(BOOKING_HOURS))
    one = BookingHit(
        application_no=first.application_no,
        surgeon=first.surgeon,
        procedures=named[:LONGEST],
        planned_at=first.planned_at,
        event=event,
        why=why[:200],
        opened_at=at,
        due_at=min(until, first.planned_at),
        owner=None if by.staff_no == SYSTEM_STAFF_NO else by,
    )
    _save(one, at)
    return one


def _save(one: BookingHit, at: datetime) -> None:
    """Its history row carries the moment of the act."""
    one._history_date = at  # type: ignore[attr-defined]  # read by simple-history
    one.save()


@transaction.atomic
def claim(*, hit: BookingHit, by: User, at: datetime) -> BookingHit:
    """认领: from now on it is this person's to see to; others still may."""
    current = _open_one(hit)
    current.owner = by
    with acting(by=by, reason="认领受影响手术"):
        _save(current, at)
    return current


@transaction.atomic
def handle(
    *, hit: BookingHit, outcome: HitOutcome | str, by: User, at: datetime, reason: str
) -> BookingHit:
    """已处理: what was done about the operation, and why that is enough."""
    text = rules.clear_reason(reason)
    if outcome not in HitOutcome.values:
        raise OutcomeMissing
    current = _open_one(hit)
    _close(current, HitState.HANDLED, by=by, at=at, text=text, outcome=str(outcome))
    return current


def clear(grant: Grant, *, by: User, at: datetime) -> int:
    """已解除: the right is there again; how many entries of this line that closed."""
    mine = BookingHit.objects.select_for_update().filter(
        event__grant=grant, state=HitState.OPEN
    )
    found = list(mine.order_by("pk"))
    for one in found:
        _close(one, HitState.CLEARED, by=by, at=at, text="授权已恢复")
    return len(found)


def clear_of(numbers: Sequence[str], *, by: User, at: datetime, text: str) -> int:
    """已解除: these operations were in order at ``at``; how many were open. What was
    opened since knows better."""
    open_ones = BookingHit.objects.select_for_update().filter(
        application_no__in=numbers, state=HitState.OPEN, opened_at__lte=at
    )
    found = list(open_ones.order_by("pk"))
    for one in found:
        _close(one, HitState.CLEARED, by=by, at=at, text=text)
    return len(found)


def _open_one(hit: BookingHit) -> BookingHit:
    """The entry as it stands now, locked."""
    current = BookingHit.objects.select_for_update().get(pk=hit.pk)
    if current.state != HitState.OPEN:
        raise HitHandled
    return current


def _close(
    one: BookingHit,
    state: HitState,
    *,
    by: User,
    at: datetime,
    text: str,
    outcome: str = "",
) -> None:
    one.state, one.outcome, one.note = state, outcome, text
    one.owner = one.owner or by
    one.handled_by, one.handled_at = by, at
    with acting(by=by, reason=text):
        _save(one, at)
