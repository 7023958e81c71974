"""The clock on the wall of the hospital, and days and moments as its screens show them.

SQLite gives texts where PostgreSQL gives dates; here both become the same text.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    return datetime.now(SHANGHAI)


def now_text() -> str:
    return now().strftime("%Y-%m-%d %H:%M:%S")


def day(value: date | str | None) -> str:
    """``2026-11-23``, or nothing."""
    return str(value or "")[:10]


def moment(value: datetime | str | None) -> str:
    """``2026-11-23 10:02:07``, or nothing."""
    return str(value or "")[:19].replace("T", " ")


def minute(value: datetime | str | None) -> str:
    """``2026-11-23 10:02``, or nothing."""
    return moment(value)[:16]


def age(born: date | str | None) -> str:
    """Full years today."""
    text = day(born)
    if not text:
        return ""
    birth, today = date.fromisoformat(text), now().date()
    before = (today.month, today.day) < (birth.month, birth.day)
    return str(today.year - birth.year - before)
