"""Whole days and instants: the one place where they are converted.

Rights are stored as instants, ``valid_to`` exclusive; pages and contract columns show
whole days, the last day included. A day begins at midnight in Asia/Shanghai.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import MAXYEAR, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
# Days a person may name: farther out, adding a day or a zone leaves the calendar.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)


def start_of(day: date) -> datetime:
    """The instant a day begins."""
    return datetime.combine(day, time.min, tzinfo=ZONE)


def end_of(last_day: date | None) -> datetime | None:
    """The exclusive end of a span whose last day is included; None stays open.

    So does the last day of the calendar: a HIS that knows no open end writes
    9999-12-31.
    """
    if last_day is None or last_day == date.max:
        return None
    return start_of(last_day + timedelta(days=1))


def months_after(day: date, months: int) -> date:
    """The same day of the month, or the last one where the month is shorter; beyond
    the calendar its last day."""
    count = day.month - 1 + months
    year, month = day.year + count // 12, count % 12 + 1
    if year > MAXYEAR:
        return date.max
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def day_of(moment: datetime) -> date:
    """The day an instant falls on."""
    return moment.astimezone(ZONE).date()


def last_day_of(valid_to: datetime | None) -> date | None:
    """The last day that is at least partly inside a span with an exclusive end."""
    return day_of(valid_to - timedelta(microseconds=1)) if valid_to else None
