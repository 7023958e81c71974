"""Keys as an address or a form brings them: what is none names no row."""

from __future__ import annotations

from collections.abc import Iterable

# Digits that fit the widest key of every database; Python reads no more than 4,300.
MOST_DIGITS = 18


def is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS


def ids_in(texts: Iterable[str]) -> list[int]:
    """Those that are one."""
    return [int(text) for text in texts if is_id(text)]
