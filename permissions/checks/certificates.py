"""Certificates behind a right (2.5-7): what the catalogue demands of who uses it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from permissions.checks.facts import PersonFacts, Phase, Urgency
from permissions.checks.findings import Outcome
from permissions.checks.question import Part, Question
from permissions.checks.rights import role_of
from permissions.checks.world import Person, World


def lacking(
    facts: PersonFacts, demanded: Iterable[str], question: Question
) -> tuple[str, ...]:
    """Of these certificates those not held, or run out, at the question's moment."""
    good = facts.certified_at(question.moment)
    return tuple(one for one in demanded if one not in good)


def certified_surgeons(question: Question, world: World) -> Iterator[Outcome]:
    """S23: asked of the lines that let the surgeon operate; one that is fully
    certified is enough."""
    if not world.certificates:
        return
    for member in question.members(Part.SURGEON):
        person = world.person(member.emp_no)
        for code in question.procedures:
            used = _operating(question, world, person, code)
            yield from _asked("S23", used, question, world, person, member.emp_no, code)


def certified_orders(
    found: Iterable[Outcome], question: Question, world: World, emp_no: str
) -> Iterator[Outcome]:
    """D05: asked of the rights by which a drug or blood may be ordered."""
    if not world.certificates:
        return
    person = world.person(emp_no)
    for outcome in found:
        yield from _asked("D05", outcome.used, question, world, person, emp_no)


def _operating(
    question: Question, world: World, person: Person, code: str
) -> list[str]:
    entry = world.entry(code, question.instant)
    if entry is None:
        return []
    own = [terms for terms in person.items.get(code, ()) if entry.covers_as_item(terms)]
    own += [terms for terms in person.flags if entry.covers_as_class(terms)]
    roles = world.judging.roles[Part.SURGEON]
    return [
        terms.privilege
        for terms in person.counting(own, question.context)
        if role_of(terms) in roles
        and world.judging.phase(terms, question.instant) is Phase.IN_FORCE
    ]


def _asked(
    rule: str,
    used: Iterable[str],
    question: Question,
    world: World,
    person: Person,
    emp_no: str,
    procedure: str = "",
) -> Iterator[Outcome]:
    demands = [world.certificates.get(privilege, ()) for privilege in used]
    if not any(demands):
        return
    is_known = person.facts.certificates is not None
    if not is_known or question.urgency is Urgency.RESCUE:
        yield Outcome(rule, None, emp_no, procedure)
        return
    least = min((lacking(person.facts, one, question) for one in demands), key=len)
    yield Outcome(rule, not least, emp_no, procedure, missing=least)
