"""Rows of 权限维护 as markup: each make of row is drawn once, then filled.

The template stays ``_grant_row.html``, the one a drawer renders a changed row with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import get_language

from permissions.presenters.arrivals import GrantArrival
from permissions.presenters.grants import GrantRow
from portal.ui.stencils import SAMPLE_ID, Kept, hole

TEMPLATE = "permissions/_grant_row.html"
# Words of a row that differ from row to row: its own, those of its arrival, and those
# many share.
OWN = (*GrantRow._fields[1:9], "doc_no")
OF_ARRIVAL = ("arrival_text", "arrival_title", "arrival_why")
SHARED = ("title", "role", "where", "kind")
WORDS = ("id", *OWN, *OF_ARRIVAL, *SHARED)
MAKES = Kept(1024, WORDS)
_SPECIAL = re.compile("[&<>\"']").search


def draw_rows(
    request: HttpRequest, rows: Sequence[GrantRow], is_selectable: bool
) -> bytes:
    context: dict[str, Any] = {
        "capabilities": getattr(request, "capabilities", frozenset()),
        "is_selectable": is_selectable,
    }
    language = get_language() or ""
    shape = (is_selectable, context["capabilities"])
    return b"\n".join([_filled(row, context, shape, language) for row in rows])


def _filled(
    row: GrantRow, context: Mapping[str, Any], shape: tuple[Any, ...], language: str
) -> bytes:
    told, arrives = _arrival(row.arrival)
    own: Sequence[str] = (*row[1:9], row.doc_no, *told)
    if _SPECIAL("".join(own)):
        own = [escape(word) for word in own]
    title, _role, _where, kind = row.escaped
    blank = (title == b"", kind == b"", row.doc_no == "")
    key = (row.rank, row.shape, arrives, blank, shape)
    stencil = MAKES.stencil(key, lambda: _draw_row(row, context), language)
    words = [word.encode() for word in own]
    return stencil.fill((b"%d" % row.id, *words, *row.escaped))


def _arrival(arrival: GrantArrival | None) -> tuple[tuple[str, ...], Any]:
    """The words of an arrival, and what else decides of its markup."""
    if arrival is None:
        return ("", "", ""), None
    dots, tone, text, title, why = arrival.chain
    return (str(text), str(title), str(why)), (
        dots,
        tone,
        why == "",
        arrival.every_seconds,
    )


def _draw_row(row: GrantRow, context: Mapping[str, Any]) -> str:
    given: dict[str, Any] = {
        name: hole(name) for name in (*OWN, *SHARED) if getattr(row, name)
    }
    sample = row._replace(id=SAMPLE_ID, arrival=_holed(row.arrival), **given)
    return render_to_string(TEMPLATE, {**context, "row": sample})


def _holed(arrival: GrantArrival | None) -> GrantArrival | None:
    if arrival is None:
        return None
    text, title, why = map(hole, OF_ARRIVAL)
    chain = arrival.chain._replace(text=text, title=title)
    if chain.why:
        chain = chain._replace(why=why)
    return arrival._replace(state_id=SAMPLE_ID, chain=chain, text="")
