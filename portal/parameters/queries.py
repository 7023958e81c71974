"""Reading hospital parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db.models import Max, QuerySet

from portal.parameters.models import ParameterValue
from portal.parameters.registry import Parameter

CACHE_KEY = "parameters"
# Another process sees a change after this long at most.
CACHE_SECONDS = 5


def value_of(parameter: Parameter) -> int:
    """What the hospital set, or the default."""
    values: dict[str, int] | None = cache.get(CACHE_KEY)
    if values is None:
        values = dict(ParameterValue.objects.values_list("key", "value"))
        cache.set(CACHE_KEY, values, CACHE_SECONDS)
    return values.get(parameter.key, parameter.default)


def values_now(*parameters: Parameter) -> dict[str, int]:
    """By key, past the cache: for who must not miss the last committed change."""
    keys = [parameter.key for parameter in parameters]
    rows = ParameterValue.objects.filter(key__in=keys).order_by()
    set_to = dict(rows.values_list("key", "value"))
    return {one.key: set_to.get(one.key, one.default) for one in parameters}


@dataclass(frozen=True)
class ParameterChange:
    """One time the hospital set a parameter; ``by`` None is the system."""

    key: str
    value: int
    at: datetime
    by: Any
    reason: str


def last_changes() -> dict[str, ParameterChange]:
    """By key: what is set now, since when, by whom and why; one query.

    Past the cache: whoever looks at the page wants the truth.
    """
    latest = ParameterValue.history.order_by().values("key").annotate(last=Max("pk"))
    rows = _told(ParameterValue.history.filter(pk__in=latest.values("last")))
    return {change.key: change for change in map(_change, rows)}


def changes_of(parameter: Parameter) -> Sequence[ParameterChange]:
    """Every change of one parameter, newest first."""
    rows = _told(ParameterValue.history.filter(key=parameter.key))
    return [_change(row) for row in rows]


def _told(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.select_related("history_user").order_by("-history_date", "-history_id")


def _change(row: Any) -> ParameterChange:
    return ParameterChange(
        row.key,
        row.value,
        row.history_date,
        row.history_user,
        row.history_change_reason,
    )
