"""Elements as markup. The same element is drawn once: it is all that its markup needs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

MOST_KEPT = 2048


def drawn(element: Any) -> SafeString:
    """Kept by value and language where the element can be a key; by its template too,
    for tuples of two kinds may be equal.

    What is markup already, as a hole of a stencil is, stays as it is.
    """
    if isinstance(element, SafeString):
        return element
    try:
        return _kept(get_language(), element.template, element)
    except TypeError:
        return _draw(element)


@lru_cache(maxsize=MOST_KEPT)
def _kept(_language: str, _template: str, element: Any) -> SafeString:
    return _draw(element)


def _draw(element: Any) -> SafeString:
    return SafeString(render_to_string(element.template, {"it": element}))
