"""Every answer carries the policy that is in force, though it is written once."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from portal.ui.policy import PolicyMiddleware

HEADER = "Content-Security-Policy"


def answer(replaced: dict[str, list[str]] | None = None) -> HttpResponse:
    response = HttpResponse()
    if replaced:
        response._csp_replace = replaced  # type: ignore[attr-defined]
    return response


def told(policy: PolicyMiddleware) -> str:
    response: Any = policy(HttpRequest())
    text: str = response[HEADER]
    return text


def test_the_policy_is_that_of_the_settings_and_follows_them(
    settings: Any,
) -> None:
    seen = iter(
        [answer(), answer(), answer({"default-src": ["data:"]}), answer(), answer()]
    )
    policy = PolicyMiddleware(lambda _request: next(seen))
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"default-src": ["'self'"]}}
    got = [told(policy) for _answer in range(4)]
    assert got == [
        "default-src 'self'",
        "default-src 'self'",
        "default-src data:",
        "default-src 'self'",
    ]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"default-src": ["'none'"]}}
    assert told(policy) == "default-src 'none'"


@pytest.mark.parametrize("is_first", [True, False])
def test_a_policy_an_answer_brings_along_stays(is_first: bool) -> None:
    own = HttpResponse(headers={HEADER: "default-src https:"})
    seen = iter([own] if is_first else [answer(), own])
    policy = PolicyMiddleware(lambda _request: next(seen))
    if not is_first:
        told(policy)
    assert told(policy) == "default-src https:"
