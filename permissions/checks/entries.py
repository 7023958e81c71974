"""Procedures of the catalogue, compiled: what each asks, from when on.

Nearly every procedure has one grade for ever. One that was regraded, or will be, has a
phase for each grade and for each transition between two; a question is answered by the
phase of its moment.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from math import inf
from typing import TypeAlias

from permissions.checks.codes import Code
from permissions.checks.facts import ProcedureFacts, Terms
from permissions.checks.rights import covers_as_class, covers_as_item

Covers: TypeAlias = Callable[[Terms, ProcedureFacts], bool]


class Entry:
    """A procedure. ``closed`` answers for everybody; ``kind`` numbers the class of
    procedures whose answer without an item line is the same, ``key`` a phase. Lines
    from before ``older`` may answer to ``eased`` instead."""

    __slots__ = (
        *("_bounds", "closed", "code", "eased", "facts", "is_open", "key", "kind"),
        *("older", "on_call_needs", "phases", "scopes"),
    )

    def __init__(
        self,
        facts: ProcedureFacts,
        *,
        key: Hashable = None,
        older: float = -inf,
        eased: ProcedureFacts | None = None,
    ) -> None:
        self.facts = facts
        self.code = facts.code
        self.key: Hashable = facts.code if key is None else key
        self.kind = 2 * facts.grade + facts.is_restricted
        # What emergency duty must reach; a restricted technique it never does.
        self.on_call_needs = 9 if facts.is_restricted else facts.grade
        self.scopes = facts.scopes
        self.closed: Code | None = _closed(facts)
        self.older, self.eased = older, eased
        self._bounds: tuple[float, ...] = ()
        self.phases: tuple[Entry, ...] = (self,)
        if facts.regradings or facts.ended_at is not None:
            self._bounds, self.phases = _phases(facts)
        # Open to the short way of the check: the same at every moment.
        is_same = not self._bounds and eased is None
        self.is_open = is_same and self.closed is None and not facts.scopes

    def at(self, at: float) -> Entry:
        """The phase of a moment; itself where there is one alone."""
        if not self._bounds:
            return self
        return self.phases[bisect_right(self._bounds, at)]

    @property
    def turns(self) -> Sequence[float]:
        """The moments at which what it asks changes."""
        return self._bounds

    def after(self, at: float) -> Iterator[tuple[float, Entry]]:
        """The phases that begin after a moment."""
        for starts, phase in zip(self._bounds, self.phases[1:], strict=True):
            if starts > at:
                yield starts, phase

    def covers_as_item(self, terms: Terms) -> bool:
        """Does a line for exactly this procedure reach it?"""
        if covers_as_item(terms, self.facts):
            return True
        return self._eases(terms, covers_as_item)

    def covers_as_class(self, terms: Terms) -> bool:
        if covers_as_class(terms, self.facts):
            return True
        return self._eases(terms, covers_as_class)

    def _eases(self, terms: Terms, covers: Covers) -> bool:
        """In a transition, lines from before it answer to the grade of before."""
        if self.eased is None or terms.start >= self.older:
            return False
        return covers(terms, self.eased)


def _closed(facts: ProcedureFacts) -> Code | None:
    if not facts.is_enabled:
        return Code.NOT_DONE_HERE
    if facts.grade <= 0:
        return Code.NOT_IN_CATALOGUE
    is_unfiled = facts.is_restricted and not facts.is_filed
    return Code.NOT_DONE_HERE if is_unfiled else None


def _phases(facts: ProcedureFacts) -> tuple[tuple[float, ...], tuple[Entry, ...]]:
    """What the entry is before, between and after its regradings, until its end."""
    plain = replace(facts, regradings=(), ended_at=None)
    bounds: list[float] = []
    phases = [Entry(plain)]
    for number, one in enumerate(facts.regradings):
        starts = one.starts.timestamp()
        older = one.older_than.timestamp() if one.older_than else starts
        now = replace(plain, grade=one.grade, scopes=one.scopes)
        eased = None if one.eased is None else replace(plain, grade=one.eased)
        bounds.append(starts)
        phases.append(Entry(now, key=(facts.code, number), older=older, eased=eased))
        ends = _transition_end(facts, number)
        if eased is not None and ends is not None:
            bounds.append(ends)
            phases.append(Entry(now, key=(facts.code, number, "after")))
    if facts.ended_at is not None:
        ends = facts.ended_at.timestamp()
        kept = bisect_left(bounds, ends)
        last = replace(phases[kept].facts, is_enabled=False)
        bounds[kept:] = [ends]
        phases[kept + 1 :] = [Entry(last, key=(facts.code, "ended"))]
    return tuple(bounds), tuple(phases)


def _transition_end(facts: ProcedureFacts, number: int) -> float | None:
    """When a transition is over; None where the next regrading comes first."""
    until: datetime | None = facts.regradings[number].eased_until
    if until is None:
        return None
    following = facts.regradings[number + 1 : number + 2]
    if following and following[0].starts <= until:
        return None
    return until.timestamp()
