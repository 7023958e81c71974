"""Texts inside a message: escapes, days, and the name of the encoding in MSH-18."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

# The separators of every message we write, and how a text says them.
ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
MEANINGS = {written[1]: sign for sign, written in ESCAPES.items()}
WRITTEN = re.compile(r"\\(?:([EFSTR])|X((?:[0-9A-Fa-f]{2})+)|\.br)\\")
UNSAFE = re.compile(r"[\\|^&~]")
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
NULL = '""'  # takes a value away; an empty field says nothing of it

# Table 0211. Chinese engines name their GBK by the standard that contains it.
CHARSETS = {
    "utf-8": "UNICODE UTF-8",
    "gbk": "GB 18030-2000",
    "gb2312": "GB 18030-2000",
    "gb18030": "GB 18030-2000",
}


def escaped(text: str) -> str:
    """Safe as one field. Line ends, which only reasons have, become blanks: the library
    would write ``\\X0D\\`` as something else."""
    return UNSAFE.sub(lambda found: ESCAPES[found[0]], CONTROL.sub(" ", text))


def unescaped(text: str, encoding: str) -> str:
    """What the sender meant; bytes of ``\\X..\\`` are in the encoding of the link."""

    def meaning(found: re.Match[str]) -> str:
        sign, bytes_, _all = found[1], found[2], found[0]
        if sign:
            return MEANINGS[sign]
        return bytes.fromhex(bytes_).decode(encoding, "replace") if bytes_ else "\n"

    return WRITTEN.sub(meaning, text)


def field_text(value: Any) -> str:
    """A value of the contract as one field."""
    if value is None:
        return NULL
    return value.strftime("%Y%m%d") if isinstance(value, date) else escaped(str(value))
