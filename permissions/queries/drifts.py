"""Reading drifts and the looks that found them, for pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from permissions.enums import DriftState
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
    return rows.select_related("practitioner__department", "application", "review")


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


def latest_reconciliation() -> Any:
    """The last one that is over, with ``open_count``, how many drifts ask for somebody
    now; None before the first. One query."""
    counted = Drift.objects.filter(ASKS).order_by().values("closed_at")
    count = Coalesce(Subquery(counted.annotate(n=Count("pk")).values("n")), 0)
    over = Reconciliation.objects.filter(ended_at__isnull=False)
    return over.annotate(open_count=count).order_by("-id").first()


def last_reconciliations(count: int) -> list[Reconciliation]:
    """Those that are over, the latest first."""
    over = Reconciliation.objects.filter(ended_at__isnull=False)
    return list(over.select_related("by").order_by("-id")[:count])


def asked_reconciliation() -> Reconciliation | None:
    """The one somebody waits for."""
    asked = Reconciliation.objects.filter(ended_at__isnull=True, by__isnull=False)
    return asked.order_by("-id").first()


def trend(since: datetime) -> Sequence[tuple[date, Reconciliation]]:
    """The last look of each day that came to its end, the earliest day first."""
    rows = Reconciliation.objects.filter(
        ended_at__isnull=False, problem="", asked_at__gte=since
    )
    return list({day_of(row.asked_at): row for row in rows.order_by("pk")}.items())
