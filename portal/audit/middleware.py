"""Remembers where a request comes from, for the event log."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from django.http import HttpRequest, HttpResponse

from portal.audit.origin import Origin, set_origin

# The proxy that ends TLS (portal/deploy/nginx.conf) stands on this machine.
PROXIES = frozenset({"127.0.0.1", "::1"})


def address_of(request: HttpRequest) -> str:
    """Who asked: what our own proxy says, never what anybody else does."""
    near: str = request.META.get("REMOTE_ADDR", "")
    said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    if near not in PROXIES or not said:
        return near
    try:
        return str(ip_address(said))
    except ValueError:
        return near


class OriginMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        set_origin(
            Origin(
                address=address_of(request),
                request_id=getattr(request, "request_id", ""),
            )
        )
        try:
            return self.get_response(request)
        finally:
            set_origin(None)
