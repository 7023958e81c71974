"""Archiving by the calendar: what was settled longer ago than the hospital wishes."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime

from portal.outbox.archiving import Archived, archive
from portal.parameters.days import ZONE, start_of
from portal.parameters.of_the_his import ARCHIVE_MONTHS
from portal.parameters.queries import value_of
from portal.watch.tallies import counted_up_to, fold

# One task moves about so many, so that a worker can be stopped; the next goes on.
AT_ONCE = 20_000


def months_before(at: datetime, months: int) -> datetime:
    """The beginning of that day, so many months ago."""
    day = at.astimezone(ZONE).date()
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = monthrange(years, month + 1)[1]
    return start_of(day.replace(years, month + 1, min(day.day, last)))


def archive_due(
    at: datetime, *, months: int | None = None, most: int | None = AT_ONCE
) -> Archived:
    """Move what is older than ``months`` or else the hospital's parameter; 0: nothing."""
    months = value_of(ARCHIVE_MONTHS) if months is None else months
    if not months:
        return Archived(0, 0)
    fold(at)
    before = months_before(at, months)
    return archive(before=before, at=at, counted=counted_up_to(), most=most)
