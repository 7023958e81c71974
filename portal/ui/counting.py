"""How many rows a list and its quick views have.

Counting hundreds of thousands of rows costs more than reading the fifty that are shown.
A list that can say by a *stamp* whether anything has changed keeps its counts as long as
the stamp stays; every other list counts each time. A kept count is a minute old at
most: rights begin and end by the clock alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from hashlib import blake2b
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import Case, Count, F, Model, Q, QuerySet, When
from django.utils import timezone

M = TypeVar("M", bound=Model)
KEEP_SECONDS = 60
Stamp = Callable[[], Hashable]


class Counts:
    """Counts of one list at one moment; ``stamp`` None keeps nothing."""

    def __init__(self, key: str, stamp: Stamp | None) -> None:
        minute = int(timezone.now().timestamp()) // KEEP_SECONDS
        self._mark = None if stamp is None else f"{key}:{minute}:{stamp()}"

    def of(self, what: str, count: Callable[[], Any]) -> Any:
        """``count()``, or what it was for the same ``what`` under the same stamp."""
        if self._mark is None:
            return count()
        key = blake2b(f"{self._mark}:{what}".encode(), digest_size=16).hexdigest()
        found = cache.get(key)
        if found is None:
            found = count()
            cache.set(key, found, KEEP_SECONDS)
        return found


class Inner(Case):
    """Told first, in an inner query: SQL Server counts over no condition that asks
    another table, and Django does not see into a ``Q`` whether it does."""

    contains_subquery = True


def together(queryset: QuerySet[M], conditions: dict[str, Q]) -> dict[str, int]:
    """All counts in one query over the rows: best where all rows are read anyway."""
    seen_in = {
        f"in_{key}": Inner(When(condition, then=F("pk"))) if condition else F("pk")
        for key, condition in conditions.items()
    }
    counts = (
        queryset.order_by()
        .annotate(**seen_in)
        .aggregate(**{f"view_{key}": Count(f"in_{key}") for key in conditions})
    )
    return {key: counts[f"view_{key}"] for key in conditions}


def one_by_one(queryset: QuerySet[M], conditions: dict[str, Q]) -> dict[str, int]:
    """A query for each: best where each has an index."""
    return {
        key: queryset.filter(condition).order_by().count()
        for key, condition in conditions.items()
    }
