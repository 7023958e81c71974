"""From the address to the rows: the view, the filters, the search, the ticked ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

from portal.ui.filters import Control
from portal.ui.ids import ids_in
from portal.ui.pages import Sorting
from portal.ui.spec import ListSpec, chosen_view

M = TypeVar("M", bound=Model)
R = TypeVar("R")
# Not of the list itself: the page, the order, and how the page is looked at.
OF_THE_PAGE = frozenset({"view", "sort", "page", "per", "saved", "export"})
OF_THE_SELECTION = frozenset({"selected", "all"})
# Ids a page can tick; an address with more is none of ours.
MOST_SELECTED = 1000


@dataclass(frozen=True)
class Asked:
    """What one address asks for: the controls as set, and all conditions at once."""

    controls: Sequence[Control]
    search: Control | None
    condition: Q

    @property
    def all_controls(self) -> list[Control]:
        return [*self.controls, *([self.search] if self.search else [])]


def asked_of(spec: ListSpec[M, R], given: Mapping[str, str]) -> Asked:
    """Read the address: the view, the filters and the search text."""
    view = chosen_view(spec, given)
    condition = view.condition if view else Q()
    controls = []
    for item in spec.filters:
        control, narrowed = item.read(given)
        controls.append(control)
        if narrowed:
            condition &= narrowed
    search, narrowed = spec.search.read(given) if spec.search else (None, Q())
    return Asked(controls, search, condition & narrowed if narrowed else condition)


def ordered(queryset: QuerySet[M], sorting: Sorting) -> QuerySet[M]:
    """Always to the last row: equal values must not change places between pages."""
    return queryset.order_by(*sorting.order, "pk")


def default_order(spec: ListSpec[M, R], given: Mapping[str, str]) -> tuple[Any, ...]:
    """By how well rows match what is searched, where the search can tell."""
    if spec.search and spec.search.ranking:
        control, _condition = spec.search.read(given)
        if control.value:
            return spec.search.ranking(control.value)
    return spec.order


def is_selection(given: QueryDict) -> bool:
    """Whether the address names ticked rows rather than all that are found."""
    return "selected" in given and given.get("all") != "1"


def found_rows(
    spec: ListSpec[M, R], queryset: QuerySet[M], given: QueryDict
) -> QuerySet[M]:
    """The rows an address means.

    ``selected`` (repeated) are ticked rows by id; ``all=1``, or neither, means every row
    of the view, the filters and the search. What is no id names no row.
    """
    if is_selection(given):
        return queryset.filter(pk__in=selected_ids(given))
    return queryset.filter(asked_of(spec, given).condition)


def selected_ids(given: QueryDict) -> list[int]:
    return ids_in(given.getlist("selected")[:MOST_SELECTED])


def ignored_in(
    spec: ListSpec[M, R], asked: Asked, given: Mapping[str, Any]
) -> list[str]:
    """Parts of an address this list does not know (any more), as ``name=value``."""
    known = {name for control in asked.all_controls for name in control.names}
    known |= OF_THE_PAGE | OF_THE_SELECTION
    gone = [name for name, value in given.items() if name not in known and value]
    for control in asked.all_controls:
        gone += control.ignored_in(given)
    views = {view.key for view in spec.views}
    if given.get("view") and given["view"] not in views:
        gone.append("view")
    orders = {column.key for column in spec.columns if column.order}
    if given.get("sort") and given["sort"].removeprefix("-") not in orders:
        gone.append("sort")
    return [f"{name}={given[name]}" for name in gone]
