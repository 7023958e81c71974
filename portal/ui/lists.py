"""The list page: declared filters, search, sort, pages, export, all in the address.

A room declares its list once and answers requests with it::

    GRANTS = ListSpec[GrantState, GrantRow](
        key="grants",
        columns=(
            Column("practitioner", _("医师"), order=("practitioner__pinyin",),
                   export=lambda row: row.practitioner),
            Column("valid_to", _("有效期"), order=("valid_to",), css="nw",
                   export=lambda row: row.valid_to),
        ),
        search=Search(_("医师、工号或手术编码"), (
            "practitioner__name__contains", "practitioner__emp_no__startswith",
            "practitioner__initials__istartswith",      # pinyin initials: cjx
        )),
        filters=(
            ChoiceFilter("state", _("状态"), State.choices, "state"),
            ChoiceFilter("dept", _("科室"), department_choices, "department_id"),
            DateRange("on", _("生效日期"), "valid_from"),
        ),
        views=(QuickView("all", _("全部")), QuickView("paused", _("已暂停"), Q(state="S"))),
        order=("practitioner__pinyin",),
        present=grant_rows,                # Sequence[GrantState] -> list[GrantRow]
        row_template="permissions/_grant_row.html",          # one <tr>, gets ``row``
        nothing=_("没有符合条件的授权"),
    )

    @requires(Capability.VIEW_PRIVILEGES)
    def grant_list(request: AuthenticatedRequest) -> HttpResponse:
        return list_response(request, GRANTS, grants_with_names(),
                             template="permissions/grant_list.html")

The page template writes ``{% include "components/list.html" %}`` (it gets ``list``); the
export button is ``{% include "components/export_button.html" %}``. Three queries a page:
the counts of the views, the count of the list, the rows. ``is_selectable`` adds a
tick box to each row (the row template draws it: ``name="selected" value=…``) and
``batch_template`` what stands in the batch bar.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, F, Model, Q, QuerySet, When
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from portal.accounts.capabilities import Capability
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.ui.elements import Emptiness, Tab, Tabs, Text
from portal.ui.filters import Control, Filter, Search, given_conditions
from portal.ui.pages import Pager, Sorting, column_heads, pager_of, sorting_of
from portal.ui.spreadsheets import Cell, workbook

M = TypeVar("M", bound=Model)
R = TypeVar("R")
PER_PAGE = 20


@dataclass(frozen=True)
class Column(Generic[R]):
    """One column: its title, what to order by, how to export it.

    A column without ``order`` cannot be sorted, one without ``export`` is not exported.
    """

    key: str
    title: Text
    order: tuple[str, ...] = ()
    css: str = ""
    export: Callable[[R], Cell] | None = None


@dataclass(frozen=True)
class QuickView:
    """A tab: rows that meet ``condition``; its count turns red or amber by ``tone``."""

    key: str
    label: Text
    condition: Q = field(default_factory=Q)
    tone: Any = ""


@dataclass(frozen=True)
class ListSpec(Generic[M, R]):
    """See the top of this module."""

    key: str
    columns: tuple[Column[R], ...]
    order: tuple[str, ...]
    present: Callable[[Sequence[M]], Sequence[R]]
    row_template: str
    search: Search | None = None
    filters: tuple[Filter, ...] = ()
    views: tuple[QuickView, ...] = ()
    nothing: Text = _("没有符合条件的记录")
    is_selectable: bool = False
    batch_template: str = ""
    per_page: int = PER_PAGE


@dataclass(frozen=True)
class ListPage(Generic[R]):
    """What the templates of a list show."""

    key: str
    rows: Sequence[R]
    row_template: str
    heads: Sequence[Any]
    controls: Sequence[Control]
    search: Control | None
    tabs: Tabs | None
    view: str
    sort: str
    pager: Pager
    emptiness: Emptiness
    is_selectable: bool
    batch_template: str
    path: str

    @property
    def body_id(self) -> str:
        return f"{self.key}-body"

    @property
    def width(self) -> int:
        return len(self.heads) + int(self.is_selectable)


def list_page(
    request: HttpRequest, spec: ListSpec[M, R], queryset: QuerySet[M]
) -> ListPage[R]:
    """The rows this address asks for, and everything around them."""
    view = chosen_view(spec, request.GET)
    sorting = sorting_of(spec.columns, request.GET.get("sort", ""), spec.order)
    asked = asked_of(spec, request.GET)
    found = queryset.filter(asked.condition)
    pager = pager_of(found.count(), request.GET.get("page", ""), spec.per_page)
    rows = ordered(found, sorting)[pager.start : pager.end]
    return ListPage(
        key=spec.key,
        rows=spec.present(list(rows)),
        row_template=spec.row_template,
        heads=column_heads(spec.columns, sorting),
        controls=asked.controls,
        search=asked.search,
        tabs=tabs_of(spec, queryset, view) if spec.views else None,
        view=request.GET.get("view", "") if spec.views else "",
        sort=sorting.text,
        pager=pager,
        emptiness=emptiness(spec.nothing, request.path, asked),
        is_selectable=spec.is_selectable,
        batch_template=spec.batch_template,
        path=request.path,
    )


def list_response(
    request: HttpRequest,
    spec: ListSpec[M, R],
    queryset: QuerySet[M],
    *,
    template: str,
    context: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """The page, its rows alone when htmx asks for them, or the list as .xlsx."""
    if request.GET.get("export") == "xlsx":
        # Guards speak of HttpResponse; a streamed file is one to them.
        return cast(HttpResponse, export(request, spec, queryset))
    page = list_page(request, spec, queryset)
    is_fragment = request.headers.get("HX-Target") == page.body_id
    name = "components/list_body.html" if is_fragment else template
    response: HttpResponse = render(request, name, {**(context or {}), "list": page})
    response.headers["Vary"] = "HX-Target"
    return response


def export(
    request: HttpRequest, spec: ListSpec[M, R], queryset: QuerySet[M]
) -> HttpResponseBase:
    """All rows of the filters given, not only this page; needs EXPORT, leaves a trace."""
    if Capability.EXPORT not in getattr(request, "capabilities", frozenset()):
        raise PermissionDenied(Capability.EXPORT)
    columns = [column for column in spec.columns if column.export]
    sorting = sorting_of(spec.columns, request.GET.get("sort", ""), spec.order)
    found = ordered(queryset.filter(asked_of(spec, request.GET).condition), sorting)

    def cells(part: Sequence[M]) -> list[list[Cell]]:
        return [
            [column.export(row) for column in columns if column.export]
            for row in spec.present(part)
        ]

    titles = [str(column.title) for column in columns]
    response, rows = workbook(spec.key, titles, found, cells)
    record(EventKind.EXPORTED, by=request.user, subject=("list", spec.key), rows=rows)
    return response


# --- from the address to the rows -------------------------------------------------------


def chosen_view(spec: ListSpec[M, R], given: Mapping[str, str]) -> QuickView | None:
    by_key = {view.key: view for view in spec.views}
    return by_key.get(given.get("view", ""), spec.views[0] if spec.views else None)


@dataclass(frozen=True)
class Asked:
    """What one address asks for: the controls as set, and all conditions at once."""

    controls: Sequence[Control]
    search: Control | None
    condition: Q


def asked_of(spec: ListSpec[M, R], given: Mapping[str, str]) -> Asked:
    """Read the address: the view, the filters and the search text."""
    view = chosen_view(spec, given)
    condition = view.condition if view else Q()
    controls = []
    for item in spec.filters:
        control, narrowed = item.read(given)
        controls.append(control)
        condition &= narrowed
    search, narrowed = spec.search.read(given) if spec.search else (None, Q())
    return Asked(controls, search, condition & narrowed)


def ordered(queryset: QuerySet[M], sorting: Sorting) -> QuerySet[M]:
    """Always to the last row: equal values must not change places between pages."""
    return queryset.order_by(*sorting.order, "pk")


class Inner(Case):
    """Told first, in an inner query: SQL Server counts over no condition that asks
    another table, and Django does not see into a ``Q`` whether it does."""

    contains_subquery = True


def tabs_of(
    spec: ListSpec[M, R], queryset: QuerySet[M], chosen: QuickView | None
) -> Tabs:
    """The quick views with their counts, in one query."""
    seen_in = {
        f"in_{view.key}": (
            Inner(When(view.condition, then=F("pk"))) if view.condition else F("pk")
        )
        for view in spec.views
    }
    counts = (
        queryset.order_by()
        .annotate(**seen_in)
        .aggregate(
            **{f"view_{view.key}": Count(f"in_{view.key}") for view in spec.views}
        )
    )
    return Tabs(
        [
            Tab(
                view.label,
                f"?view={view.key}",
                view == chosen,
                counts[f"view_{view.key}"],
                view.tone,
            )
            for view in spec.views
        ]
    )


def emptiness(nothing: Text, path: str, asked: Asked) -> Emptiness:
    """Nothing found: by which conditions, and the way out."""
    searched = [asked.search] if asked.search else []
    conditions = given_conditions([*asked.controls, *searched])
    if not conditions:
        return Emptiness(nothing)
    return Emptiness(
        nothing,
        _("已按「%(conditions)s」筛选。") % {"conditions": conditions},
        link_url=path,
        link_text=_("清除筛选"),
    )
