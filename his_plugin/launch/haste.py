"""Refusals are counted by address: who knocks without end is told to wait.

Each refusal leaves a line in the event log; nobody from outside may fill it.
"""

from __future__ import annotations

from contextlib import suppress
from functools import wraps
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from his_plugin.launch.pages import refused_page
from his_plugin.launch.refusals import LaunchRefused, Refusal
from portal.accounts.guards import View
from portal.audit.middleware import address_of

# Many stations may stand behind one address; none is refused that often.
MOST, SECONDS = 120, 60
REFUSED = frozenset({400, 403})


def not_without_end(view: View) -> View:
    """At most ``MOST`` refusals for an address in ``SECONDS``, in each process."""

    @wraps(view)
    def measured(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = f"his_plugin.refused.{address_of(request)}"
        if cache.get(key, 0) >= MOST:
            return _wait(request)
        response = view(request, *args, **kwargs)
        if response.status_code in REFUSED:
            _count(key)
        return response

    return measured


def _count(key: str) -> None:
    cache.add(key, 0, SECONDS)
    # The minute may end between the two.
    with suppress(ValueError):
        cache.incr(key)


def _wait(request: HttpRequest) -> HttpResponse:
    response = refused_page(request, LaunchRefused(Refusal.TOO_MANY))
    response.headers["Retry-After"] = str(SECONDS)
    return response
