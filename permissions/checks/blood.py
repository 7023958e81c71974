"""Requests of blood (REG10, domain 1.7): title, tier by volume, approval chain."""

from __future__ import annotations

from collections.abc import Iterator

from permissions.checks.codes import Code
from permissions.checks.findings import Outcome
from permissions.checks.lines import code_of, end_of, held, in_force
from permissions.checks.question import BloodOrder, Question
from permissions.checks.words import Word
from permissions.checks.world import NOBODY, Person, World

TITLE_TO_REQUEST = 3
SECOND_TIER_ML = 800
THIRD_TIER_ML = 1600


class Approval(Word):
    """A step of the chain; the privilege it takes stands in ``TAKES``."""

    SUPERIOR = "SUPERIOR"
    DEPARTMENT_HEAD = "DEPARTMENT_HEAD"
    MEDICAL_AFFAIRS = "MEDICAL_AFFAIRS"


TAKES = {
    Approval.SUPERIOR: "BL02",
    Approval.DEPARTMENT_HEAD: "BL03",
    Approval.MEDICAL_AFFAIRS: "BL04",
}


def chain_of(volume_ml: int) -> tuple[Approval, ...]:
    """Who approves the blood prepared for one patient within 24 h, in order."""
    if volume_ml < SECOND_TIER_ML:
        return (Approval.SUPERIOR,)
    if volume_ml < THIRD_TIER_ML:
        return (Approval.SUPERIOR, Approval.DEPARTMENT_HEAD)
    return (Approval.DEPARTMENT_HEAD, Approval.MEDICAL_AFFAIRS)


def blood_outcomes(
    question: Question, world: World, person: Person, order: BloodOrder
) -> Iterator[Outcome]:
    """Right and title of the requester, then the chain."""
    at = question.instant
    lines = held(person, ("BL01",), question)
    code = code_of(world, lines, at)
    holds = code is Code.ALLOWED
    missing = () if holds else ("BL01",)
    own = None if holds else code
    until, used = end_of(lines, at), in_force(lines, at)
    yield Outcome("B01", holds, "", "", missing, own, until=until, used=used)
    rank = person.facts.title_rank
    is_enough = rank >= TITLE_TO_REQUEST
    yield Outcome("B02", is_enough, needed=TITLE_TO_REQUEST, held=rank)
    yield from _approved(question, world, person, order)


def _approved(
    question: Question, world: World, person: Person, order: BloodOrder
) -> Iterator[Outcome]:
    given = order.approved_by
    if given is None:
        yield Outcome("B03", None)
        return
    open_steps = tuple(
        step.value for step in chain_of(order.volume_ml) if not given.get(step)
    )
    rule = "B04" if question.is_urgent else "B03"
    yield Outcome(rule, not open_steps, missing=open_steps)
    for step in chain_of(order.volume_ml):
        if given.get(step):
            approver = world.people.get(given[step], NOBODY)
            lines = held(approver, (TAKES[step],), question)
            may = code_of(world, lines, question.instant) is Code.ALLOWED
            practises = approver.ends > question.instant
            holds = may and practises and approver is not person
            yield Outcome("B05", holds, missing=() if holds else (TAKES[step],))
