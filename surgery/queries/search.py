"""Finding procedures as a clerk types: code, name, alias, 首字母, 全拼, any fragment.

Every word must be found; what is found ranks by how: the whole code, its beginning, the
whole name, its beginning, the initials', the pinyin's, then anything inside. Words are
looked for in ``Procedure.search_text`` (``surgery.spelling``) by the database itself, so
what was committed is found at once by every process, and on every engine alike.
"""

from __future__ import annotations

import unicodedata
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Length

from surgery.codes import folded
from surgery.models import Procedure
from surgery.spelling import CODE_MARK, END, INITIALS_MARK, NAME_MARK, PINYIN_MARK

MOST_WORDS = 6
# What each way of being found counts: less is better.
WHOLE_CODE, CODE_BEGINS, WHOLE_NAME, NAME_BEGINS = 0, 1, 2, 3
INITIALS_BEGIN, PINYIN_BEGINS, IN_NAME_OR_INITIALS, ANYWHERE = 4, 5, 6, 7


def words_of(text: str) -> list[str]:
    """What is looked for: folded, the blanks between words of any width."""
    parts = unicodedata.normalize("NFKC", text).split()
    words = dict.fromkeys(filter(None, map(folded, parts)))
    return list(words)[:MOST_WORDS]


def found_by(text: str) -> Q:
    """Entries in which every word is found; without a word none is."""
    words = words_of(text)
    return reduce(and_, map(_has, words)) if words else Q(pk__in=())


def ranking(text: str) -> tuple[Any, ...]:
    """What to order by: the ranks, those in use first, shorter names first.

    The first word counts most: ``fqj 胆囊`` begins with names that begin so. Codes typed bring the entries in the order of the list.
    """
    words = words_of(text)
    if not words:
        return ("code",)
    ranks = [_rank(word).asc() for word in words]
    if all(word[0].isdigit() for word in words):
        return (*ranks, "-is_enabled", "code")
    return (*ranks, "-is_enabled", Length("name"), "code")


def ranked(rows: QuerySet[Procedure], text: str) -> QuerySet[Procedure]:
    """Those of ``rows`` that are found, the best first."""
    return rows.filter(found_by(text)).order_by(*ranking(text))


def search(text: str, *, limit: int = 20, in_use: bool = True) -> list[Procedure]:
    """The best entries; ``in_use`` leaves out the disabled ones."""
    rows = Procedure.objects.defer("search_text")
    if in_use:
        rows = rows.filter(is_enabled=True)
    return list(ranked(rows, text)[:limit])


def _has(word: str) -> Q:
    if len(word) == 1 and word.isascii():
        # One letter stands somewhere in every name: it means a beginning.
        marks = (CODE_MARK, NAME_MARK, INITIALS_MARK)
        return reduce(or_, (_holds(mark + word) for mark in marks))
    return _holds(word)


def _holds(text: str, column: str = "search_text") -> Q:
    return Q((f"{column}__contains", text))


def _rank(word: str) -> Case:
    marked = [
        (CODE_MARK + word + END, WHOLE_CODE),
        (CODE_MARK + word, CODE_BEGINS),
        (NAME_MARK + word + END, WHOLE_NAME),
        (NAME_MARK + word, NAME_BEGINS),
        (INITIALS_MARK + word, INITIALS_BEGIN),
        (PINYIN_MARK + word, PINYIN_BEGINS),
    ]
    whens = [
        When(_holds(text), then=Value(rank))
        for text, rank in marked
        if _may_be(text[0], word)
    ]
    if word.isascii() and not word.isdigit():
        inside = When(_holds(word, "initials"), then=Value(IN_NAME_OR_INITIALS))
        whens.append(inside)
    default = ANYWHERE if word.isascii() else IN_NAME_OR_INITIALS
    return Case(*whens, default=Value(default), output_field=IntegerField())


def _may_be(mark: str, word: str) -> bool:
    """Whether such a word can stand behind the mark: each one asked for costs time."""
    if mark == CODE_MARK:
        return word[0].isdigit()
    if mark == NAME_MARK:
        return True
    return word.isascii() and not word.isdigit()
