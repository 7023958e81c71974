"""Limits of a session: idle time, one session at a time, launched sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse

from portal.accounts.capabilities import Role, capabilities_of

# Set in the session by his_plugin: opened from a doctor station.
LAUNCHED = "launched_from"


class SessionLimitsMiddleware:
    """Sets ``request.capabilities``; a launched session has the doctor's only."""

    def __init__(self, get_response: Callable[[Any], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.capabilities = frozenset()
        if request.user.is_authenticated:
            if LAUNCHED in request.session:
                request.capabilities = capabilities_of(frozenset({Role.DOCTOR}))
            else:
                request.capabilities = request.user.capabilities
        return self.get_response(request)
