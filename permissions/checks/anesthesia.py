"""Anesthesia by ASA class (2.3 AN01): the title says how sick a patient may be.

A line of AN01 names no level, so the title of who holds it stands for one: Ⅰ and Ⅱ any
physician, Ⅲ an attending, Ⅳ and above a senior.
"""

from __future__ import annotations

from collections.abc import Iterator

from permissions.checks.codes import Code
from permissions.checks.findings import Outcome
from permissions.checks.question import Member, Part, Question
from permissions.checks.rules import Mode
from permissions.checks.world import Person, World

TITLE_FOR_ASA = {1: 2, 2: 2, 3: 3, 4: 4, 5: 4, 6: 4}


def is_beyond_title(part: Part, person: Person, asa: int) -> bool:
    needed = TITLE_FOR_ASA[asa]
    return part is Part.ANESTHETIST and person.facts.title_rank < needed


def within_title(code: Code, member: Member, question: Question, world: World) -> Code:
    """Who may give anesthesia, but not to a patient this sick, is above the ceiling."""
    if code is not Code.ALLOWED or question.asa is None:
        return code
    person = world.person(member.emp_no)
    decides = world.modes["S21"] is Mode.MUST
    is_beyond = decides and is_beyond_title(member.part, person, question.asa)
    return Code.ABOVE_CEILING if is_beyond else code


def asa_fits(question: Question, world: World) -> Iterator[Outcome]:
    """S21 as advice; where it decides, the code says it already."""
    if world.modes["S21"] is Mode.MUST:
        return
    for member in question.members(Part.ANESTHETIST):
        person = world.person(member.emp_no)
        asa = question.asa
        holds = None
        needed = 0
        if asa is not None:
            holds, needed = (
                not is_beyond_title(member.part, person, asa),
                TITLE_FOR_ASA[asa],
            )
        rank = person.facts.title_rank
        yield Outcome("S21", holds, member.emp_no, needed=needed, held=rank)
