"""The list of booked operations that were hit, declared."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from permissions.enums import HitOutcome, HitState
from permissions.models import BookingHit
from permissions.presenters.bookings import HitRow, hit_rows
from permissions.queries.bookings import OF_SURGEON
from permissions.queries.grants import departments
from permissions.views.lists import practitioner_matches
from portal.accounts.models import User
from portal.ui.filters import ChoiceFilter, DateRange, Search
from portal.ui.lists import Column, ListSpec, QuickView

OPEN = Q(state=HitState.OPEN)


def booking_list_spec(user: User, now: datetime) -> ListSpec[BookingHit, HitRow]:
    """Mine and overdue are a matter of who looks, and when."""
    return ListSpec[BookingHit, HitRow](
        key="booking-hits",
        columns=(
            Column(
                "planned",
                _("手术时间"),
                order=("planned_at",),
                export=lambda row: row.planned,
            ),
            Column(
                "procedures",
                _("拟行手术"),
                export=lambda row: f"{row.procedures} {row.application_no}",
            ),
            Column(
                "surgeon",
                _("主刀"),
                order=("surgeon__pinyin", "surgeon__emp_no"),
                export=lambda row: f"{row.surgeon} {row.emp_no} {row.department}",
            ),
            Column("why", _("原因"), export=lambda row: row.why),
            Column("owner", _("承办人"), export=lambda row: row.owner),
            Column("due", _("期限"), order=("due_at",), export=lambda row: row.due),
            Column(
                "state",
                _("状态"),
                export=lambda row: f"{row.state.text} {row.outcome}".strip(),
            ),
        ),
        search=Search(
            _("申请单号、手术、主刀"),
            lambda text: (
                practitioner_matches(text, "surgeon__")
                | Q(procedures__contains=text)
                | Q(application_no__icontains=text)
            ),
        ),
        filters=(
            ChoiceFilter("dept", _("科室"), departments, OF_SURGEON),
            ChoiceFilter("outcome", _("处理结果"), HitOutcome.choices, "outcome"),
            DateRange("on", _("手术时间"), "planned_at"),
        ),
        views=(
            QuickView("open", _("待处理"), OPEN, "warn"),
            QuickView("mine", _("我承办的"), OPEN & Q(owner=user.pk)),
            QuickView("late", _("超期"), OPEN & Q(due_at__lte=now), "bad"),
            QuickView("done", _("已处理"), ~OPEN),
            QuickView("all", _("全部")),
        ),
        order=("due_at",),
        present=hit_rows,
        row_template="permissions/_booking_row.html",
        nothing=_("没有受影响的已排手术"),
    )
