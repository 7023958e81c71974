"""Telling the office of filings that are due before long, or overdue: once each."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import override

from portal.notices.models import NoticeKind
from portal.notices.queries import officers
from portal.notices.services import Told, notify
from portal.parameters.days import day_of
from portal.parameters.working_days import calendar_of_settings
from surgery.filing import FilingState, Standing, standing
from surgery.queries.techniques import BEGUN, techniques

SOON = 5  # working days


def remind_of_filings(*, at: datetime) -> int:
    """How many notices were written. Run as often as one likes."""
    calendar, today, told = calendar_of_settings(), day_of(at), 0
    for one in techniques().filter(BEGUN).order_by("code"):
        now = standing(
            is_restricted=True,
            first_case_on=day_of(one.first_at),
            filed_on=None,
            today=today,
            calendar=calendar,
        )
        if now.state is FilingState.OVERDUE or now.left <= SOON:
            told += notify(_said(one, now), to=officers(), at=at)
    return told


def _said(procedure: object, now: Standing) -> Told:
    """Kept as written, whatever language the page of the moment has."""
    code, name = getattr(procedure, "code", ""), getattr(procedure, "name", "")
    is_overdue = now.state is FilingState.OVERDUE
    with override("zh-hans"):
        when = "已逾期" if is_overdue else f"还有 {now.left} 个工作日"
        return Told(
            NoticeKind.FILING,
            f"filing:{code}:{now.deadline}:{'overdue' if is_overdue else 'soon'}",
            f"限制类技术备案{when}：{name}",
            f"{name}（{code}）首例后 15 个工作日内须备案，截止 {now.deadline}。",
            reverse("surgery:technique-list"),
        )
