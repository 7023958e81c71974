"""The columns of one kind of sheet: what they are called, and how they are found.

Headings are what hospitals write, so they stay Chinese whatever the page speaks.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import models

# A line is one of headings when it holds so many of them.
FEWEST_HEADINGS = 3
LINES_LOOKED_AT = 20
REMARK = re.compile(r"[(\[【].*?[)\]】]")
BLANK = re.compile(r"[\s*:]+")


def bare(text: str) -> str:
    """A heading without width, blanks, stars, colons and remarks in brackets."""
    return BLANK.sub("", REMARK.sub("", unicodedata.normalize("NFKC", text))).lower()


def key_of(headings: Sequence[str]) -> str:
    """The same for two sheets with the same headings in the same order."""
    joined = "\x1f".join(bare(one) for one in headings)
    return hashlib.sha256(joined.encode()).hexdigest()


@dataclass(frozen=True)
class Columns:
    """Fields of a kind of sheet, the words they are known by, and those needed.

    The first word of each field stands in our own template.
    """

    fields: type[models.TextChoices]
    headings: Mapping[Any, tuple[str, ...]]
    needed: tuple[models.TextChoices, ...]
    fewest: int = FEWEST_HEADINGS

    @cached_property
    def _known(self) -> dict[str, tuple[str, int]]:
        return {
            bare(word): (str(field), place)
            for field, words in self.headings.items()
            for place, word in enumerate(words)
        }

    def recognized(self, headings: Sequence[str]) -> dict[str, int]:
        """Column of each field; of two that could be it the better known word wins."""
        found: dict[str, tuple[int, int]] = {}
        for column, heading in enumerate(headings):
            if known := self._known.get(bare(heading)):
                field, place = known
                if field not in found or place < found[field][0]:
                    found[field] = (place, column)
        return {field: column for field, (_place, column) in found.items()}

    def heading_line(self, lines: Sequence[Sequence[str]]) -> int | None:
        """The place of the line that holds most headings; None when there is none.

        Where no line holds enough of them, the first with as many cells as we need:
        which column is which, a person then says.
        """
        counts = [len(self.recognized(line)) for line in lines]
        best = max(counts, default=0)
        if best >= self.fewest:
            return counts.index(best)
        full = [place for place, line in enumerate(lines) if self._is_full(line)]
        return min(full, default=None)

    def _is_full(self, line: Sequence[str]) -> bool:
        return sum(bool(cell) for cell in line) >= len(self.needed)
