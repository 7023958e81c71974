"""限制类技术备案: where a procedure stands with its filing. Plain Python.

A restricted technique is filed within 15 working days of its first case (GR09).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portal.parameters.working_days import Calendar

WORKING_DAYS = 15


class FilingState(StrEnum):
    NOT_NEEDED = "NOT_NEEDED"  # 不需备案
    WAITING = "WAITING"  # 待首例
    COUNTDOWN = "COUNTDOWN"  # 倒计时
    OVERDUE = "OVERDUE"  # 逾期
    FILED = "FILED"  # 已备案


@dataclass(frozen=True)
class Standing:
    """``deadline`` is the last day to file, known with the first case; ``left`` the
    working days until then, 0 on the day itself. ``is_late``: filed after it."""

    state: FilingState
    deadline: date | None = None
    left: int = 0
    is_late: bool = False


def standing(
    *,
    is_restricted: bool,
    first_case_on: date | None,
    filed_on: date | None,
    today: date,
    calendar: Calendar,
) -> Standing:
    if not is_restricted:
        return Standing(FilingState.NOT_NEEDED)
    deadline = calendar.after(first_case_on, WORKING_DAYS) if first_case_on else None
    if filed_on is not None:
        is_late = deadline is not None and filed_on > deadline
        return Standing(FilingState.FILED, deadline, is_late=is_late)
    if deadline is None:
        return Standing(FilingState.WAITING)
    if today > deadline:
        return Standing(FilingState.OVERDUE, deadline)
    left = calendar.count(today, deadline)
    return Standing(FilingState.COUNTDOWN, deadline, left)
