"""What a list of old and new codes comes to: pure, so the sheet and the act agree.

Codes are compared by their keys (``surgery.codes``). A code that becomes another which
itself becomes a third ends at the third; what ends nowhere goes in a circle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """What one pair is; the last five can not be done as they stand."""

    REPLACE = "REPLACE"
    MERGE = "MERGE"
    SPLIT = "SPLIT"
    CHAIN = "CHAIN"
    UNKNOWN = "UNKNOWN"
    TWICE = "TWICE"
    CROSSED = "CROSSED"
    CIRCLE = "CIRCLE"


@dataclass(frozen=True)
class Pair:
    """The keys of two codes: what was, and what it becomes."""

    old: str
    new: str


@dataclass(frozen=True)
class Ending:
    """One old code of the catalogue and one it ends at; ``way`` of the three."""

    old: str
    new: str
    way: Way


@dataclass(frozen=True)
class Answer:
    """Of a pair: what it is, and where its old code ends by it."""

    way: Way
    endings: tuple[Ending, ...] = ()


def resolve(pairs: Sequence[Pair], is_known: Callable[[str], bool]) -> list[Answer]:
    """One answer for each pair, in their order.

    ``is_known`` says whether the catalogue has the old code. One that it does not have,
    but that stands between two others, is only passed through.
    """
    becomes: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        if pair.new not in becomes[pair.old]:
            becomes[pair.old].append(pair.new)
    circling = _circling(becomes)
    reached = {pair.new for pair in pairs}
    sound = {old: news for old, news in becomes.items() if old not in circling}
    endings = _endings([old for old in sound if is_known(old)], sound)
    seen: set[Pair] = set()
    found = []
    for pair in pairs:
        if pair.old in circling:
            found.append(Answer(Way.CIRCLE))
        elif pair in seen:
            found.append(Answer(Way.TWICE))
        elif pair.old not in endings:
            way = Way.CHAIN if pair.old in reached else Way.UNKNOWN
            found.append(Answer(way))
        else:
            found.append(_answer(pair, sound, endings))
        seen.add(pair)
    return found


def ends_of(code: str, becomes: Mapping[str, Sequence[str]]) -> list[str]:
    """Where a code ends that goes in no circle; itself where nothing follows."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    stack = [code]
    while stack:
        one = stack.pop()
        if one in seen:
            continue
        seen.add(one)
        if news := becomes.get(one):
            stack += reversed(news)
        else:
            found[one] = None
    return list(found)


def _endings(
    olds: Sequence[str], becomes: Mapping[str, Sequence[str]]
) -> dict[str, list[Ending] | None]:
    """By old code; None where splitting and merging cross."""
    targets = {old: ends_of(old, becomes) for old in olds}
    sources: dict[str, int] = defaultdict(int)
    for news in targets.values():
        for new in news:
            sources[new] += 1
    found: dict[str, list[Ending] | None] = {}
    for old, news in targets.items():
        is_merged = any(sources[new] > 1 for new in news)
        if len(news) > 1 and is_merged:
            found[old] = None
            continue
        way = Way.SPLIT if len(news) > 1 else Way.MERGE if is_merged else Way.REPLACE
        found[old] = [Ending(old, new, way) for new in news]
    return found


def _answer(
    pair: Pair,
    becomes: Mapping[str, Sequence[str]],
    endings: Mapping[str, list[Ending] | None],
) -> Answer:
    mine = endings[pair.old]
    if mine is None:
        return Answer(Way.CROSSED)
    by_this = set(ends_of(pair.new, becomes))
    ending = tuple(one for one in mine if one.new in by_this)
    is_direct = by_this == {pair.new}
    return Answer(mine[0].way if is_direct else Way.CHAIN, ending)


def _circling(becomes: Mapping[str, Sequence[str]]) -> set[str]:
    """Codes that never end, for they lead into a circle; found without recursion."""
    ends: dict[str, bool] = {}
    open_: set[str] = set()
    for start in becomes:
        stack = [start]
        while stack:
            code = stack[-1]
            news = becomes.get(code, ())
            if code in ends or not news:
                ends.setdefault(code, True)
                stack.pop()
                continue
            if code in open_:
                # All it leads to was looked at; what is still open is a circle.
                ends[code] = all(ends.get(new, False) for new in news)
                open_.discard(code)
                stack.pop()
                continue
            open_.add(code)
            stack += [new for new in news if new not in ends and new not in open_]
    return {code for code in becomes if not ends[code]}
