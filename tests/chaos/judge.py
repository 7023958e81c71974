"""What the HIS' own log proves: every change took effect, once, and in order. Pure.

The judge knows what was promised, what became of each promise in our books, and what
the HIS wrote down. It trusts neither side's word for the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

CONFIRMED, STOPPED = "CONFIRMED", "STOPPED"


@dataclass(frozen=True)
class Promised:
    """One change; ``state`` is what our books say of it at the end, or missing."""

    number: int
    stream: str
    line: Hashable
    takes_away: bool
    state: str


@dataclass(frozen=True)
class Effect:
    """One row of the HIS' log of changes, in its order."""

    number: int
    at: datetime


@dataclass(frozen=True)
class Verdict:
    """Numbers of changes; all three are empty when the loop held."""

    lost: frozenset[int]
    doubled: Counter[int]
    disordered: frozenset[int]

    @property
    def is_well(self) -> bool:
        return not (self.lost or self.doubled or self.disordered)

    @property
    def figures(self) -> tuple[int, int, int]:
        return len(self.lost), self.doubled.total(), len(self.disordered)


def judge(
    promised: Sequence[Promised],
    effects: Sequence[Effect],
    refused: Mapping[int, datetime],
    standing: Mapping[Hashable, int],
) -> Verdict:
    """``refused``: when the HIS first refused a change, by its number; ``standing``: the
    change each row of the HIS shows as its last."""
    return Verdict(
        lost=lost(promised, effects) | wrong_last_words(promised, standing),
        doubled=doubled(promised, effects),
        disordered=disordered(promised, effects, refused),
    )


def lost(promised: Sequence[Promised], effects: Sequence[Effect]) -> frozenset[int]:
    """Neither in effect nor rightly given up.

    A change may be given up when a later one of its line took effect in its place.
    """
    seen = {effect.number for effect in effects}
    last_seen: dict[Hashable, int] = {}
    for change in promised:
        if change.number in seen:
            last_seen[change.line] = change.number
    return frozenset(
        change.number
        for change in promised
        if not (
            (change.state == CONFIRMED and change.number in seen)
            or (
                change.state == STOPPED
                and last_seen.get(change.line, -1) > change.number
            )
        )
    )


def wrong_last_words(
    promised: Sequence[Promised], standing: Mapping[Hashable, int]
) -> frozenset[int]:
    """The last confirmed change of each line must be the one its row shows."""
    ours: dict[Hashable, int] = {}
    for change in promised:
        if change.state == CONFIRMED:
            ours[change.line] = change.number
    return frozenset(
        number for line, number in ours.items() if standing.get(line) != number
    )


def doubled(promised: Sequence[Promised], effects: Sequence[Effect]) -> Counter[int]:
    """Effects beyond the first, effects of what we gave up, and those of nobody."""
    wanted = {change.number: int(change.state != STOPPED) for change in promised}
    counts = Counter(effect.number for effect in effects)
    return +Counter(
        {number: count - wanted.get(number, 0) for number, count in counts.items()}
    )


def disordered(
    promised: Sequence[Promised],
    effects: Sequence[Effect],
    refused: Mapping[int, datetime],
) -> frozenset[int]:
    """Changes that took effect after a later one of their stream, against the rule.

    The rule: what takes a right away may pass what the HIS had refused by then, and
    what waited behind that.
    """
    by_number = {change.number: change for change in promised}
    ahead: dict[str, list[Effect]] = {}
    found: set[int] = set()
    for effect in firsts(effects):
        change = by_number.get(effect.number)
        if change is None:
            continue
        before = ahead.setdefault(change.stream, [])
        stream_refused = Refusals(by_number, refused, change.stream)
        for other in before:
            passer = by_number[other.number]
            if passer.number > change.number and not (
                passer.takes_away and stream_refused.had_one(change.number, other.at)
            ):
                found.add(change.number)
        before.append(effect)
    return frozenset(found)


def firsts(effects: Iterable[Effect]) -> Iterable[Effect]:
    """The first effect of each change, in order."""
    found: dict[int, Effect] = {}
    for effect in effects:
        found.setdefault(effect.number, effect)
    return found.values()


@dataclass(frozen=True)
class Refusals:
    """What the HIS refused of one stream."""

    changes: Mapping[int, Promised]
    refused: Mapping[int, datetime]
    stream: str

    def had_one(self, number: int, at: datetime) -> bool:
        """Something refused by then stood at this place of the stream or before it."""
        return any(
            other <= number and when <= at and self.changes[other].stream == self.stream
            for other, when in self.refused.items()
            if other in self.changes
        )
