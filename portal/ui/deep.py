"""One page of a very long list.

The keys of the page are found first, in an inner query that an index alone can answer;
only then the columns of those few rows are read. Behind the middle of the list the keys
are counted from its end. The query of an address is compiled once a minute: conditions
that speak of the present are true to the minute.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils import timezone

from portal.prepared import Prepared
from portal.ui.pages import Pager, Sorting, reversed_order
from portal.ui.spec import ListSpec

M = TypeVar("M", bound=Model)
MOST_KEPT = 256
_KEPT: dict[Hashable, Prepared] = {}


def deep_page(
    spec: ListSpec[M, Any],
    found: Callable[[], QuerySet[M]],
    sorting: Sorting,
    pager: Pager,
    narrowing: str,
) -> Sequence[Any]:
    """The rows as ``spec.made`` makes them; ``narrowing`` is what ``found`` asks for."""
    if not pager.total:
        return []
    start, end = pager.start, min(pager.end, pager.total)
    order = (*sorting.order, "pk")
    is_turned = start > pager.total // 2
    if is_turned:
        start, end = pager.total - end, pager.total - start
        order = reversed_order(order)
    minute = int(timezone.now().timestamp()) // 60
    key = (spec.key, minute, narrowing, order, end - start)
    prepared = _KEPT.get(key)
    if prepared is None:
        if len(_KEPT) >= MOST_KEPT:
            _KEPT.clear()
        prepared = _KEPT[key] = _prepared(spec, found(), order, end - start)
    rows = [spec.made(row) for row in prepared.rows(start)]
    return rows[::-1] if is_turned else rows


def _prepared(
    spec: ListSpec[M, Any], found: QuerySet[M], order: tuple[str, ...], count: int
) -> Prepared:
    def build(start: int) -> QuerySet[Any, Any]:
        keys = found.order_by(*order).values("pk")[start : start + count]
        whole: QuerySet[Any] = found.model._default_manager.filter(pk__in=keys)
        return whole.order_by(*order).values_list(*spec.reads)

    return Prepared(build)
