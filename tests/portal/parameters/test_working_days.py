"""Working days: weekdays, but for what the hospital's calendar says."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.parameters.working_days import (
    BadCalendar,
    Calendar,
    calendar_of_settings,
)

# 国庆 2026: seven days off, two weekends worked for them.
NATIONAL_DAY = Calendar(
    free={date(2026, 10, day) for day in range(1, 8)},
    worked={date(2026, 9, 20), date(2026, 10, 10)},
)
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize(
    ("first", "count", "last"),
    [
        (date(2026, 11, 23), 0, date(2026, 11, 23)),
        (date(2026, 11, 23), 1, date(2026, 11, 24)),
        (date(2026, 11, 23), 5, date(2026, 11, 30)),
        (date(2026, 11, 28), 1, date(2026, 11, 30)),
        (date(2026, 9, 30), 1, date(2026, 10, 8)),
        (date(2026, 9, 30), 3, date(2026, 10, 10)),
        (date(2026, 9, 19), 1, date(2026, 9, 20)),
    ],
)
def test_due_day_is_so_many_working_days_on(
    first: date, count: int, last: date
) -> None:
    assert NATIONAL_DAY.after(first, count) == last


@given(day=DAYS, count=st.integers(1, 60), free=st.sets(DAYS), worked=st.sets(DAYS))
def test_due_day_is_a_working_day_with_the_count_between(
    day: date, count: int, free: set[date], worked: set[date]
) -> None:
    calendar = Calendar(free, worked)
    last = calendar.after(day, count)
    between = [day + timedelta(days=n + 1) for n in range((last - day).days)]
    assert calendar.is_working(last)
    assert sum(map(calendar.is_working, between)) == count


def test_calendar_of_the_settings(settings: Any) -> None:
    settings.HOLIDAYS, settings.WORKED_WEEKENDS = ["2026-10-01"], ["2026-10-10"]
    calendar = calendar_of_settings()
    assert not calendar.is_working(date(2026, 10, 1))
    assert calendar.is_working(date(2026, 10, 10))
    settings.HOLIDAYS = ["2026-02-30"]
    with pytest.raises(BadCalendar, match="HOLIDAYS names a day that is none"):
        calendar_of_settings()
