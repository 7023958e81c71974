"""Telling the user what became of an act, in htmx answers.

A full page uses ``django.contrib.messages``: they become the same toasts. Success goes
away after four seconds, a failure stays until it is closed.
"""

from __future__ import annotations

from typing import Literal

from django.http import HttpResponse
from django_htmx.http import trigger_client_event

from portal.ui.elements import Text


def with_toast(
    response: HttpResponse,
    title: Text,
    detail: Text = "",
    *,
    tone: Literal["ok", "warn", "bad"] = "ok",
) -> HttpResponse:
    """The answer with a toast beside it."""
    toast = {"tone": tone, "title": str(title), "detail": str(detail)}
    return trigger_client_event(response, "yw:toast", toast)


def closing_drawer(response: HttpResponse) -> HttpResponse:
    """The answer of a drawer that saved: the drawer closes, focus returns.

    With htmx the rows that changed come as out-of-band swaps, or the page names
    ``HX-Retarget``; an empty answer with status 200 also empties the drawer.
    """
    return trigger_client_event(response, "yw:close-drawer", {}, after="settle")


def invalid(response: HttpResponse) -> HttpResponse:
    """A form posted back with its errors; htmx swaps it in (422)."""
    response.status_code = 422
    return response
