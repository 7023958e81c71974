"""Working days: Monday to Friday, but for what the hospital's calendar says otherwise.

The State Council moves days every year (调休): the settings name the weekdays that are
free and the weekend days that are worked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings

SATURDAY = 5


class BadCalendar(Exception):
    """A setting names a day that is none."""


@dataclass(frozen=True)
class Calendar:
    """``free`` are weekdays off, ``worked`` weekend days on."""

    free: Collection[date] = frozenset()
    worked: Collection[date] = frozenset()

    def is_working(self, day: date) -> bool:
        if day.weekday() >= SATURDAY:
            return day in self.worked
        return day not in self.free

    def after(self, day: date, count: int) -> date:
        """The ``count``-th working day after ``day``; with 0 the day itself."""
        while count > 0:
            day += timedelta(days=1)
            count -= self.is_working(day)
        return day

    def count(self, after: date, until: date) -> int:
        """How many working days come after ``after``, up to and with ``until``."""
        days = range((until - after).days)
        return sum(self.is_working(until - timedelta(days=ago)) for ago in days)


def calendar_of_settings() -> Calendar:
    """Raises BadCalendar."""
    return Calendar(
        free=_days("HOLIDAYS", settings.HOLIDAYS),
        worked=_days("WORKED_WEEKENDS", settings.WORKED_WEEKENDS),
    )


def _days(name: str, words: Iterable[str]) -> frozenset[date]:
    try:
        return frozenset(map(date.fromisoformat, words))
    except ValueError:
        raise BadCalendar(f"{name} names a day that is none.") from None
