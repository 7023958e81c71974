"""The question turned round: who may do this procedure, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from permissions.checks.anesthesia import within_title
from permissions.checks.codes import Code
from permissions.checks.question import Member, Question
from permissions.checks.rights import bounds_of, is_on_call
from permissions.checks.world import Person, World

MAY = frozenset({Code.ALLOWED, Code.SUPERVISED})


@dataclass(frozen=True, slots=True)
class Span:
    """From when until before when a code holds."""

    code: Code
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may, now or within the time asked about."""

    emp_no: str
    spans: tuple[Span, ...]

    @property
    def first(self) -> Span:
        return self.spans[0]


def who_may(question: Question, world: World, *, days: int = 0) -> list[Candidate]:
    """Everybody who may do the first procedure in the part of the first person, from
    the question's moment on for so many days; 0 asks about the moment alone.

    Who may alone and soonest comes first, then by staff number.
    """
    found = [
        Candidate(emp_no, spans)
        for emp_no in world.people
        if (spans := tuple(spans_of(question, world, emp_no, days=days)))
    ]
    return sorted(
        found,
        key=lambda one: (one.first.code, one.first.starts_at, one.emp_no),
    )


def spans_of(
    question: Question, world: World, emp_no: str, *, days: int
) -> Iterator[Span]:
    """When one person may, joined where the code stays the same."""
    asked = replace(question, team=(Member(emp_no, question.team[0].part),))
    start = asked.moment
    if days <= 0:
        code = _code(asked, world, start)
        if code in MAY:
            yield Span(code, start, start)
        return
    end = start + timedelta(days=days)
    waiting: Span | None = None
    for begins, ends in pairwise(_moments(asked, world, start, end)):
        code = _code(asked, world, begins)
        if waiting and waiting.code is code and waiting.ends_at == begins:
            waiting = replace(waiting, ends_at=ends)
            continue
        if waiting:
            yield waiting
        waiting = Span(code, begins, ends) if code in MAY else None
    if waiting:
        yield waiting


def _code(question: Question, world: World, at: datetime) -> Code:
    member = question.team[0]
    code = world.code(
        member.emp_no,
        member.part,
        question.procedures[0],
        at.timestamp(),
        question.context,
    )
    return within_title(code, member, question, world)


def _moments(
    question: Question, world: World, start: datetime, end: datetime
) -> list[datetime]:
    """Moments within at which anything about this person may change."""
    person = world.person(question.team[0].emp_no)
    inner = {
        datetime.fromtimestamp(at, tz=start.tzinfo)
        for at in _bounds(world, person, question.procedures[0])
        if start.timestamp() < at < end.timestamp()
    }
    return sorted({start, end, *inner})


def _bounds(world: World, person: Person, procedure: str) -> list[float]:
    entry = world.procedures.get(procedure)
    turns = entry.turns if entry else ()
    lines = [*person.items.get(procedure, ()), *person.flags]
    if any(map(is_on_call, person.flags)):
        # What duty reaches hangs on everything the person may do.
        lines += [terms for held in person.items.values() for terms in held]
    facts = person.facts
    ends = [end.timestamp() for _, end in (*facts.scope_ends, *facts.campus_ends)]
    return [*bounds_of(lines, with_due=True), *turns, *ends, person.ends]
