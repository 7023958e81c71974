"""限制类与停用: one row a technique, with its filing, its countdown, its suspension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from portal.parameters.days import day_of
from portal.parameters.working_days import Calendar
from portal.ui.elements import Chip, Grade, Text
from surgery.filing import FilingState, Standing, standing
from surgery.queries.catalogue import switch_ahead

S = FilingState


@dataclass(frozen=True)
class TechniqueRow:
    """``filing`` says by which authority and document; ``stopped`` since when and why."""

    id: int
    code: str
    name: str
    grade: Grade
    restricted: Text
    first_on: str
    state: Chip
    deadline: str
    filed_on: str
    filing: str
    is_restricted: bool
    is_filed: bool
    is_enabled: bool
    is_switch_ahead: bool
    stopped: Chip | None
    stop_reason: str

    @property
    def stopped_in_one(self) -> str:
        return f"{self.stopped.text} {self.stop_reason}" if self.stopped else ""


def technique_rows(
    found: Sequence[Any], today: date, calendar: Calendar
) -> list[TechniqueRow]:
    return [_row(one, today, calendar) for one in found]


def _row(one: Any, today: date, calendar: Calendar) -> TechniqueRow:
    first_on = day_of(one.first_at) if one.first_at else None
    now = standing(
        # Under a new code its clock goes on; the old one is filed no more.
        is_restricted=one.is_restricted and not one.is_recoded,
        first_case_on=first_on,
        filed_on=one.filed_on,
        today=today,
        calendar=calendar,
    )
    filing = getattr(one, "filing", None) if one.filed_on else None
    return TechniqueRow(
        id=one.pk,
        code=one.code,
        name=one.name,
        grade=Grade(one.grade or None),
        restricted=one.get_restricted_class_display(),
        first_on=first_on.isoformat() if first_on else "—",
        state=state_chip(now),
        deadline=now.deadline.isoformat() if now.deadline else "—",
        filed_on=one.filed_on.isoformat() if one.filed_on else "—",
        filing=f"{filing.authority} {filing.document_no}" if filing else "",
        is_restricted=one.is_restricted,
        is_filed=filing is not None,
        is_enabled=one.is_enabled,
        is_switch_ahead=switch_ahead(one, today) is not None,
        stopped=stopped_chip(one),
        stop_reason=one.stop_reason or "",
    )


def state_chip(now: Standing) -> Chip:
    match now.state:
        case S.NOT_NEEDED:
            return Chip("mute", "circle-check", _("不需备案"))
        case S.WAITING:
            return Chip("info", "hourglass", _("待首例"))
        case S.COUNTDOWN:
            words = _("倒计时 %(n)s 个工作日") % {"n": now.left}
            return Chip("warn", "calendar-due", words if now.left else _("今日截止"))
        case S.OVERDUE:
            return Chip("bad", "alert-triangle", _("逾期"))
        case S.FILED:
            late = _("已备案（晚于期限）")
            return Chip("ok", "file-check", late if now.is_late else _("已备案"))


def stopped_chip(one: Any) -> Chip | None:
    """Out of use, or going to be; None while it is simply in use."""
    day = {"day": one.effective_to.isoformat() if one.effective_to else ""}
    if one.is_enabled:
        coming = Chip("warn", "calendar-off", _("%(day)s 起停用") % day)
        return coming if one.effective_to else None
    words = _("已停用，%(day)s 起") % day if one.effective_to else _("已停用")
    return Chip("bad", "player-pause", words)
