"""Addresses and forms hold text. A NUL is none: PostgreSQL refuses it in any value.

Told here once, as a bad request, instead of by each search, filter and form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpResponse, QueryDict

NUL = "\0"


class SaneTextMiddleware:
    """Behind the CSRF check, which has read the form. What carries no such form (the
    stations' doors) checks the shape of each value itself."""

    def __init__(self, get_response: Callable[[Any], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> None:
        is_form = request.method == "POST" and not getattr(view, "csrf_exempt", False)
        given = [request.GET, request.POST] if is_form else [request.GET]
        if NUL in request.path or any(has_nul(one) for one in given):
            raise BadRequest("NUL in the address or form")


def has_nul(given: QueryDict) -> bool:
    return any(
        NUL in name or any(NUL in value for value in values)
        for name, values in given.lists()
    )
