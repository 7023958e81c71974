"""The lists of reviews and of rights to be assessed, declared."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from permissions.enums import ReviewState, Trigger
from permissions.models import GrantState, Review
from permissions.presenters.reviews import (
    AssessedRow,
    ReviewRow,
    assessed_rows,
    review_rows,
)
from permissions.queries.grants import departments
from permissions.queries.reviews import assessment_overdue
from permissions.views.lists import practitioner_matches, right_matches
from portal.accounts.models import User
from portal.ui.filters import ChoiceFilter, DateRange, Search
from portal.ui.lists import Column, ListSpec, QuickView

OPEN = Q(state=ReviewState.OPEN)


def review_list_spec(user: User, today: date) -> ListSpec[Review, ReviewRow]:
    """Mine and overdue are a matter of who looks, and when."""
    return ListSpec[Review, ReviewRow](
        key="reviews",
        columns=(
            Column(
                "practitioner",
                _("医师"),
                order=("practitioner__pinyin", "practitioner__emp_no"),
                export=lambda row: f"{row.name} {row.emp_no}".strip(),
            ),
            Column("department", _("科室"), export=lambda row: row.department),
            Column(
                "trigger",
                _("起因"),
                order=("trigger",),
                export=lambda row: f"{row.trigger} {row.why}",
            ),
            Column("about", _("涉及"), export=lambda row: row.about),
            Column(
                "opened", _("打开"), order=("opened_at",), export=lambda row: row.opened
            ),
            Column("due", _("期限"), order=("due_on",), export=lambda row: row.due),
            Column("owner", _("承办人"), export=lambda row: row.owner),
            Column("state", _("状态"), export=lambda row: row.state.text),
        ),
        search=Search(
            _("医师、工号或拼音首字母"),
            lambda text: practitioner_matches(text, "practitioner__"),
        ),
        filters=(
            ChoiceFilter(
                "dept", _("科室"), departments, "practitioner__department__code"
            ),
            ChoiceFilter("trigger", _("起因"), Trigger.choices, "trigger"),
            DateRange("on", _("打开日期"), "opened_at"),
        ),
        views=(
            QuickView("open", _("待办"), OPEN, "warn"),
            QuickView("mine", _("我承办的"), OPEN & Q(owner=user.pk)),
            QuickView("late", _("超期"), OPEN & Q(due_on__lt=today), "bad"),
            QuickView("done", _("已办结"), ~OPEN),
            QuickView("all", _("全部")),
        ),
        order=("due_on",),
        present=review_rows,
        row_template="permissions/_review_row.html",
        nothing=_("没有符合条件的复核"),
    )


def assessed_list_spec(now: datetime) -> ListSpec[GrantState, AssessedRow]:
    """What is overdue is a matter of the day."""
    late = QuickView("late", _("超期"), assessment_overdue(now), "bad")
    return replace(ASSESSED, views=(*ASSESSED.views[:1], late, *ASSESSED.views[1:]))


ASSESSED = ListSpec[GrantState, AssessedRow](
    key="assessed",
    columns=(
        Column(
            "practitioner",
            _("医师"),
            order=("practitioner__pinyin", "practitioner__emp_no"),
            export=lambda row: f"{row.name} {row.emp_no}",
        ),
        Column("department", _("科室"), export=lambda row: row.department),
        Column(
            "privilege",
            _("权限项"),
            order=("privilege__sort", "item_code"),
            export=lambda row: f"{row.what} {row.codes}",
        ),
        Column("last", _("上次评估"), order=("last_on",), export=lambda row: row.last),
        Column("due", _("最晚评估"), order=("last_due",), export=lambda row: row.due),
        Column("acts", _("操作"), css="w-104"),
    ),
    search=Search(_("医师、工号、权限或拼音首字母"), right_matches),
    filters=(
        ChoiceFilter("dept", _("科室"), departments, "practitioner__department__code"),
    ),
    views=(
        QuickView("all", _("全部")),
        QuickView("never", _("未评估过"), Q(last_on__isnull=True), "warn"),
        QuickView(
            "failed",
            _("不合格"),
            Q(last_on__isnull=False, last_due__isnull=True),
            "bad",
        ),
    ),
    order=("last_due", "valid_from"),
    present=assessed_rows,
    row_template="permissions/_assessed_row.html",
    nothing=_("没有须定期评估的授权"),
)
