"""Pages a doctor station may show inside its own window."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpResponse

from portal.accounts.guards import View


def shown_in_stations(view: View) -> View:
    """Framed by the stations' origins alone; in no cache, and the next page does not
    learn the address: both may hold a ticket or a signature."""

    @wraps(view)
    def shown(*args: Any, **kwargs: Any) -> HttpResponse:
        response = view(*args, **kwargs)
        if settings.STATION_ORIGINS:
            ancestors = ["'self'", *settings.STATION_ORIGINS]
            response._csp_replace = {"frame-ancestors": ancestors}  # type: ignore[attr-defined]
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return shown
