"""What the enums of a check have in common."""

from __future__ import annotations

from enum import StrEnum


class Word(StrEnum):
    """A word that hashes as fast as the text it is: an enum's own hash is a Python
    call, and a check looks its words up in dictionaries."""

    __hash__ = str.__hash__
