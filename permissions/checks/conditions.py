"""What must be so beside the right: each rule of an operation in one function.

A rule answers for each person or procedure it speaks of; ``holds`` None says that the
door did not ask, or that this hospital's data do not tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from permissions.checks.anesthesia import asa_fits
from permissions.checks.certificates import certified_surgeons
from permissions.checks.codes import Code
from permissions.checks.facts import Phase, ProcedureFacts, Terms, Urgency
from permissions.checks.findings import Outcome
from permissions.checks.grouping import DAY_SURGERY, NEW_TECHNOLOGY
from permissions.checks.question import AT_THE_TABLE, Booking, Member, Part, Question
from permissions.checks.rights import role_of
from permissions.checks.world import World

GRADE_OF_MDT = 4


def procedures_of(question: Question, world: World) -> list[ProcedureFacts]:
    """What the catalogue knows of what is asked."""
    at = question.instant
    entries = (world.entry(code, at) for code in question.procedures)
    return [entry.facts for entry in entries if entry is not None]


def has_supervisor(
    question: Question, world: World, learner: Member, procedure: str
) -> bool:
    """Somebody else, named, whose right to this procedure holds at the moment."""
    return any(
        world.code(
            one.emp_no, Part.SUPERVISOR, procedure, question.instant, question.context
        )
        is Code.ALLOWED
        for one in question.members(Part.SUPERVISOR)
        if one.emp_no != learner.emp_no
    )


def assessed(question: Question, world: World) -> Iterator[Outcome]:
    """S13: the last assessment of a line of grade 4 is at most a year old."""
    for member in question.members(Part.SURGEON):
        person = world.person(member.emp_no)
        for code in question.procedures:
            entry = world.entry(code, question.instant)
            if entry is None or entry.facts.grade < GRADE_OF_MDT:
                continue
            used = [
                terms
                for terms in person.counting(
                    person.items.get(code, ()), question.context
                )
                if entry.covers_as_item(terms)
                and terms.phase_at(question.instant) is Phase.IN_FORCE
            ]
            if used:
                due = max(terms.due for terms in used)
                yield Outcome("S13", question.instant < due, member.emp_no, code)


def discussed_by_many(question: Question, world: World) -> Iterator[Outcome]:
    """S14: every operation of grade 4, and every restricted technique (GR09)."""
    for procedure in procedures_of(question, world):
        if procedure.grade < GRADE_OF_MDT and not procedure.is_restricted:
            continue
        is_known = question.mdt_id is not None and not question.is_urgent
        holds = bool(question.mdt_id) if is_known else None
        missing = ("MDT",) if holds is False else ()
        yield Outcome("S14", holds, "", procedure.code, missing)


def discussed_before(question: Question, world: World) -> Iterator[Outcome]:
    """S15: the discussion ended before the order was written; not in a rescue."""
    at = question.discussed_at
    if at is None or question.urgency is Urgency.RESCUE:
        yield Outcome("S15", None)
        return
    ordered = question.ordered_at or question.moment
    holds = not isinstance(at, bool) and at <= ordered
    yield Outcome("S15", holds, missing=() if holds else ("DISCUSSION",))


def listed_for_day(question: Question, world: World) -> Iterator[Outcome]:
    """S16: only what the hospital lists is done as day surgery."""
    if question.is_day:
        for procedure in procedures_of(question, world):
            yield Outcome("S16", procedure.is_day_surgery, "", procedure.code)


def granted_for_day(question: Question, world: World) -> Iterator[Outcome]:
    """S17: the surgeon holds a line of day surgery for it."""
    if not question.is_day:
        return
    for member in question.members(Part.SURGEON):
        person = world.person(member.emp_no)
        for code in question.procedures:
            lines = person.counting(person.items.get(code, ()), question.context)
            holds = any(
                terms.privilege == DAY_SURGERY
                and terms.phase_at(question.instant) is Phase.IN_FORCE
                for terms in lines
            )
            missing = () if holds else (f"{DAY_SURGERY}:{code}",)
            yield Outcome("S17", holds, member.emp_no, code, missing)


def in_one_room(question: Question, world: World) -> Iterator[Outcome]:
    """S18: nobody operates or gives anesthesia in two rooms at a time."""
    if question.ends_at is None:
        yield Outcome("S18", None)
        return
    for member in question.team:
        if member.part in AT_THE_TABLE:
            clashes = [
                one for one in question.booked if _clashes(one, member, question)
            ]
            numbers = tuple(one.application_no or one.room for one in clashes)
            yield Outcome("S18", not clashes, member.emp_no, missing=numbers)


def _clashes(booking: Booking, member: Member, question: Question) -> bool:
    ends = question.ends_at
    return (
        booking.emp_no == member.emp_no
        and booking.part in AT_THE_TABLE
        and (not question.room or booking.room != question.room)
        and booking.starts_at < (ends or question.moment)
        and question.moment < booking.ends_at
    )


def with_conditions(question: Question, world: World) -> Iterator[Outcome]:
    """S19: what the hospital wrote to a line is told with it."""
    for member in question.members(Part.SURGEON):
        person = world.person(member.emp_no)
        for code in question.procedures:
            for terms in person.counting(person.items.get(code, ()), question.context):
                if _speaks(terms, question.instant):
                    said = (terms.conditions,)
                    yield Outcome("S19", False, member.emp_no, code, said)


def _speaks(terms: Terms, at: float) -> bool:
    is_operating = role_of(terms) in {"OPERATE", "OPERATE_SUPERVISED"}
    in_force = terms.phase_at(at) is Phase.IN_FORCE
    return bool(terms.conditions) and is_operating and in_force


def within_trial(question: Question, world: World) -> Iterator[Outcome]:
    """S22: who operates as member of a new-technology project does so within its
    trial, so the line has an end."""
    for member in question.members(Part.SURGEON):
        person = world.person(member.emp_no)
        for code in question.procedures:
            lines = person.counting(person.items.get(code, ()), question.context)
            used = [
                terms
                for terms in lines
                if terms.privilege == NEW_TECHNOLOGY
                and terms.phase_at(question.instant) is Phase.IN_FORCE
            ]
            if used:
                holds = any(terms.valid_to is not None for terms in used)
                ends = [terms.valid_to for terms in used if terms.valid_to]
                until = max(ends, default=None)
                yield Outcome("S22", holds, member.emp_no, code, until=until)


CONDITIONS: tuple[Callable[[Question, World], Iterator[Outcome]], ...] = (
    assessed,
    discussed_by_many,
    discussed_before,
    listed_for_day,
    granted_for_day,
    in_one_room,
    with_conditions,
    asa_fits,
    within_trial,
    certified_surgeons,
)


def conditions_of(question: Question, world: World) -> list[Outcome]:
    """Every condition of the operation, in the order they are asked."""
    return [found for rule in CONDITIONS for found in rule(question, world)]
