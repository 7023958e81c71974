"""Flags and levels a person holds, as orders of drugs and blood ask for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from permissions.checks.codes import Code
from permissions.checks.facts import Phase, Terms
from permissions.checks.question import Question
from permissions.checks.world import Person, World

# Of several lines the best counts: what is in force, then suspended, then ended.
_CODES = (
    (Phase.IN_FORCE, Code.ALLOWED),
    (Phase.SUSPENDED, Code.SUSPENDED),
    (Phase.EXPIRED, Code.EXPIRED),
)


def held(
    person: Person, privileges: Collection[str], question: Question, item: str = ""
) -> list[Terms]:
    """Lines of these privileges that count where the order is written.

    A line with an item speaks of that drug alone; one without of all.
    """
    lines = [*person.flags, *(person.items.get(item, ()) if item else ())]
    found = [terms for terms in lines if terms.privilege in privileges]
    return [terms for terms in found if terms.counts_in(question.context)]


def code_of(world: World, lines: Sequence[Terms], at: float) -> Code:
    """What the lines answer together."""
    phases = {world.judging.phase(terms, at) for terms in lines}
    return next((code for phase, code in _CODES if phase in phases), Code.NO_RIGHT)


def end_of(lines: Sequence[Terms], at: float) -> datetime | None:
    """When the longest of those in force ends; None without end."""
    force = [terms for terms in lines if terms.phase_at(at) is Phase.IN_FORCE]
    longest = max(force, key=lambda terms: terms.end, default=None)
    return longest.valid_to if longest else None


def in_force(lines: Sequence[Terms], at: float) -> tuple[str, ...]:
    """The privileges of those in force, each once."""
    force = [terms for terms in lines if terms.phase_at(at) is Phase.IN_FORCE]
    return tuple(dict.fromkeys(terms.privilege for terms in force))


def is_trained(person: Person, course: str, moment: datetime) -> bool | None:
    """Exam passed and not run out; None where the hospital keeps no such record."""
    trainings = person.facts.trainings
    if trainings is None:
        return None
    return any(
        one.course == course and one.is_exam and one.counts_at(moment)
        for one in trainings
    )
