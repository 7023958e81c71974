"""Reading drifts and the looks that found them, for pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db.models import Count, Max, Q, QuerySet

from permissions.enums import DriftState, DriftTarget, Part
from permissions.models import Drift, DriftDecision, Reconciliation
from portal.accounts.scope import HOUSE, Scope
from portal.directory.models import Practitioner
from portal.parameters.days import day_of

IS_THERE = Q(closed_at__isnull=True)
# What somebody should see to; an ignored one asks nobody any more.
ASKS = IS_THERE & ~Q(state=DriftState.IGNORED)
DEPARTMENT = "practitioner__department__code"


def drifts(scope: Scope = HOUSE) -> QuerySet[Drift]:
    """With everything a row shows."""
    rows = Drift.objects.filter(scope.of(DEPARTMENT))
    return rows.select_related("practitioner__department", "procedure")


def drift_or_none(drift_id: int, scope: Scope) -> Drift | None:
    return drifts(scope).filter(pk=drift_id).first()


def decisions_of(drift: Drift) -> list[DriftDecision]:
    """What was done about it, the latest first."""
    rows = DriftDecision.objects.filter(drift=drift).select_related("by")
    return list(rows.order_by("-pk"))


def drifts_of(practitioner: Practitioner) -> int:
    """How many of this doctor's rights the HIS shows otherwise."""
    return Drift.objects.filter(ASKS, practitioner=practitioner).count()


def open_by_kind(scope: Scope) -> dict[str, int]:
    rows = Drift.objects.filter(ASKS, scope.of(DEPARTMENT)).order_by()
    return dict(rows.values_list("kind").annotate(Count("pk")))


def open_by_part() -> dict[str, int]:
    """How many drifts ask for somebody now; one query."""
    is_grade = Q(target=DriftTarget.GRADE)
    found = Drift.objects.filter(ASKS).aggregate(
        grades=Count("pk", filter=is_grade), rights=Count("pk", filter=~is_grade)
    )
    return {Part.GRADES: found["grades"], Part.RIGHTS: found["rights"]}


def looks_of(scope: Scope) -> QuerySet[Reconciliation]:
    """Looks that are over. Grades are the whole house's, as their drifts are."""
    over = Reconciliation.objects.filter(ended_at__isnull=False)
    return over if scope.is_whole else over.exclude(part=Part.GRADES)


def latest_reconciliations(scope: Scope = HOUSE) -> Mapping[str, Reconciliation]:
    """Of each part the last look that is over; a part that was never looked at is not
    in it. One query."""
    return _last_of_each(looks_of(scope))


def latest_complete(scope: Scope = HOUSE) -> Mapping[str, Reconciliation]:
    """Likewise of those that came to their end."""
    return _last_of_each(looks_of(scope).filter(problem=""))


def _last_of_each(looks: QuerySet[Reconciliation]) -> Mapping[str, Reconciliation]:
    last = looks.order_by().values("part").annotate(last=Max("pk")).values("last")
    found = Reconciliation.objects.filter(pk__in=last).order_by("pk")
    return {row.part: row for row in found}


def last_reconciliations(count: int, scope: Scope = HOUSE) -> list[Reconciliation]:
    """Those that are over, the latest first."""
    return list(looks_of(scope).select_related("by").order_by("-id")[:count])


def asked_reconciliation() -> Reconciliation | None:
    """The one somebody waits for."""
    asked = Reconciliation.objects.filter(
        part=Part.RIGHTS, ended_at__isnull=True, by__isnull=False
    )
    return asked.order_by("-id").first()


def trend(
    since: datetime, scope: Scope = HOUSE
) -> Sequence[tuple[date, Sequence[Reconciliation]]]:
    """Of each day and part the last look that came to its end, the earliest day first."""
    rows = looks_of(scope).filter(problem="", asked_at__gte=since)
    days: dict[date, dict[str, Reconciliation]] = {}
    for row in rows.order_by("pk"):
        days.setdefault(day_of(row.asked_at), {})[row.part] = row
    return [(day, list(looks.values())) for day, looks in days.items()]
