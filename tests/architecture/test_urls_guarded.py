"""The door is shut until a line opens it: every URL says who may enter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

# Everybody may ask for these; each line is a decision.
PUBLIC: set[str] = {
    "accounts:login",
    "accounts:logout",
    "his_plugin:api-session",
    "his_plugin:cas",
    "his_plugin:cas-back",
    "his_plugin:ended",
    "his_plugin:enter",
    "his_plugin:field-page",
    "his_plugin:launch",
    "his_plugin:my-framed",
    "his_plugin:oidc",
    "his_plugin:oidc-back",
    "his_plugin:smart",
    "his_plugin:smart-back",
    "his_plugin:ticket",
    "ui:healthz",
    "ui:readyz",
    "ui:set-language",
    "watch:metrics",  # guards itself: by token or network
}


def all_patterns(
    resolver: URLResolver, prefix: str = "", namespace: str = ""
) -> Iterator[tuple[str, Any]]:
    """``namespace:name`` (or the path where there is no name) and the view."""
    for entry in resolver.url_patterns:
        path = f"{prefix}{entry.pattern}"
        if isinstance(entry, URLPattern):
            name = f"{namespace}{entry.name}" if entry.name else f"/{path}"
            yield name, entry.callback
        else:
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from all_patterns(entry, path, inner)


def names_its_permission(view: Any) -> bool:
    """A DRF view that says itself, not by default, who may call it."""
    view_class = getattr(view, "cls", None)
    if view_class is None or not issubclass(view_class, APIView):
        return False
    own = [cls for cls in view_class.__mro__ if not cls.__module__.startswith("rest_")]
    says = any("permission_classes" in vars(cls) for cls in own)
    return says and AllowAny not in view_class.permission_classes


def is_guarded(view: Any) -> bool:
    return (
        getattr(view, "required_capability", None) is not None
        or getattr(view, "is_signed_in_only", False)
        or names_its_permission(view)
    )


def is_public(view: Any) -> bool:
    view_class = getattr(view, "cls", None)
    return getattr(view, "is_public", False) or AllowAny in getattr(
        view_class, "permission_classes", []
    )


def test_every_url_is_guarded_or_public() -> None:
    views = list(all_patterns(get_resolver()))
    assert [
        name for name, view in views if not is_guarded(view) and not is_public(view)
    ] == []


def test_public_urls_are_exactly_the_listed_ones() -> None:
    views = list(all_patterns(get_resolver()))
    assert {name for name, view in views if is_public(view)} == PUBLIC
