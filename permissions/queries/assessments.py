"""When a right was last assessed, and until when that is good (GR07).

No assessment is recorded by itself yet: a right that was given or renewed was assessed
for it. Whoever keeps assessments adds them in ``assessed_since``; everything else asks
here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Max

from permissions.enums import EventKind
from permissions.models import GrantEvent, GrantState
from portal.parameters.days import day_of, months_after, start_of


def assessed_since(**only: Any) -> dict[int, datetime]:
    """By grant, the last assessment after it began; ``only`` are fields of Grant.

    One query.
    """
    theirs = {f"grant__{name}": value for name, value in only.items()}
    renewed = GrantEvent.objects.filter(
        kind=EventKind.RENEW,
        grant__privilege__assessment_months__isnull=False,
        **theirs,
    )
    found = renewed.order_by().values("grant").annotate(last=Max("effective_at"))
    return {row["grant"]: row["last"] for row in found}


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
