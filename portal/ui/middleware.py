"""One JSON line per request, and a number by which everybody can find it again.

The line has the route's name, never the path or the query: both may hold a person.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpResponse

logger = logging.getLogger("portal.requests")

HEADER = "X-Request-ID"
# What a proxy may hand us; anything else could smuggle text into the logs.
SANE = re.compile(r"[A-Za-z0-9_-]{8,36}")


def request_id_of(given: str) -> str:
    return given if SANE.fullmatch(given) else uuid.uuid4().hex


class RequestLogMiddleware:
    """Must stand first: everything below logs with the request's number."""

    def __init__(self, get_response: Callable[[Any], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        started = time.perf_counter()
        request.request_id = request_id_of(request.headers.get(HEADER, ""))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.request_id)
        try:
            response = self.get_response(request)
            response.headers[HEADER] = request.request_id
            if not request.path.startswith(settings.STATIC_URL):
                log_line(request, response, time.perf_counter() - started)
        finally:
            structlog.contextvars.clear_contextvars()
        return response


def log_line(request: Any, response: HttpResponse, seconds: float) -> None:
    match = request.resolver_match
    # Only a user some view asked for: the log line itself must not need the database.
    # Of a view that asks for no CSRF token the cookie may be somebody else's.
    believes_cookies = match and not getattr(match.func, "csrf_exempt", False)
    user = getattr(request, "_cached_user", None) if believes_cookies else None
    logger.info(
        "request",
        extra={
            "method": request.method,
            "route": match.view_name if match else "",
            "status": response.status_code,
            "ms": round(seconds * 1000),
            "user_id": user.pk if user is not None else None,
        },
    )
