"""When a right was last assessed, and until when that is good (GR07).

A right that was given or renewed was assessed for it; later assessments are recorded
by themselves. A failed one is no ground to go on, so it moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


def _recorded(only: dict[str, Any]) -> Iterator[tuple[int, date]]:
    theirs = {f"state__grant__{name}": value for name, value in only.items()}
    made = Assessment.objects.exclude(result=AssessmentResult.FAIL).filter(**theirs)
    found = made.order_by().values("state__grant").annotate(last=Max("assessed_on"))
    for row in found:
        yield row["state__grant"], row["last"]


def due_after(assessed_at: datetime, months: int | None) -> datetime | None:
    """The exclusive end of what an assessment is good for; None where none is asked."""
    if months is None:
        return None
    return start_of(months_after(day_of(assessed_at), months))


def assessment_dues(states: Iterable[GrantState]) -> dict[int, datetime]:
    """By state, when its next assessment is due; those that need none are left out."""
    asked = [one for one in states if one.privilege.assessment_months is not None]
    since = assessed_since(pk__in=[one.grant_id for one in asked]) if asked else {}
    found = {
        one.pk: due_after(
            since.get(one.grant_id, one.valid_from), one.privilege.assessment_months
        )
        for one in asked
    }
    return {pk: due for pk, due in found.items() if due is not None}
