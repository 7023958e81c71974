"""Until when a right may be used without another assessment (GR07, 1.4).

Giving a right is its first assessment: it is decided on evidence. A renewal is none,
for it moves only the end; whoever assesses for it records that. A failed assessment is
no ground to go on and moves nothing: its review is open. The engine, the reminders and
the lists all ask here.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from permissions.enums import AssessmentResult
from permissions.models import Assessment, Grant, RecodedGrant
from portal.parameters.days import day_of, months_after


def last_day_to_assess(began: datetime, months: int, next_due: date | None) -> date:
    """The last day on which the next assessment is in time; ``next_due`` is that of the
    last assessment that was not failed, None where there was none."""
    return next_due or months_after(day_of(began), months)


def carried_from(grant: int) -> set[int]:
    """A grant and those it carries on under other codes, straight or over others, by
    key; two queries a step."""
    found: set[int] = set()
    looked_at = {grant}
    while looked_at:
        found |= looked_at
        follows = Grant.objects.filter(
            pk__in=looked_at, first_due__isnull=False, follows__isnull=False
        )
        ended = RecodedGrant.objects.filter(into__in=looked_at, is_opened=True)
        straight = follows.order_by("pk").values_list("follows_id", flat=True)
        merged = ended.order_by("pk").values_list("state__grant_id", flat=True)
        looked_at = {*straight, *merged} - found
    return found


def next_dues(**only: Any) -> dict[int, date]:
    """By grant, what the last assessment that was not failed set, and before the first
    one what a grant took over; ``only`` are fields of Grant. Two queries."""
    carried = Grant.objects.filter(first_due__isnull=False, **only).order_by()
    first = dict(carried.values_list("pk", "first_due"))
    theirs = {f"state__grant__{name}": value for name, value in only.items()}
    made = Assessment.objects.exclude(result=AssessmentResult.FAIL).filter(**theirs)
    rows = made.order_by("assessed_on", "pk").values_list("state__grant", "next_due")
    dues = (*first.items(), *rows)
    return {grant: due for grant, due in dues if due is not None}
