"""Is the process alive, and can it serve? For load balancers and watchers.

``/healthz`` asks nobody. ``/readyz`` is 503 only without our database; a broker or HIS
that is away is reported as degraded with 200, for pages go on without them.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from portal.accounts.guards import public
from portal.broker import answers
from portal.his.gateway import HisMisconfigured, HisUnavailable
from portal.his.opening import from_settings

CACHE_KEY = "ui.readyz"
# A watcher that asks often must not become a load itself.
CACHE_SECONDS = 2
TIMEOUT_SECONDS = 1
HIS_TIMEOUT_SECONDS = 2


def database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError:
        return False
    return True


def broker() -> bool:
    return answers(settings.BROKER_URL, settings.BROKER_MASTER, TIMEOUT_SECONDS)


def his() -> bool:
    try:
        from_settings(HIS_TIMEOUT_SECONDS).ping()
    except (HisUnavailable, HisMisconfigured):
        return False
    return True


# Without one of these the portal still serves.
DEGRADABLE: dict[str, Callable[[], bool]] = {"broker": broker, "his": his}


def readiness() -> dict[str, str]:
    """``ok``, ``down`` or ``degraded`` for each part."""
    parts = {"database": "ok" if database() else "down"}
    for name, check in DEGRADABLE.items():
        parts[name] = "ok" if check() else "degraded"
    return parts


@public
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive."""
    return JsonResponse({"status": "ok"})


@public
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether requests should come here."""
    parts: dict[str, str] | None = cache.get(CACHE_KEY)
    if parts is None:
        parts = readiness()
        cache.set(CACHE_KEY, parts, CACHE_SECONDS)
    is_ready = parts["database"] == "ok"
    return JsonResponse(parts, status=200 if is_ready else 503)
