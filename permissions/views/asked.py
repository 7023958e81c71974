"""What the reading pages are asked: a day, as known when; nonsense is told, not kept
quiet about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from portal.parameters.days import day_of, start_of
from portal.ui.elements import Note
from portal.ui.filters import day_or_none


@dataclass(frozen=True)
class AskedDay:
    """``moment`` is now for today, else the last moment of the day. ``text`` is what
    was typed; where it names no day, ``problem`` says so and today stands in."""

    text: str
    day: date
    moment: datetime
    problem: str = ""


def asked_day(text: str, now: datetime) -> AskedDay:
    today = day_of(now)
    if not text:
        return AskedDay(today.isoformat(), today, now)
    day = day_or_none(text)
    if day is None:
        words = _("「%(text)s」不是日期，请写成 2026-11-23 这样。以下按今天显示。")
        return AskedDay(text, today, now, words % {"text": text[:20]})
    return AskedDay(text, day, end_of_day(day, now))


def end_of_day(day: date, now: datetime) -> datetime:
    """What counts for a day: its last moment; of today what holds now."""
    if day == day_of(now):
        return now
    return start_of(day) + timedelta(days=1) - timedelta(microseconds=1)


def notes_of(*problems: str) -> list[Note]:
    return [Note("bad", problem) for problem in problems if problem]
