"""The door is shut until a line opens it.

Every view says who may enter: a capability, any signed-in user, or everybody. A test
walks all URLs and fails for one that says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from rest_framework.permissions import BasePermission

from portal.accounts.capabilities import Capability
from portal.accounts.models import User

View: TypeAlias = Callable[..., HttpResponse]


class AuthenticatedRequest(HttpRequest):
    """A request behind a guard: the user is known, the capabilities are set."""

    user: User  # type: ignore[assignment]
    capabilities: frozenset[Capability]
    htmx: Any


def _login_page(request: HttpRequest) -> HttpResponse:
    if getattr(request, "htmx", False):
        # A fragment cannot show a login page: the whole page goes there.
        return HttpResponse(status=401, headers={"HX-Refresh": "true"})
    return redirect_to_login(request.get_full_path())


def requires(capability: Capability) -> Callable[[View], View]:
    """Only users who hold ``capability``; 403 for other signed-in users."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return _login_page(request)
            if capability not in request.capabilities:
                raise PermissionDenied(capability)
            return view(request, *args, **kwargs)

        guarded.required_capability = capability  # type: ignore[attr-defined]
        return guarded

    return decorate


def signed_in(view: View) -> View:
    """Any signed-in user."""

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return _login_page(request)
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


class Nobody(BasePermission):  # type: ignore[misc]
    """DRF's default here: a JSON view must name its own permission."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return False
