"""Rows of 权限维护 as markup: each make of row is drawn once, then filled.

The template stays ``_grant_row.html``, the one a drawer renders a changed row with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from permissions.presenters.arrivals import GrantArrival
from permissions.presenters.grants import GrantRow
from portal.ui.drawing import drawn
from portal.ui.elements import Text
from portal.ui.stencils import SAMPLE_ID, Kept, hole

TEMPLATE = "permissions/_grant_row.html"
# Words of a row that differ from row to row: its own, and those many share.
OWN = (*GrantRow._fields[1:9], "doc_no")
WORDS = (*OWN, "title", "role", "where", "kind")
MAKES = Kept(1024)
_SPECIAL = re.compile("[&<>\"']").search
ARRIVALS = Kept(128)


def draw_rows(
    request: HttpRequest, rows: Sequence[GrantRow], is_selectable: bool
) -> SafeString:
    context: dict[str, Any] = {
        "capabilities": getattr(request, "capabilities", frozenset()),
        "is_selectable": is_selectable,
    }
    told = _Words()
    return SafeString("\n".join([_filled(row, context, told) for row in rows]))


class _Words:
    """Texts as markup; a word of the interface is looked up once a page."""

    def __init__(self) -> None:
        self.language = get_language()
        self._known: dict[int, str] = {}

    def __call__(self, word: Text) -> str:
        if isinstance(word, str):
            return escape(word) if _SPECIAL(word) else word
        # Words of the interface live as long as the program: their id is theirs.
        key = id(word)
        if key not in self._known:
            self._known[key] = escape(str(word))
        return self._known[key]


def _filled(row: GrantRow, context: Mapping[str, Any], told: _Words) -> str:
    arrival = row.arrival
    own: Sequence[str] = (*row[1:9], row.doc_no)
    if _SPECIAL("".join(own)):
        own = [escape(word) for word in own]
    values = dict(zip(OWN, own, strict=True))
    values["id"] = str(row.id)
    values["title"] = told(row.title)
    values["role"] = told(row.role)
    values["where"] = told(row.where)
    values["kind"] = told(row.kind)
    values["arrival"] = _arrival(arrival, row.id, told) if arrival else ""
    key = (
        *(row.standing.icon, row.ends_soon, row.kinds_of_acts),
        *(row.grade.number if row.grade else row.level, _is_empty(row.kind)),
        *(arrival is None, row.doc_no == "", _is_empty(row.title)),
        *(context["is_selectable"], context["capabilities"]),
    )
    stencil = MAKES.stencil(key, lambda: _draw_row(row, context), told.language)
    return stencil.fill(values)


def _is_empty(word: Text) -> bool:
    """A word of the interface is never empty: comparing it would look it up."""
    return isinstance(word, str) and not word


def _draw_row(row: GrantRow, context: Mapping[str, Any]) -> str:
    given: dict[str, Any] = {name: hole(name) for name in WORDS if getattr(row, name)}
    if row.arrival:
        given["arrival"] = hole("arrival")
    sample = row._replace(id=SAMPLE_ID, **given)
    return render_to_string(TEMPLATE, {**context, "row": sample})


def _arrival(arrival: GrantArrival, state_id: int, told: _Words) -> str:
    chain = arrival.chain
    key = (chain.dots, chain.tone, _is_empty(chain.why), arrival.every_seconds)
    stencil = ARRIVALS.stencil(key, lambda: _draw_arrival(arrival), told.language)
    return stencil.fill(
        {
            "id": str(state_id),
            "text": told(chain.text),
            "title": told(chain.title),
            "why": told(chain.why),
        }
    )


def _draw_arrival(arrival: GrantArrival) -> str:
    chain = replace(
        arrival.chain,
        text=hole("text"),
        title=hole("title"),
        why=hole("why") if arrival.chain.why else "",
    )
    return drawn(arrival._replace(state_id=SAMPLE_ID, chain=chain))
