"""Markup that is drawn once with holes and then filled many times.

A list of fifty rows is fifty times the same markup with other words. A template draws it
once, given ``hole("name")`` where a word will stand; filling the holes is one joining of
pieces. The template stays the only place that knows the markup::

    ROWS = Kept(100, ("name", "codes"))
    stencil = ROWS.stencil(("row", tone), lambda: draw(name=hole("name"), tone=tone))
    stencil.fill([escape(row.name).encode(), row.codes.encode()])

Everything but the words in the holes must be part of the key: it is drawn into the
stencil. Values to fill in are escaped by the caller. Keys hold no persons' data.

Markup is kept as it is sent, in UTF-8: characters of a text with Chinese in it take two
bytes each, and a page of them would be copied and then encoded anew for each reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language

# Private-use characters: no text of ours has them, and escaping leaves them alone.
OPEN, CLOSE = "\ue000", "\ue001"
_HOLE = re.compile(f"{OPEN}([a-z_]+){CLOSE}")
# A number no row has; where it is drawn (in addresses, too) is a hole.
SAMPLE_ID = 7_236_514_908_127_364


def hole(name: str) -> SafeString:
    """What a template is given in place of a word."""
    return SafeString(f"{OPEN}{name}{CLOSE}")


class Stencil:
    """Drawn markup with its holes found; ``words`` names what is filled in, in order."""

    __slots__ = ("_pieces", "_places")

    def __init__(self, drawn: str, words: Sequence[str]) -> None:
        drawn = drawn.replace(str(SAMPLE_ID), hole("id"))
        pieces = _HOLE.split(drawn)
        self._pieces = [piece.encode() for piece in pieces]
        self._places = [words.index(name) for name in pieces[1::2]]

    def fill(self, values: Sequence[bytes]) -> bytes:
        """All holes filled; ``values`` are escaped already and may be more."""
        pieces = self._pieces.copy()
        pieces[1::2] = [values[place] for place in self._places]
        return b"".join(pieces)


class Kept:
    """Stencils by key and language; when there are too many, all are drawn anew."""

    def __init__(self, most: int, words: Sequence[str]) -> None:
        self._most = most
        self._words = words
        self._kept: dict[Hashable, Stencil] = {}

    def stencil(
        self, key: Hashable, draw: Callable[[], str], language: str | None = None
    ) -> Stencil:
        """The stencil of this key; drawn when first asked for.

        Who asks for many gives the ``language``: looking it up costs more.
        """
        full = (language or get_language(), key)
        found = self._kept.get(full)
        if found is None:
            if len(self._kept) >= self._most:
                self._kept.clear()
            found = self._kept[full] = Stencil(draw(), self._words)
        return found


@lru_cache(maxsize=64)
def _address(url_name: str, rest: tuple[str, ...]) -> tuple[str, str]:
    before, after = reverse(url_name, args=[SAMPLE_ID, *rest]).split(str(SAMPLE_ID))
    return before, after


def address_of(url_name: str, key: int | str, *rest: str) -> str:
    """``reverse(url_name, args=[key, *rest])``, resolved once for all keys."""
    text = str(key)
    if not (text.isascii() and text.isalnum()):
        return reverse(url_name, args=[key, *rest])
    before, after = _address(url_name, rest)
    return f"{before}{text}{after}"
