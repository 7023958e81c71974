"""A drawer that does one act: shows its form, does it, or says why not.

Opened by htmx into ``#drawer``. Saved, it closes, a toast says so and the page reads
itself anew (or gets the rows of ``saved``); refused, it stays with what was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from portal.ui import notices
from portal.ui.elements import Element, Text


@dataclass(frozen=True)
class Drawer:
    """What stands around the form; ``page`` is where the drawer belongs."""

    title: Text
    button: Text
    done: Text
    page: str
    note: Text = ""
    to: Text = ""
    above: Element | None = None
    is_danger: bool = False
    template: str = "desk/act_drawer.html"


def act_drawer(
    request: HttpRequest,
    drawer: Drawer,
    form: forms.Form,
    *,
    act: Callable[[dict[str, Any]], bool],
    saved: Callable[[], HttpResponse] | None = None,
    **context: Any,
) -> HttpResponse:
    """``act`` gets what was typed and says whether it was done; if not, it has put the
    refusal into the form."""
    if request.method == "POST":
        if form.is_valid() and act(form.cleaned_data):
            return saved() if saved else notices.saved(drawer.done, drawer.note)
        return notices.invalid(_drawn(request, drawer, form, context))
    if request.headers.get("HX-Request") != "true":
        return redirect(drawer.page)
    return _drawn(request, drawer, form, context)


def _drawn(
    request: HttpRequest, drawer: Drawer, form: forms.Form, context: dict[str, Any]
) -> HttpResponse:
    context = {**context, "drawer": drawer, "form": form, "drawer_post": request.path}
    return render(request, drawer.template, context)


def sent_to(request: HttpRequest, page: str, done: Text) -> HttpResponse:
    """The whole window goes to ``page``, which says what was done."""
    messages.success(request, str(done))
    return HttpResponse(headers={"HX-Redirect": page})
