"""The sidebar shows what is there and what the user may open."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from portal.accounts.capabilities import Capability
from portal.ui.navigation import navigation_for, place_of, url_if_any


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def room(*names: str) -> Any:
    return [path(name, page, name=name) for name in names]


@pytest.fixture(autouse=True)
def _some_rooms(settings: Any) -> None:
    """Pages of two rooms are there; those of the others are not yet."""
    urls = ModuleType("some_rooms")
    urls.urlpatterns = [  # type: ignore[attr-defined]
        path("", include((room("home", "log", "his"), "desk"))),
        path("permissions/", include((room("grant-list"), "permissions"))),
    ]
    settings.ROOT_URLCONF = urls


def labels(capabilities: set[Capability]) -> list[tuple[str, list[str]]]:
    return [
        (str(group.label), [str(line.label) for line in group.lines])
        for group in navigation_for(capabilities, "desk:home")
    ]


def test_navigation_hides_what_the_user_may_not_open() -> None:
    assert labels(set()) == [("", ["工作台"])]
    assert labels({Capability.VIEW_PRIVILEGES, Capability.VIEW_LOG}) == [
        ("", ["工作台"]),
        ("授权管理", ["权限维护"]),
        ("对接与审计", ["变更日志"]),
    ]


def test_navigation_hides_what_is_not_there() -> None:
    assert ("授权管理", ["权限维护"]) in labels(set(Capability))
    assert url_if_any("accounts:user-list") == ""


@pytest.mark.parametrize(
    ("view_name", "on"),
    [
        ("permissions:grant-list", ["权限维护"]),
        ("permissions:grant-detail", ["权限维护"]),
        ("permissions:grantor", []),
        ("desk:home", ["工作台"]),
        ("", []),
    ],
)
def test_page_and_what_lies_below_it_are_marked(view_name: str, on: list[str]) -> None:
    groups = navigation_for(set(Capability), view_name)

    marked = [str(line.label) for group in groups for line in group.lines if line.is_on]
    assert marked == on


def test_breadcrumbs_name_group_and_page() -> None:
    assert [str(step) for step in place_of("permissions:grant-detail")] == [
        "授权管理",
        "权限维护",
    ]
    assert [str(step) for step in place_of("desk:home")] == ["工作台"]
    assert place_of("ui:components") == ()


def test_information_center_finds_the_drifts_it_repairs(settings: Any) -> None:
    settings.ROOT_URLCONF = "portal.urls"

    shown = dict(labels({Capability.VIEW_HIS, Capability.OPERATE_HIS}))

    assert "HIS 差异" in shown["对接与审计"]
