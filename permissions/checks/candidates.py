"""谁能做: everybody sorted by what they may do, and those who nearly may, with why.

``reverse.who_may`` answers for one part; this goes through the house once and answers
for a procedure, a drug or a privilege of the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from permissions.checks.codes import Code
from permissions.checks.engine import check
from permissions.checks.facts import Context, Phase, Terms
from permissions.checks.findings import Reason
from permissions.checks.lines import end_of
from permissions.checks.question import Member, Part, Question
from permissions.checks.reverse import MAY, spans_of
from permissions.checks.words import Word
from permissions.checks.world import World

# Lines that were there, or a title that is one step short.
NEAR = frozenset({Code.SUSPENDED, Code.EXPIRED})
TITLE_RULES = frozenset({"A02", "O03"})


class Way(Word):
    """What a person may do with it, the most first."""

    OPERATE = "OPERATE"
    SUPERVISED = "SUPERVISED"
    SUPERVISE = "SUPERVISE"
    ASSIST = "ASSIST"
    PRESCRIBE = "PRESCRIBE"
    HOLD = "HOLD"
    NEARLY = "NEARLY"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person in one way. ``until`` is the exclusive end of the right (None: open).

    Of NEARLY: ``since`` is from when they may, where that is known; ``code`` and
    ``reasons`` say what is in the way, ``is_title`` that it is the title.
    """

    emp_no: str
    way: Way
    code: Code
    until: datetime | None = None
    since: datetime | None = None
    reasons: tuple[Reason, ...] = ()
    is_title: bool = False


def for_procedure(question: Question, world: World, *, days: int) -> list[Candidate]:
    """Everybody's part in the question's first procedure; whoever may within so many
    days counts as nearly."""
    return [
        candidate
        for emp_no in sorted(world.people)
        for candidate in _of_procedure(question, world, emp_no, days)
    ]


def _of_procedure(
    question: Question, world: World, emp_no: str, days: int
) -> Iterator[Candidate]:
    asked = replace(question, team=(Member(emp_no),))
    code = _code(asked, world, Part.SURGEON)
    if code in MAY:
        until = check(asked, world).rights[0].until
        way = Way.OPERATE if code is Code.ALLOWED else Way.SUPERVISED
        yield Candidate(emp_no, way, code, until)
    else:
        yield from _nearly(asked, world, code, days)
    for part, way in (
        (Part.SUPERVISOR, Way.SUPERVISE),
        (Part.FIRST_ASSISTANT, Way.ASSIST),
    ):
        # Who operates alone assists and supervises as a matter of course.
        if code is not Code.ALLOWED and _code(asked, world, part) is Code.ALLOWED:
            helping = replace(asked, team=(Member(emp_no, part),))
            until = check(helping, world).rights[0].until
            yield Candidate(emp_no, way, Code.ALLOWED, until)


def _code(question: Question, world: World, part: Part) -> Code:
    return world.code(
        question.team[0].emp_no,
        part,
        question.procedures[0],
        question.instant,
        question.context,
    )


def _nearly(
    question: Question, world: World, code: Code, days: int
) -> Iterator[Candidate]:
    emp_no = question.team[0].emp_no
    person = world.person(emp_no)
    if not person.flags and question.procedures[0] not in person.items:
        return
    first = next(spans_of(question, world, emp_no, days=days), None)
    if first is None and code not in NEAR:
        return
    since = first.starts_at if first else None
    reasons = check(question, world).rights[0].reasons
    yield Candidate(emp_no, Way.NEARLY, code, since=since, reasons=reasons)


def for_drug(question: Question, world: World) -> list[Candidate]:
    """Who may prescribe the question's drug, and whom a date or the title keeps."""
    found = []
    for emp_no in sorted(world.people):
        asked = replace(question, team=(Member(emp_no, Part.PRESCRIBER),))
        verdict = check(asked, world)
        broken = verdict.orders
        if not broken:
            ends = [one.until for one in verdict.outcomes if one.until]
            until = min(ends, default=None)
            found.append(Candidate(emp_no, Way.PRESCRIBE, Code.ALLOWED, until))
        elif all(one.code in NEAR or one.rule.id in TITLE_RULES for one in broken):
            is_title = any(one.rule.id in TITLE_RULES for one in broken)
            code = next((one.code for one in broken if one.code in NEAR), None)
            code = code or Code.ABOVE_CEILING
            found.append(Candidate(emp_no, Way.NEARLY, code, is_title=is_title))
    return found


def for_privilege(
    privilege: str, world: World, at: float, context: Context, *, min_title: int
) -> list[Candidate]:
    """Who holds an entry of the catalogue, and whose line is suspended, ended or to
    come; ``at`` in seconds, ``min_title`` the least rank the entry asks for."""
    found = []
    for emp_no in sorted(world.people):
        person = world.people[emp_no]
        if at >= person.ends:
            continue
        lines = [
            terms
            for _item, terms in person.facts.lines
            if terms.privilege == privilege and terms.counts_in(context)
        ]
        candidate = _holder(emp_no, lines, at)
        if candidate is not None:
            is_low = person.facts.title_rank < min_title
            found.append(replace(candidate, is_title=is_low))
    return found


def _holder(emp_no: str, lines: list[Terms], at: float) -> Candidate | None:
    by_phase: dict[Phase, list[Terms]] = {}
    for terms in lines:
        by_phase.setdefault(terms.phase_at(at), []).append(terms)
    if Phase.IN_FORCE in by_phase:
        return Candidate(emp_no, Way.HOLD, Code.ALLOWED, end_of(lines, at))
    if Phase.SUSPENDED in by_phase:
        ends = [one.resumes_at for one in by_phase[Phase.SUSPENDED] if one.resumes_at]
        since = min(ends, default=None)
        return Candidate(emp_no, Way.NEARLY, Code.SUSPENDED, since=since)
    if Phase.FUTURE in by_phase:
        starts = min(terms.valid_from for terms in by_phase[Phase.FUTURE])
        return Candidate(emp_no, Way.NEARLY, Code.NO_RIGHT, since=starts)
    if Phase.EXPIRED in by_phase:
        ended = max(one.valid_to for one in by_phase[Phase.EXPIRED] if one.valid_to)
        return Candidate(emp_no, Way.NEARLY, Code.EXPIRED, until=ended)
    return None
