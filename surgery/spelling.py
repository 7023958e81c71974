"""How names are typed in pinyin, and the text a procedure is found by.

The text has a line for each thing one may type, folded, behind a mark that says what it
is; so one LIKE finds any fragment, and one with a mark tells a beginning from a middle.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from pypinyin import lazy_pinyin

from surgery.codes import folded

CODE_MARK, NAME_MARK, INITIALS_MARK, PINYIN_MARK, OTHER_MARK = "#", "=", "~", "+", "!"
END = "\n"
# Marks what is no Chinese character while its pinyin is being made.
_AS_IT_IS = "\0"


@dataclass(frozen=True)
class Spelling:
    """阑尾切除术 is ``lwqcs`` and ``lanweiqiechushu``; letters and digits stay."""

    initials: str
    pinyin: str


@lru_cache(maxsize=4096)  # asked for twice by whoever makes many entries
def spelling_of(name: str) -> Spelling:
    spelled = syllables(folded(name))
    return Spelling(
        initials="".join(one[0] for one in spelled), pinyin="".join(spelled)
    )


def syllables(text: str) -> list[str]:
    """Of each sign of a folded text its pinyin; letters and digits are their own."""
    spelled: list[str] = []
    for one in lazy_pinyin(text, errors=lambda rest: _AS_IT_IS + rest):
        spelled += one[1:] if one.startswith(_AS_IT_IS) else [one]
    return spelled


def initials_of(name: str) -> str:
    """First letters as doctors type them, at most 100."""
    return spelling_of(name).initials[:100]


def search_text(
    *, codes: Iterable[str], names: Iterable[str], others: Iterable[str] = ()
) -> str:
    """Lines of ``mark + folded text``; of each name also its initials and pinyin."""
    lines = [CODE_MARK + folded(code) for code in codes if folded(code)]
    for name in names:
        spelling = spelling_of(name)
        lines += [
            NAME_MARK + folded(name),
            INITIALS_MARK + spelling.initials,
            PINYIN_MARK + spelling.pinyin,
        ]
    lines += [OTHER_MARK + folded(other) for other in others if folded(other)]
    # A code written twice over (clinical and insurance alike) is one line.
    return "".join(line + END for line in dict.fromkeys(lines))
