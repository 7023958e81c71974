"""What practitioners hold, for lists and pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, IntegerField, Max, Q, QuerySet, Value, When

from permissions.checks.facts import OPERATING_PRIVILEGES
from permissions.models import GrantState
from permissions.queries.grants import not_suspended
from portal.directory.models import Practitioner


@dataclass(frozen=True)
class Holdings:
    """How many rights are in force, and the highest surgery grade among them."""

    count: int
    ceiling: int


def practitioners() -> QuerySet[Practitioner]:
    return Practitioner.objects.select_related("department")


def in_force(now: datetime) -> Q:
    """States that hold at this moment."""
    not_ended = Q(valid_to__isnull=True) | Q(valid_to__gt=now)
    return not_ended & not_suspended(now) & Q(valid_from__lte=now)


def holdings_of(ids: Sequence[int], now: datetime) -> dict[int, Holdings]:
    """One query for all."""
    reach = Case(
        *[
            When(privilege__code=code, then=Value(grade))
            for code, grade in OPERATING_PRIVILEGES.items()
        ],
        default=Value(0),
        output_field=IntegerField(),
    )
    found = (
        GrantState.objects.filter(in_force(now), practitioner__in=ids)
        .order_by()
        .values("practitioner")
        .annotate(count=Count("pk"), ceiling=Max(reach))
    )
    return {
        row["practitioner"]: Holdings(row["count"], row["ceiling"]) for row in found
    }
