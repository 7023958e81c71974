"""Limits of a session: idle time, one portal session a user, launched sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from portal.accounts.capabilities import Role, capabilities_of
from portal.accounts.passwords import is_expired
from portal.accounts.queries import Standing, standing_of
from portal.accounts.scope import HOUSE
from portal.accounts.sessions import (
    LAST_ACTIVE,
    LAUNCHED,
    close_session,
    now_seconds,
)
from portal.parameters.queries import value_of
from portal.parameters.registry import IDLE_MINUTES

# What a page asks for by itself is no sign that somebody sits there.
POLL = "X-YW-Poll"
# Moments closer than this are one: a page of ten fragments writes its session once.
# A session may therefore end these few seconds early, never late.
STEP_SECONDS = 10
# Where a user may go who must change the password first.
PASSWORD_PAGES = frozenset({"accounts:password-change", "accounts:logout"})


class SessionLimitsMiddleware:
    """Ends a session that is over, and sets ``request.capabilities``
    and ``request.scope``.

    ``request.is_launched`` stays true for the request at which such a session ended:
    whoever came from a station has no password to log in with.
    """

    def __init__(self, get_response: Callable[[Any], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.capabilities = frozenset()
        request.scope = HOUSE
        request.session_ended = ""
        request.is_launched = False
        if request.user.is_authenticated:
            # Itself: Django's lazy one is asked anew at each look, dozens a page.
            request.user = getattr(request, "_cached_user", request.user)
            self._hold(request)
        return self.get_response(request)

    def process_view(
        self, request: Any, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Note that somebody sits there; lead whoever must change the password to the
        page where one can."""
        if not request.user.is_authenticated:
            return None
        # A view that asks for no CSRF token believes no cookie: at a shared machine
        # somebody else may sit there, inside a page of a station.
        if not getattr(view, "csrf_exempt", False):
            _touch(request)
        if LAUNCHED in request.session:
            return None
        if request.resolver_match.view_name in PASSWORD_PAGES:
            return None
        if getattr(view, "is_public", False):
            return None
        if request.user.must_change_password or is_expired(request.user):
            return _led_to(request, "accounts:password-change")
        return None

    def _hold(self, request: Any) -> None:
        standing = standing_of(request.user)
        request.is_launched = LAUNCHED in request.session
        if _is_idle(request):
            minutes = value_of(IDLE_MINUTES)
            close_session(request, code="IDLE")
            request.session_ended = _("%(minutes)s 分钟未操作，已自动退出") % {
                "minutes": minutes
            }
        elif _is_replaced(request, standing):
            close_session(request, code="REPLACED")
            request.session_ended = _("账户已在别处登录，这里已退出")
        else:
            _grant(request, standing)


def _is_idle(request: Any) -> bool:
    last = request.session.get(LAST_ACTIVE)
    return last is not None and now_seconds() - last >= value_of(IDLE_MINUTES) * 60


def _is_replaced(request: Any, standing: Standing) -> bool:
    """Another portal session began, or an administrator ended this one."""
    if LAUNCHED in request.session or standing.session_key is None:
        return False
    return bool(standing.session_key != request.session.session_key)


def _grant(request: Any, standing: Standing) -> None:
    """A launched session has what DOCTOR brings, whatever else the user may do."""
    roles = standing.roles
    if LAUNCHED in request.session:
        roles &= {Role.DOCTOR}
    request.capabilities = capabilities_of(roles)
    request.user.roles = standing.roles
    request.scope = standing.scope


def _touch(request: Any) -> None:
    last = request.session.get(LAST_ACTIVE)
    is_first = last is None
    if is_first or (
        POLL not in request.headers and now_seconds() - last >= STEP_SECONDS
    ):
        request.session[LAST_ACTIVE] = now_seconds()


def _led_to(request: HttpRequest, url_name: str) -> HttpResponse:
    answer = redirect(url_name)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": answer.url})
    return answer
