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


def saved(
    title: Text,
    detail: Text = "",
    *,
    rows: str = "",
    tone: Literal["ok", "warn"] = "ok",
) -> HttpResponse:
    """The answer of a drawer that saved: it closes, focus returns, a toast says what.

    ``rows`` are the changed rows, rendered with ``oob=True``; their template begins
    ``<tr id="grant-{{ row.id }}"{% if oob %} class="fresh" hx-swap-oob="true"{% endif %}>``.
    Without ``rows`` the list on the page reads its present page again. With the tone
    ``warn`` not all was done, and the toast stays to be read.
    """
    response = HttpResponse(rows)
    trigger_client_event(response, "yw:close-drawer", {}, after="settle")
    if not rows:
        trigger_client_event(response, "yw:changed", {}, after="settle")
    return with_toast(response, title, detail, tone=tone)


def invalid(response: HttpResponse) -> HttpResponse:
    """A form posted back with its errors; htmx swaps it in (422)."""
    response.status_code = 422
    return response
