"""Whole days and instants."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from portal.parameters.days import end_of, last_day_of, start_of


@pytest.mark.parametrize(
    ("last_day", "end"),
    [
        (date(2026, 12, 31), datetime(2026, 12, 31, 16, tzinfo=UTC)),
        (date(2028, 2, 29), datetime(2028, 2, 29, 16, tzinfo=UTC)),
        (date(9999, 12, 30), datetime(9999, 12, 30, 16, tzinfo=UTC)),
        (date(9999, 12, 31), None),
        (None, None),
    ],
)
def test_end_is_the_midnight_after_the_last_day(
    last_day: date | None, end: datetime | None
) -> None:
    assert end_of(last_day) == end


def test_last_day_of_an_end_is_the_day_before_its_midnight() -> None:
    assert last_day_of(start_of(date(2027, 1, 1))) == date(2026, 12, 31)
