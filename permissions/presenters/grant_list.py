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
    language = get_language() or ""
    shape = (is_selectable, context["capabilities"])
    return SafeString(
        "\n".join([_filled(row, context, shape, language) for row in rows])
    )


def _filled(
    row: GrantRow, context: Mapping[str, Any], shape: tuple[Any, ...], language: str
) -> str:
    arrival = row.arrival
    own: Sequence[str] = (*row[1:9], row.doc_no)
    if _SPECIAL("".join(own)):
        own = [escape(word) for word in own]
    values = dict(zip(OWN, own, strict=True))
    values["id"] = str(row.id)
    title, values["role"], values["where"], kind = row.escaped
    values["title"], values["kind"] = title, kind
    values["arrival"] = _arrival(arrival, row.id, language) if arrival else ""
    blank = (title == "", kind == "", row.doc_no == "")
    key = (row.shape, arrival is None, blank, shape)
    stencil = MAKES.stencil(key, lambda: _draw_row(row, context), language)
    return stencil.fill(values)


def _draw_row(row: GrantRow, context: Mapping[str, Any]) -> str:
    given: dict[str, Any] = {name: hole(name) for name in WORDS if getattr(row, name)}
    if row.arrival:
        given["arrival"] = hole("arrival")
    sample = row._replace(id=SAMPLE_ID, **given)
    return render_to_string(TEMPLATE, {**context, "row": sample})


def _arrival(arrival: GrantArrival, state_id: int, language: str) -> str:
    chain = arrival.chain
    words = (str(chain.text), str(chain.title), str(chain.why))
    key = (chain.dots, chain.tone, words[2] == "", arrival.every_seconds)
    stencil = ARRIVALS.stencil(key, lambda: _draw_arrival(arrival), language)
    if _SPECIAL("".join(words)):
        words = (escape(words[0]), escape(words[1]), escape(words[2]))
    text, title, why = words
    return stencil.fill({"id": str(state_id), "text": text, "title": title, "why": why})


def _draw_arrival(arrival: GrantArrival) -> str:
    chain = replace(
        arrival.chain,
        text=hole("text"),
        title=hole("title"),
        why=hole("why") if arrival.chain.why else "",
    )
    return drawn(arrival._replace(state_id=SAMPLE_ID, chain=chain))
