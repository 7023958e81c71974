"""``/metrics``, for the hospital's Prometheus."""

from __future__ import annotations

from hmac import compare_digest
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST

from portal.accounts.guards import public
from portal.audit.middleware import address_of
from portal.watch.metrics import exposition


@public
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Open to the bearer of ``METRICS_TOKEN`` and to ``METRICS_ALLOWED`` alone.

    To everybody else there is no such page, and nothing is asked of the database.
    """
    if not (bears_token(request) or comes_from_allowed(request)):
        return HttpResponse("404\n", status=404, content_type="text/plain")
    return HttpResponse(exposition(timezone.now()), content_type=CONTENT_TYPE_LATEST)


def bears_token(request: HttpRequest) -> bool:
    token: str = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    return bool(token) and compare_digest(given.encode(), f"Bearer {token}".encode())


def comes_from_allowed(request: HttpRequest) -> bool:
    """By the address our own proxy tells of, or the connection itself."""
    try:
        address = ip_address(address_of(request))
    except ValueError:
        return False
    return any(address in network for network in settings.METRICS_ALLOWED)
