"""The search of the top bar: a list while somebody types, a page after Enter."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from portal.accounts.guards import AuthenticatedRequest, signed_in
from portal.desk.presenters_search import search_page

IN_LIST = 5
ON_PAGE = 20
LIST_ID = "search-results"


@signed_in
@require_GET
def search(request: AuthenticatedRequest) -> HttpResponse:
    """Doctors, privileges, procedures, applications, users: what one may see."""
    is_list = request.headers.get("HX-Target") == LIST_ID
    found = search_page(
        request.GET.get("q", ""),
        request.capabilities,
        request.scope,
        limit=IN_LIST if is_list else ON_PAGE,
    )
    name = "desk/_search_list.html" if is_list else "desk/search.html"
    response = render(request, name, {"found": found})
    response.headers["Vary"] = "HX-Target"
    return response
