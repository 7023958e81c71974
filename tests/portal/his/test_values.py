from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.his.contract.interfaces.surgery import V_YW_GRADE_DICT
from portal.his.values import as_date, as_integer, as_moment, as_number, as_text, typed

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    "written",
    [
        *("2026-01-03", "2026/1/3", "2026.1.3", "2026年1月3日", "20260103"),
        *(" 2026-01-03 ", "2026-01-03T10:18:00", datetime(2026, 1, 3, 10)),  # noqa: DTZ001
    ],
)
def test_day_is_read_as_people_and_programs_write_it(written: Any) -> None:
    assert as_date(written) == date(2026, 1, 3)
    assert type(as_date(written)) is date


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-01-03 10:18:07", datetime(2026, 1, 3, 10, 18, 7)),  # noqa: DTZ001
        ("2026/1/3 8:05", datetime(2026, 1, 3, 8, 5)),  # noqa: DTZ001
        ("2026-01-03T10:18:07+00:00", datetime(2026, 1, 3, 18, 18, 7)),  # noqa: DTZ001
        ("2026-01-03", datetime(2026, 1, 3)),  # noqa: DTZ001
        (date(2026, 1, 3), datetime(2026, 1, 3)),  # noqa: DTZ001
        (datetime(2026, 1, 3, 2, tzinfo=UTC), datetime(2026, 1, 3, 10)),  # noqa: DTZ001
    ],
)
def test_moment_is_local_time_without_a_zone(written: Any, meant: datetime) -> None:
    assert as_moment(SHANGHAI, written) == meant


@pytest.mark.parametrize("text", ["gestern", "2026-13-01", "3.1.2026", "2026-01-03 x"])
def test_what_is_no_day_stays_for_the_quarantine(text: str) -> None:
    assert as_date(text) == text
    assert as_moment(SHANGHAI, text) == text


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_nothing_is_no_day_and_no_number_but_an_empty_text(empty: str | None) -> None:
    assert as_date(empty) is None
    assert as_moment(SHANGHAI, empty) is None
    assert as_number(empty) is None
    assert as_integer(empty) is None
    assert as_text(empty) == ""


@pytest.mark.parametrize(
    ("written", "number", "count"),
    [
        ("36.50", Decimal("36.50"), Decimal("36.50")),
        (" 4 ", Decimal(4), 4),
        (4, Decimal(4), 4),
        ("4.0", Decimal("4.0"), 4),
        ("vier", "vier", "vier"),
        ("NaN", "NaN", "NaN"),
        ("Infinity", "Infinity", "Infinity"),
    ],
)
def test_number_is_exact_and_a_count_is_whole(
    written: Any, number: Any, count: Any
) -> None:
    assert as_number(written) == number
    assert as_integer(written) == count
    assert type(as_integer(written)) is type(count)


def test_row_is_typed_in_the_order_of_the_view() -> None:
    (row,) = typed(
        V_YW_GRADE_DICT, [("4 ", "四级", None, "4", "2026-11-01T08:30:00")], SHANGHAI
    )
    moment = datetime(2026, 11, 1, 8, 30)  # noqa: DTZ001 (local time of the HIS)
    assert row == ("4", "四级", "", 4, moment)
