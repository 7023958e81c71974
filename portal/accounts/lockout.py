"""Locking an account after failed logins, by the hospital's parameters.

django-axes counts; it calls what its settings name here (``portal.settings``). It is
told a digest instead of what was typed: a name that nobody has may be a password typed
into the wrong field.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from unicodedata import normalize

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac

from portal.accounts.models import User
from portal.parameters.queries import value_of
from portal.parameters.registry import LOCK_MINUTES, LOGIN_TRIES

Credentials = dict[str, Any] | None


def failure_limit(request: HttpRequest, credentials: Credentials) -> int:
    return value_of(LOGIN_TRIES)


def cool_off(request: HttpRequest | None) -> timedelta:
    return timedelta(minutes=value_of(LOCK_MINUTES))


def lock_key(request: HttpRequest, credentials: Credentials) -> str:
    """What stands for the typed staff number; upper and lower case are one account."""
    return _digest(str((credentials or {}).get("staff_no") or ""))


def _digest(staff_no: str) -> str:
    # Full-width digits too: a database may compare them as equal.
    typed = normalize("NFKC", staff_no).strip().casefold()
    return salted_hmac("accounts.lockout", typed).hexdigest()


def one_at_a_time(staff_no: str) -> None:
    """Tries at one account follow one another until the transaction ends: side by
    side, each would be let through before any of them is counted."""
    User.objects.select_for_update().filter(staff_no=staff_no).first()


def is_locked(request: HttpRequest, staff_no: str) -> bool:
    is_allowed: bool = AxesProxyHandler.is_allowed(request, {"staff_no": staff_no})
    return not is_allowed


def tries_left(request: HttpRequest, staff_no: str) -> int:
    """How often a wrong password may still be typed before the account is locked."""
    credentials = {"staff_no": staff_no}
    failures: int = AxesProxyHandler.get_failures(request, credentials)
    return max(value_of(LOGIN_TRIES) - failures, 0)


def unlock(staff_no: str) -> None:
    """Forget the failures of an account."""
    AxesProxyHandler.reset_attempts(username=_digest(staff_no))


def lock_ends(staff_nos: Sequence[str]) -> dict[str, datetime]:
    """Which of these accounts are locked now, and until when; one query for all."""
    numbers = {_digest(staff_no): staff_no for staff_no in staff_nos}
    span = timedelta(minutes=value_of(LOCK_MINUTES))
    attempts = AccessAttempt.objects.filter(
        username__in=list(numbers), attempt_time__gte=timezone.now() - span
    )
    rows = (
        attempts.values("username")
        .annotate(failures=Sum("failures_since_start"), latest=Max("attempt_time"))
        .filter(failures__gte=value_of(LOGIN_TRIES))
        .order_by("username")
    )
    return {numbers[row["username"]]: row["latest"] + span for row in rows}


def locked_until(request: HttpRequest, credentials: Credentials) -> datetime:
    """When the lock ends: counted from the last failure that was counted."""
    latest = (
        AccessAttempt.objects.filter(username=lock_key(request, credentials))
        .order_by("-attempt_time")
        .values_list("attempt_time", flat=True)
        .first()
    )
    return (latest or timezone.now()) + cool_off(request)


def locked_page(
    request: HttpRequest, answer: HttpResponse | None, credentials: Credentials
) -> HttpResponse:
    """What stands instead of the login page; the same for a name that nobody has."""
    left = locked_until(request, credentials) - timezone.now()
    context = {
        "tries": value_of(LOGIN_TRIES),
        "minutes": max(ceil(left.total_seconds() / 60), 1),
    }
    return render(request, "accounts/locked.html", context, status=429)
