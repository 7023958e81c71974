"""A list page drawn once and kept: only rows, counts, pages and the token are new.

The page of one reader for one address differs from the last one in its rows, in the
numbers of its tabs and its pages, and in the token against forged posts. Everything else
is drawn by the templates once, with holes in those places (``portal.ui.stencils``).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from portal.ui.drawing import drawn
from portal.ui.pages import NEIGHBORS, Pager
from portal.ui.sizes import sizes_of
from portal.ui.spec import ListSpec
from portal.ui.stencils import Kept, hole

MOST_PAGES = 128
PAGES = Kept(MOST_PAGES, ("csrf_token", "tabs", "saved", "rows", "pager", "here"))
SAMPLE_PAGE = 8_640_275_000
NUMBERS = {-2: "two_before", -1: "before", 0: "number", 1: "after", 2: "two_after"}
PAGERS = Kept(4 * MOST_PAGES, tuple(NUMBERS.values()))


def kept_page(
    request: HttpRequest, template: str, page: Any, spec: ListSpec[Any, Any]
) -> bytes:
    """``template`` with ``list`` = ``page``; messages to the reader are drawn anew."""
    pager = _pager(request, page)
    if len(get_messages(request)):
        rows = SafeString(page.drawn_rows.decode())
        drawn_page = replace(
            page, drawn_rows=rows, drawn_pager=SafeString(pager.decode())
        )
        return render_to_string(template, {"list": drawn_page}, request).encode()
    user: Any = request.user
    key = (
        *(template, page.first, user.pk, user.name, user.office),
        # What stands in the choices comes from tables.
        *(request.capabilities, _choices(page, spec), page.given, page.ignored),  # type: ignore[attr-defined]
        *(page.reset_url, page.is_selectable),
    )
    stencil = PAGES.stencil(key, lambda: _draw(request, template, page))
    return stencil.fill(
        (
            get_token(request).encode(),
            drawn(page.tabs).encode() if page.tabs else b"",
            drawn(page.saved).encode(),
            page.drawn_rows,
            pager,
            drawn_address(page.here).encode(),
        )
    )


def drawn_address(address: str) -> str:
    return address.replace("&", "&amp;")


def _draw(request: HttpRequest, template: str, page: Any) -> str:
    holed = replace(
        page,
        tabs=hole("tabs") if page.tabs else None,
        saved=hole("saved"),
        drawn_rows=hole("rows"),
        drawn_pager=hole("pager"),
        here=hole("here"),
    )
    context = {"list": holed, "csrf_token": hole("csrf_token")}
    return render_to_string(template, context, request)


def _choices(page: Any, spec: ListSpec[Any, Any]) -> Hashable:
    """The choices that are read from tables, as part of the key."""
    return tuple(
        tuple(control.choices)
        for item, control in zip(spec.filters, page.controls, strict=True)
        if callable(getattr(item, "choices", None))
    )


def _pager(request: HttpRequest, page: Any) -> bytes:
    """The pages: near an end drawn for each, in between the same but for the numbers."""
    pager: Pager = page.pager
    near = range(-NEIGHBORS, NEIGHBORS + 1)
    is_between = 2 + NEIGHBORS < pager.number < pager.count - NEIGHBORS - 1
    shape = None if is_between else pager.number
    key = (page.first, pager.count, pager.total, pager.per_page, shape)

    def draw() -> str:
        number = SAMPLE_PAGE if is_between else pager.number
        context = {
            "pager": Sample(number, pager) if is_between else pager,
            "sizes": sizes_of(request, pager),
            "target": page.body_id,
            "request": request,
        }
        text: str = render_to_string("components/pager.html", context)
        for step in near if is_between else ():
            text = text.replace(str(number + step), hole(NUMBERS[step]))
        return text

    numbers = [str(pager.number + step).encode() for step in near]
    return PAGERS.stencil(key, draw).fill(numbers)


class Sample:
    """The pages around a number no list has."""

    def __init__(self, number: int, pager: Pager) -> None:
        self.number, self.count = number, pager.count
        self.total, self.per_page = pager.total, pager.per_page
        self.previous, self.next = number - 1, number + 1
        near = range(number - NEIGHBORS, number + NEIGHBORS + 1)
        self.shown: list[int | None] = [1, None, *near, None, pager.count]
