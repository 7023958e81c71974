"""Rows and drawers of 受影响手术."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from permissions.enums import HitOutcome, HitState
from permissions.models import BookingHit
from portal.ui.elements import Chip, Moment, Timeline
from portal.ui.moments import write_moment, write_short
from portal.ui.phrases import said
from surgery.queries.bookings import BookedProcedure, booked_now

STATE_CHIPS: Mapping[str, Chip] = {
    HitState.OPEN: Chip("warn", "hourglass", HitState.OPEN.label),
    HitState.HANDLED: Chip("ok", "circle-check", HitState.HANDLED.label),
    HitState.CLEARED: Chip("mute", "equal", HitState.CLEARED.label),
}


@dataclass(frozen=True)
class HitRow:
    """``now`` says what the booking has become since, where it differs."""

    id: int
    url: str
    planned: str
    application_no: str
    procedures: str
    surgeon: str
    emp_no: str
    department: str
    why: str
    owner: str
    due: str
    due_tone: str
    state: Chip
    outcome: str
    now: str


def hit_rows(hits: Sequence[BookingHit]) -> list[HitRow]:
    """``hits`` as ``queries.bookings.booking_hits`` gives them."""
    now = booked_now([one.application_no for one in hits])
    return [_row(one, now.get(one.application_no, ())) for one in hits]


def _row(one: BookingHit, booked: Sequence[BookedProcedure]) -> HitRow:
    due, tone = _due(one)
    return HitRow(
        id=one.pk,
        url=reverse("permissions:booking-hit", args=[one.pk]),
        planned=write_short(one.planned_at),
        application_no=one.application_no,
        procedures=one.procedures,
        surgeon=one.surgeon.name,
        emp_no=one.surgeon.emp_no,
        department=one.surgeon.department.name,
        why=one.why,
        owner=one.owner.name if one.owner else _("待认领"),
        due=due,
        due_tone=tone,
        state=STATE_CHIPS[one.state],
        outcome=str(HitOutcome(one.outcome).label) if one.outcome else "",
        now=_now(one, booked),
    )


def _due(one: BookingHit) -> tuple[str, str]:
    if one.state != HitState.OPEN:
        return write_short(one.handled_at), "m"
    due = write_short(one.due_at)
    return due, "bad b5" if one.due_at <= timezone.now() else ""


def _now(one: BookingHit, booked: Sequence[BookedProcedure]) -> str:
    """The booking was changed after it was hit: perhaps it needs nothing any more."""
    if not booked:
        return _("已不在已排手术中") if one.state == HitState.OPEN else ""
    booking = booked[0]
    if booking.surgeon_id != one.surgeon_id:
        return _("现由 %(name)s 主刀") % {"name": booking.surgeon.name}
    if booking.planned_at != one.planned_at:
        return _("现排在 %(at)s") % {"at": write_moment(booking.planned_at)}
    return ""


@dataclass(frozen=True)
class HitPage:
    row: HitRow
    note: str
    is_open: bool
    practitioner_url: str
    who_may_url: str
    history: Timeline


def hit_page(one: BookingHit, history: Sequence[Any]) -> HitPage:
    """Who may do the first procedure booked now is a click away."""
    emp_no = one.surgeon.emp_no
    booked = booked_now([one.application_no]).get(one.application_no, [])
    asked = f"?subject=P:{booked[0].code}" if booked else ""
    return HitPage(
        row=_row(one, booked),
        note=one.note,
        is_open=one.state == HitState.OPEN,
        practitioner_url=reverse("permissions:practitioner-detail", args=[emp_no]),
        who_may_url=f"{reverse('permissions:who-may')}{asked}",
        history=Timeline([_moment(row) for row in history]),
    )


def _moment(row: Any) -> Moment:
    text = STATE_CHIPS[row.state].text
    if row.outcome:
        text = said(str(text), str(HitOutcome(row.outcome).label))
    by = row.history_user.name if row.history_user else _("系统")
    reason = row.history_change_reason or ""
    return Moment(write_moment(row.history_date), str(text), said(by, reason), "")
