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
export button is ``{% include "components/export_button.html" %}``. ``is_selectable`` adds
a tick box to each row (the row template draws it: ``name="selected" value=…``) and
``batch_template`` what stands in the batch bar. Everybody may save the filters and the
order of any list as a view (``portal.ui.services``).

Four queries a page: the saved views, the counts of the quick views, the count of the
list, the rows. A list of hundreds of thousands of rows gives ``stamp`` (what changes when
the rows do: counts are kept until then), ``reads`` and ``made`` (the columns a row shows and
what is made of them, so that no models are, and a deep page walks an index and not the
rows: ``portal.ui.deep``) and ``draw`` (rows as markup: the page around them is drawn once
and kept, ``portal.ui.keeping``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.accounts.scope import HOUSE, Scope
from portal.ui.address import changed_address, without
from portal.ui.counting import Counts, one_by_one, together
from portal.ui.deep import deep_page
from portal.ui.elements import Emptiness, Note, Tab, Tabs, Text
from portal.ui.exports import export
from portal.ui.filters import Control, given_conditions
from portal.ui.keeping import kept_page
from portal.ui.pages import Pager, Sorting, column_heads, pager_of, sorting_of
from portal.ui.phrases import listed
from portal.ui.queries import KeptView, views_for
from portal.ui.saved import Offered, offered
from portal.ui.selecting import (
    Asked,
    asked_of,
    default_order,
    found_rows,
    ignored_in,
    ordered,
)
from portal.ui.sizes import PageSize, page_size, sizes_of
from portal.ui.spec import (
    PER_PAGE,
    Column,
    ListSpec,
    QuickView,
    chosen_view,
)

__all__ = [
    "PER_PAGE",
    "Column",
    "ListPage",
    "ListSpec",
    "QuickView",
    "found_rows",
    "list_page",
    "list_response",
]

M = TypeVar("M", bound=Model)
R = TypeVar("R")


@dataclass(frozen=True)
class Given:
    """A filter that is set: what it says, and the address without it."""

    label: str
    says: str
    url: str


@dataclass(frozen=True)
class ListPage(Generic[R]):
    """What the templates of a list show."""

    key: str
    rows: Sequence[R]
    row_template: str
    heads: Sequence[Any]
    controls: Sequence[Control]
    search: Control | None
    tabs: Tabs | SafeString | None
    view: str
    sort: str
    pager: Pager
    emptiness: Emptiness | None  # where there are no rows
    is_selectable: bool
    batch_template: str
    path: str
    here: str = ""
    first: str = ""  # the address of its first page
    reset_url: str = ""
    given: Sequence[Given] = ()
    sizes: Sequence[PageSize] = ()
    per: str = ""
    saved: Offered | SafeString | None = None
    ignored: Note | None = None
    drawn_rows: SafeString | bytes | None = None
    drawn_pager: SafeString | None = None

    @property
    def body_id(self) -> str:
        return f"{self.key}-body"

    @property
    def width(self) -> int:
        return len(self.heads) + int(self.is_selectable)


def list_page(
    request: HttpRequest,
    spec: ListSpec[M, R],
    queryset: QuerySet[M],
    views: Sequence[KeptView] = (),
) -> ListPage[R]:
    """The rows this address asks for, and everything around them."""
    given = request.GET
    sorting = sorting_of(
        spec.columns, given.get("sort", ""), default_order(spec, given)
    )
    asked = asked_of(spec, given)
    reset = reset_url(request, spec, views)

    def found() -> QuerySet[M]:
        """Made only where neither count nor page of it is kept."""
        return queryset.filter(asked.condition)

    # Who looks after some departments sees other rows than who sees the house.
    seen_by = f"{spec.key} {_scope_of(request).key}"
    counts = Counts(seen_by, spec.stamp)
    tabs = tabs_of(spec, queryset, given, counts) if spec.views else None
    narrowing = f"{_scope_of(request).key}&{narrowing_of(asked, given)}"
    total = counts.of(narrowing, lambda: found().count())
    pager = pager_of(total, given.get("page", ""), page_size(spec, given))
    rows = spec.present(page_rows(spec, found, sorting, pager, narrowing))
    saved = offered(views, spec.key, given.get("saved", ""))
    return ListPage(
        key=spec.key,
        rows=rows,
        row_template=spec.row_template,
        heads=column_heads(
            [column for column in spec.columns if not column.in_file], sorting
        ),
        controls=asked.controls,
        search=asked.search,
        tabs=tabs,
        view=given.get("view", "") if spec.views else "",
        sort=sorting.text,
        pager=pager,
        emptiness=None if rows else emptiness(spec.nothing, reset, asked),
        is_selectable=spec.is_selectable,
        batch_template=spec.batch_template,
        path=request.path,
        here=changed_address(request),
        first=changed_address(request, page=None),
        reset_url=reset,
        given=given_of(request, asked),
        sizes=() if spec.draw and rows else sizes_of(request, pager),
        per=given.get("per", ""),
        saved=saved,
        ignored=ignored_note(spec, asked, given, saved),
        drawn_rows=spec.draw(request, rows, spec.is_selectable)
        if spec.draw and rows
        else None,
    )


def _scope_of(request: HttpRequest) -> Scope:
    scope: Scope = getattr(request, "scope", HOUSE)
    return scope


class KeptResponse(HttpResponse):
    """A page no template drew this time; what it shows is at hand for tests."""

    def __init__(self, content: bytes, page: ListPage[Any]) -> None:
        super().__init__(content)
        self.list_page = page


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
    views = views_for(request.user, spec.key)
    if not request.GET and (first := next((v for v in views if v.is_default), None)):
        return HttpResponseRedirect(f"{request.path}?{first.address}")
    page = list_page(request, spec, queryset, views)
    is_fragment = request.headers.get("HX-Target") == page.body_id
    name = "components/list_body.html" if is_fragment else template
    if spec.draw and page.rows:
        response: HttpResponse = KeptResponse(
            kept_page(request, name, page, spec), page
        )
    else:
        response = render(request, name, {**(context or {}), "list": page})
    if is_fragment and page.tabs:
        counts = {"tabs": page.tabs}
        response.write(render_to_string("components/tab_counts.html", counts))
    response.headers["Vary"] = "HX-Target"
    return response


# --- rows -----------------------------------------------------------------------------


def page_rows(
    spec: ListSpec[M, R],
    found: Callable[[], QuerySet[M]],
    sorting: Sorting,
    pager: Pager,
    narrowing: str,
) -> Sequence[Any]:
    if spec.reads:
        return deep_page(spec, found, sorting, pager, narrowing)
    return list(ordered(found(), sorting)[pager.start : pager.end])


# --- around the rows ------------------------------------------------------------------


def narrowing_of(asked: Asked, given: Mapping[str, str]) -> str:
    """What is counted, as the address says it."""
    words = [given.get("view", "")]
    words += [f"{c.name}={c.value}~{c.until}" for c in asked.all_controls if c.says]
    return "&".join(words)


def tabs_of(
    spec: ListSpec[M, R],
    queryset: QuerySet[M],
    given: Mapping[str, str],
    counts: Counts,
) -> Tabs:
    """The quick views with their counts."""
    conditions = {view.key: view.condition for view in spec.views if view.is_counted}
    count = one_by_one if spec.stamp else together
    if spec.count_views:
        numbers = spec.count_views(queryset, conditions)
    else:
        numbers = counts.of("views", lambda: count(queryset, conditions))
    chosen = None if given.get("saved") else chosen_view(spec, given)
    return Tabs(
        tuple(
            Tab(
                label,
                f"?view={view.key}",
                view == chosen,
                numbers.get(view.key),
                view.tone,
                f"{spec.key}-tab-{view.key}",
            )
            for label, view in zip(_labels_of(spec), spec.views, strict=True)
        )
    )


def _labels_of(spec: ListSpec[M, R]) -> Sequence[str]:
    """Of its quick views, looked up once a language."""
    key = (get_language(), spec.key, *(view.key for view in spec.views))
    if key not in _LABELS:
        _LABELS[key] = [str(view.label) for view in spec.views]
    return _LABELS[key]


_LABELS: dict[tuple[str, ...], list[str]] = {}


def given_of(request: HttpRequest, asked: Asked) -> tuple[Given, ...]:
    return tuple(
        Given(str(control.label), control.says, without(request, control.names))
        for control in asked.all_controls
        if control.says
    )


def reset_url(
    request: HttpRequest, spec: ListSpec[M, R], views: Sequence[KeptView]
) -> str:
    """The list with nothing set; a bare address would open the default view."""
    view = request.GET.get("view", "")
    if view or any(one.is_default for one in views):
        first = spec.views[0].key if spec.views else ""
        return f"{request.path}?view={view or first}"
    return request.path


def ignored_note(
    spec: ListSpec[M, R], asked: Asked, given: Mapping[str, Any], saved: Offered
) -> Note | None:
    """What a saved view asks for that this list does not know any more."""
    if saved.current is None:
        return None
    gone = ignored_in(spec, asked, given)
    if not gone:
        return None
    text = _("视图「%(name)s」里有 %(many)s 个条件已不存在，没有用上：%(gone)s。")
    return Note(
        "warn",
        text % {"name": saved.current.name, "many": len(gone), "gone": listed(gone)},
    )


def emptiness(nothing: Text, path: str, asked: Asked) -> Emptiness:
    """Nothing found: by which conditions, and the way out."""
    conditions = given_conditions(asked.all_controls)
    if not conditions:
        return Emptiness(nothing)
    return Emptiness(
        nothing,
        _("已按「%(conditions)s」筛选。") % {"conditions": conditions},
        link_url=path,
        link_text=_("清除筛选"),
    )
