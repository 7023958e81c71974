"""The door is shut until a line opens it.

Every view says who may enter: a capability, any signed-in user, or everybody. A test
walks all URLs and fails for one that says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from rest_framework.permissions import BasePermission

from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.accounts.scope import Scope
from portal.accounts.sessions import LAUNCHED
from portal.audit.models import EventKind
from portal.audit.services import record

View: TypeAlias = Callable[..., HttpResponse]


class AuthenticatedRequest(HttpRequest):
    """A request behind a guard: the user is known, the capabilities are set."""

    user: User
    capabilities: frozenset[Capability]
    scope: Scope
    session_ended: str
    htmx: Any


def _login_page(request: Any) -> HttpResponse:
    """To the login page and, after it, back; says why a session ended.

    A session launched from a station can only begin again there.
    """
    is_fragment = request.headers.get("HX-Request") == "true"
    if request.session_ended and request.is_launched:
        return _led_to(resolve_url(settings.LAUNCH_ENDED_URL), is_fragment=is_fragment)
    if why := getattr(request, "session_ended", ""):
        messages.warning(request, why)
    answer = redirect_to_login(_way_back(request, is_fragment=is_fragment))
    return _led_to(answer.url, is_fragment=is_fragment)


def _led_to(url: str, *, is_fragment: bool) -> HttpResponse:
    if is_fragment:
        # A fragment cannot show a login page: the whole page goes there.
        return HttpResponse(status=401, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _way_back(request: HttpRequest, *, is_fragment: bool) -> str:
    """The page to open after the login: the one that stood in the window."""
    if not is_fragment and request.method == "GET":
        return request.get_full_path()
    name = "HX-Current-URL" if is_fragment else "Referer"
    page = request.headers.get(name, "")
    is_ours = url_has_allowed_host_and_scheme(page, {request.get_host()})
    way = urlsplit(page)._replace(scheme="", netloc="", fragment="")
    return urlunsplit(way) if is_ours else ""


class OutOfScope(PermissionDenied):
    """Of a department this user does not look after."""


def _refuse(request: Any, capability: str) -> NoReturn:
    _tell_denied(request, capability=capability)
    raise PermissionDenied(capability)


def _tell_denied(request: Any, **detail: str) -> None:
    match = request.resolver_match
    record(
        EventKind.ACCESS_DENIED,
        by=request.user,
        subject=("view", match.view_name if match else ""),
        is_ok=False,
        **detail,
    )


def demand_department(request: AuthenticatedRequest, code: str) -> None:
    """Refuse, and log, whoever asks for something of a department that is not theirs."""
    if not request.scope.holds(code):
        _tell_denied(request, capability="DEPARTMENT_SCOPE", department=code)
        raise OutOfScope(code)


def requires(
    capability: Capability, *alternatives: Capability
) -> Callable[[View], View]:
    """Only users who hold ``capability`` or one of ``alternatives``; 403 for others."""
    enough = {capability, *alternatives}

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return _login_page(request)
            if enough.isdisjoint(request.capabilities):
                _refuse(request, capability)
            return view(request, *args, **kwargs)

        guarded.required_capability = capability  # type: ignore[attr-defined]
        return guarded

    return decorate


def signed_in(view: View) -> View:
    """Any signed-in user; not a session launched from a station, which has the
    doctor's capabilities and nothing else."""

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return _login_page(request)
        if LAUNCHED in request.session:
            _refuse(request, "PORTAL_SESSION")
        return view(request, *args, **kwargs)

    guarded.is_signed_in_only = True  # type: ignore[attr-defined]
    return guarded


def public(view: View) -> View:
    """Everybody; must also stand in the short list of the URL test."""

    @wraps(view)
    def opened(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs)

    opened.is_public = True  # type: ignore[attr-defined]
    return opened


class Nobody(BasePermission):
    """DRF's default here: a JSON view must name its own permission."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return False
