"""A table of a page as a file: who may, and the trace it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from portal.accounts.capabilities import Capability
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.ui.elements import Text
from portal.ui.spreadsheets import Cell, table_file


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
