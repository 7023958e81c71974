"""Codes of procedures: one key for every spelling, one way of writing, and the parts.

The clinical list (国临 3.0, on ICD-9-CM-3) writes ``51.2300``, ``52.7x00`` or
``39.7900x625``; sheets bring the same as ``５１．２３００``, ``512300``, ``52.7X00`` or
``52.7×00``. Whether two codes are one is asked of ``key``, never of the text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from surgery.enums import Chapter

# Signs that stand in sheets where the list has the letter x.
CROSSES = str.maketrans(dict.fromkeys("×✕✖╳хХΧχ", "x"))
# Domain 3.2, measured on the whole list.
CODE = re.compile(
    r"(?P<group>\d{2})\.(?P<third>\d)(?P<fourth>[\dx])(?P<tail>[0-9A-Z]{0,3})"
    r"(?P<suffix>x\d{3,4})?"
)
GENERIC = "00"


class CodeKind(Enum):
    """What an entry is within the list."""

    HEADING = "细目"  # no digits behind the fourth: a heading, not an entry
    BASE = "基本条目"  # xx.xx00, the generic entry
    EXTENSION = "扩展条目"  # another number than 00, or an x suffix


@dataclass(frozen=True)
class Parts:
    """``39.7900x625`` is chapter 35-39, 亚目 ``39.7``, 细目 ``39.79``, extended."""

    chapter: Chapter
    subcategory: str
    detail: str
    kind: CodeKind


def folded(text: str) -> str:
    """Letters and digits alone, narrow and small; every cross is an x."""
    narrow = unicodedata.normalize("NFKC", text).translate(CROSSES).casefold()
    return "".join(filter(str.isalnum, narrow))


def key(code: str) -> str:
    """What all spellings of a code have in common; empty where there is no code."""
    return folded(code)


def written(code: str) -> str:
    """The code as the list writes it; what is no code of the list is only trimmed."""
    bare = key(code).upper().replace("X", "x")
    dotted = f"{bare[:2]}.{bare[2:]}"
    return dotted if CODE.fullmatch(dotted) else code.strip()


def is_valid(code: str) -> bool:
    """Whether it is written as the list writes codes."""
    return CODE.fullmatch(code) is not None


def parts_of(code: str) -> Parts | None:
    """The parts of a code in any spelling; None for one the list could not have."""
    found = CODE.fullmatch(written(code))
    if found is None:
        return None
    group, third, fourth = found["group"], found["third"], found["fourth"]
    return Parts(
        chapter=chapter_of(code),
        subcategory=f"{group}.{third}",
        detail=f"{group}.{third}{fourth}",
        kind=_kind(found["tail"], found["suffix"]),
    )


def _kind(tail: str, suffix: str | None) -> CodeKind:
    if suffix:
        return CodeKind.EXTENSION
    if not tail:
        return CodeKind.HEADING
    return CodeKind.BASE if tail == GENERIC else CodeKind.EXTENSION


def chapter_of(code: str) -> Chapter:
    """By the first two digits; a code that does not begin with them has no chapter."""
    group = key(code)[:2]
    if len(group) < 2 or not (group.isascii() and group.isdigit()):
        return Chapter.NONE
    return next(one for one in Chapter if one and one[:2] <= group <= one[-2:])
