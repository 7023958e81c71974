"""What of a text was found by what somebody typed, for a page to mark.

The same ways as the search itself looks (``surgery.queries.search``): as it is written,
by 首字母, by full pinyin, in any spelling of a code. Plain: texts in, parts out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from surgery.codes import folded
from surgery.spelling import syllables


@dataclass(frozen=True)
class Typed:
    """Signs of a text as they may be typed: ``text``, and of each of its letters the
    place in the original it belongs to."""

    text: str
    places: Sequence[int]

    def hits(self, word: str) -> Iterator[int]:
        """Places in the original that the word covers, wherever it stands.

        One letter stands somewhere in every name: it means a beginning.
        """
        is_start = len(word) == 1 and word.isascii()
        at = self.text.find(word)
        while at >= 0 and not (is_start and at > 0):
            last = self.places[at + len(word) - 1]
            # A dot of a code between two letters that are found is found with them.
            yield from range(self.places[at], last + 1)
            at = self.text.find(word, at + len(word))


def parts_of(text: str, words: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """The text in parts, each with whether it was found; ``words`` are folded."""
    marked: set[int] = set()
    for word in words:
        for typed in _ways(text, word):
            if found := set(typed.hits(word)):
                marked |= found
                break
    parts: list[tuple[str, bool]] = []
    for place, sign in enumerate(text):
        is_hit = place in marked
        if parts and parts[-1][1] == is_hit:
            parts[-1] = (parts[-1][0] + sign, is_hit)
        else:
            parts.append((sign, is_hit))
    return tuple(parts)


def _ways(text: str, word: str) -> Iterator[Typed]:
    """As it is written first; letters may be pinyin besides."""
    letters = [(sign, place) for place, one in enumerate(text) for sign in folded(one)]
    places = [place for _sign, place in letters]
    bare = "".join(sign for sign, _place in letters)
    yield Typed(bare, places)
    if not word.isascii() or word.isdigit():
        return
    spelled = syllables(bare)
    yield Typed("".join(one[0] for one in spelled), places)
    yield Typed(
        "".join(spelled),
        [place for one, place in zip(spelled, places, strict=True) for _letter in one],
    )
