"""Days and moments are written the same everywhere; now is 2026-11-23 10:00."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from portal.ui import moments
from portal.ui.templatetags import yw

TODAY = datetime(2026, 11, 23, 2, 2, 5, tzinfo=UTC)  # 10:02:05 in Shanghai
LAST_YEAR = datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC)  # 23:59:59 in Shanghai


def test_day_falls_where_it_is_in_shanghai() -> None:
    assert moments.write_day(datetime(2026, 11, 22, 16, 0, tzinfo=UTC)) == "2026-11-23"
    assert moments.write_day(date(2026, 11, 23)) == "2026-11-23"


def test_last_day_is_the_one_before_an_exclusive_end() -> None:
    end = datetime(2027, 11, 22, 16, 0, tzinfo=UTC)

    assert moments.write_last_day(end) == "2027-11-22"
    assert moments.write_last_day(None) == "长期"


def test_moment_is_written_to_the_minute_and_a_delivery_to_the_second() -> None:
    assert yw.moment(TODAY) == "2026-11-23 10:02"
    assert yw.second(TODAY) == "2026-11-23 10:02:05"


def test_short_moment_leaves_out_the_current_year_only() -> None:
    assert yw.short_moment(TODAY) == "11-23 10:02"
    assert yw.short_moment(LAST_YEAR) == "2025-12-31 23:59"


@pytest.mark.parametrize(
    ("back", "text"),
    [(0, "10:02:05"), (1, "昨天"), (2, "11-21"), (365, "2025-11-23")],
)
def test_arrival_is_nearer_the_more_exact(back: int, text: str) -> None:
    assert yw.arrived(TODAY - timedelta(days=back)) == text


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (timedelta(days=1, hours=6), "剩 1 天 6 小时"),
        (timedelta(days=2), "剩 2 天"),
        (timedelta(hours=5, minutes=59), "剩 5 小时"),
        (timedelta(minutes=12), "剩 12 分钟"),
        (timedelta(), "剩 0 分钟"),
        (timedelta(minutes=-5), "超期 5 分钟"),
        (timedelta(days=-2, hours=-3), "超期 2 天"),
    ],
)
def test_remaining_time_in_words(left: timedelta, text: str) -> None:
    assert yw.remaining(timezone.now() + left) == text


def test_what_is_missing_is_a_dash() -> None:
    assert [
        yw.day(None),
        yw.moment(None),
        yw.second(None),
        yw.short_moment(None),
        yw.arrived(None),
        yw.remaining(None),
        yw.thousands(None),
    ] == ["—"] * 7
    assert yw.thousands(1846) == "1,846"
