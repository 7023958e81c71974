"""How each part that is compared with the HIS stands, for the watch below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min

from permissions.enums import DriftKind, DriftTarget, Part
from permissions.models import Drift, Reconciliation
from permissions.queries.drifts import ASKS
from portal.watch.comparisons import Standing, compares


@compares({part.value.lower(): part.label for part in Part})
def standings() -> Sequence[Standing]:
    """Two queries, by the index of what is open and by looks that came to their end."""
    rows: Any = (
        Drift.objects.filter(ASKS)
        .order_by()
        .values("target", "kind")
        .annotate(n=Count("pk"), first=Min("first_seen"))
    )
    found = list(rows.order_by("target", "kind"))
    ended = Reconciliation.objects.filter(ended_at__isnull=False, problem="").order_by()
    last = dict(ended.values_list("part").annotate(Max("ended_at")).order_by("part"))
    return [_standing(part, found, last.get(part)) for part in Part]


def _standing(part: Part, rows: Sequence[Any], looked_at: datetime | None) -> Standing:
    is_grades = part is Part.GRADES
    mine = [row for row in rows if (row["target"] == DriftTarget.GRADE) == is_grades]
    counts = {
        kind.value: sum(row["n"] for row in mine if row["kind"] == kind)
        for kind in DriftKind
    }
    since = min((row["first"] for row in mine), default=None)
    return Standing(part.value.lower(), counts, since, looked_at)
