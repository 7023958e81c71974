"""变更日志: everything that was changed, in one line of time."""

from __future__ import annotations

import re

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.desk.lists_log import log_export, log_page, may_read
from portal.desk.log_entries import found_of
from portal.desk.log_sources import TABLES, Source
from portal.desk.presenters_log_entry import log_entry

KEY = re.compile(r"([A-Z]{1,2})([1-9][0-9]{0,17})")


@requires(Capability.VIEW_LOG)
@require_GET
def log(request: AuthenticatedRequest) -> HttpResponse:
    """The page, its rows alone, or the log as a file."""
    if request.GET.get("export") == "xlsx":
        return log_export(request)
    page = log_page(request, request.capabilities)
    is_fragment = request.headers.get("HX-Target") == page.body_id
    name = "components/list_body.html" if is_fragment else "desk/log.html"
    response = render(request, name, {"list": page})
    response.headers["Vary"] = "HX-Target"
    return response


@requires(Capability.VIEW_LOG)
@require_GET
def entry(request: AuthenticatedRequest, key: str) -> HttpResponse:
    """One entry: a drawer on the list, a page of its own behind its address."""
    source, number = _source_and_number(request, key)
    lines = TABLES[source].rows().filter(pk=number).order_by("pk")
    row = lines.first()
    if row is None:
        raise Http404
    found = found_of([(getattr(row, TABLES[source].at), number, source)])
    shown = log_entry(source, found.rows[source, number], found, request.capabilities)
    name = "desk/_log_entry.html" if request.htmx else "desk/log_entry.html"
    response = render(request, name, {"entry": shown, "drawer_post": ""})
    response.headers["Vary"] = "HX-Request"
    return response


def _source_and_number(request: AuthenticatedRequest, key: str) -> tuple[Source, int]:
    """What one may not read is not there."""
    found = KEY.fullmatch(key)
    if found is None or found[1] not in set(Source):
        raise Http404
    source = Source(found[1])
    if not may_read(source, request.capabilities):
        raise Http404
    return source, int(found[2])
