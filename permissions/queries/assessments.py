"""Until when a right may be used without another assessment (GR07, 1.4).

Giving a right is its first assessment: it is decided on evidence. A renewal is none,
for it moves only the end; whoever assesses for it records that. A failed assessment is
no ground to go on and moves nothing: its review is open. The engine, the reminders and
the lists all ask here.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import Max

from permissions.enums import AssessmentResult, EventKind
from permissions.models import Assessment, Grant, GrantEvent, GrantState
from portal.parameters.days import day_of, months_after, start_of


def assessed_since(**only: Any) -> dict[int, datetime]:
    """By grant, the last assessment after it began; ``only`` are fields of Grant.

    Of one carried on under another code, at least since when the right is held. Three
    queries.
    """
    theirs = {f"grant__{name}": value for name, value in only.items()}
    renewed = GrantEvent.objects.filter(
        kind=EventKind.RENEW,
        grant__privilege__assessment_months__isnull=False,
        **theirs,
    )
    found = renewed.order_by().values("grant").annotate(last=Max("effective_at"))
    last = {row["grant"]: row["last"] for row in found}
    carried = Grant.objects.filter(
        held_since__isnull=False, privilege__assessment_months__isnull=False, **only
    )
    for grant, since in carried.order_by().values_list("pk", "held_since"):
        last.setdefault(grant, since)
    for grant, day in _recorded(only):
        moment = start_of(day)
        last[grant] = max(moment, last.get(grant, moment))
    return last
from permissions.enums import AssessmentResult
from permissions.models import Assessment
from portal.parameters.days import day_of, months_after


def last_day_to_assess(began: datetime, months: int, next_due: date | None) -> date:
    """The last day on which the next assessment is in time; ``next_due`` is that of the
    last assessment that was not failed, None where there was none."""
    return next_due or months_after(day_of(began), months)


def next_dues(**only: Any) -> dict[int, date]:
    """By grant, what the last assessment that was not failed set; ``only`` are fields
    of Grant. One query."""
    theirs = {f"state__grant__{name}": value for name, value in only.items()}
    made = Assessment.objects.exclude(result=AssessmentResult.FAIL).filter(**theirs)
    rows = made.order_by("assessed_on", "pk").values_list("state__grant", "next_due")
    return {grant: due for grant, due in rows if due is not None}
