"""Pages a doctor station may show inside its own window."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpResponse

from portal.accounts.guards import View


def shown_in_stations(view: View) -> View:
    """Framed by the stations' origins alone, and kept in no cache."""

    @wraps(view)
    def shown(*args: Any, **kwargs: Any) -> HttpResponse:
        response = view(*args, **kwargs)
        if settings.STATION_ORIGINS:
            ancestors = ["'self'", *settings.STATION_ORIGINS]
            response._csp_replace = {"frame-ancestors": ancestors}  # type: ignore[attr-defined]
        response.headers["Cache-Control"] = "no-store"
        return response

    return shown


def tells_no_address(view: View) -> View:
    """For addresses that hold a signature or a ticket: no other page learns them.

    Not for a page with a form of ours: its browser would send ``Origin: null``, which
    the CSRF check refuses.
    """

    @wraps(view)
    def silent(*args: Any, **kwargs: Any) -> HttpResponse:
        response = view(*args, **kwargs)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return silent
