"""Tables as .xlsx, lists among them: who may, and the trace it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.utils.translation import gettext as _

from portal.accounts.capabilities import Capability
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.ui.address import changed_address
from portal.ui.elements import Text
from portal.ui.pages import sorting_of
from portal.ui.selecting import default_order, found_rows, is_selection, ordered
from portal.ui.spec import ListSpec
from portal.ui.spreadsheets import ROWS_AT_ONCE, Cell, parts_of, table_file

M = TypeVar("M", bound=Model)
R = TypeVar("R")


def must_export(request: HttpRequest) -> None:
    if Capability.EXPORT not in getattr(request, "capabilities", frozenset()):
        raise PermissionDenied(Capability.EXPORT)


def export_table(
    request: HttpRequest,
    key: str,
    titles: Sequence[Text],
    lines: Iterable[Sequence[Cell]],
) -> HttpResponse:
    """The rows as .xlsx; needs EXPORT, leaves a trace."""
    must_export(request)
    response, rows = table_file(key, [str(title) for title in titles], lines)
    record(EventKind.EXPORTED, by=request.user, subject=("list", key), rows=rows)
    # Guards speak of HttpResponse; a streamed file is one to them.
    return cast(HttpResponse, response)


def export(
    request: HttpRequest, spec: ListSpec[M, R], queryset: QuerySet[M]
) -> HttpResponseBase:
    """Rows of the filters given, not only this page; needs EXPORT, leaves a trace.

    More than ``spec.most_exported`` are refused with the number and the way out.
    """
    must_export(request)
    found = found_rows(spec, queryset, request.GET)
    if (many := found.count()) > spec.most_exported:
        return _too_many(request, many, spec.most_exported)
    columns = [column for column in spec.columns if column.export]

    def cells(part: Sequence[Any]) -> list[list[Cell]]:
        return [
            [column.export(row) for column in columns if column.export]
            for row in spec.present(part)
        ]

    sorting = sorting_of(
        spec.columns, request.GET.get("sort", ""), default_order(spec, request.GET)
    )
    titles = [str(column.title) for column in columns]
    rows_found = ordered(found, sorting)
    parts = _made_parts(spec, rows_found) if spec.reads else parts_of(rows_found)
    lines = (line for part in parts for line in cells(part))
    response, rows = table_file(spec.key, titles, lines)
    detail: dict[str, Any] = {"rows": rows}
    if is_selection(request.GET):
        detail["is_selection"] = True
    record(
        EventKind.EXPORTED,
        by=request.user,
        subject=("list", spec.key),
        **detail,
    )
    return response


def _too_many(request: HttpRequest, many: int, most: int) -> HttpResponseRedirect:
    messages.warning(
        request,
        _("一次最多导出 %(most)s 行，现有 %(many)s 行。请用筛选缩小范围，分几次导出。")
        % {"most": f"{most:,}", "many": f"{many:,}"},
    )
    return HttpResponseRedirect(request.path + changed_address(request))


def _made_parts(spec: ListSpec[M, R], found: QuerySet[M]) -> Iterator[list[Any]]:
    """Rows as the page reads them: without models."""
    rows = found.values_list(*spec.reads).iterator(chunk_size=ROWS_AT_ONCE)
    while part := [spec.made(row) for row in islice(rows, ROWS_AT_ONCE)]:
        yield part
