"""What a regrading would do, asked of the check itself before anybody decides.

Two worlds are asked the same questions: one as it is, one in which the procedure has the
new grade from its day on. What differs is what would change; nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from permissions.checks.codes import Code
from permissions.checks.engine import check
from permissions.checks.facts import ProcedureFacts, Regrading
from permissions.checks.question import Member, Question
from permissions.checks.reverse import MAY
from permissions.checks.world import World
from permissions.models import GrantState
from permissions.regrading.reaching import class_lines, item_lines, reaches
from permissions.snapshot import world_for
from portal.directory.models import Practitioner
from portal.parameters.days import day_of, end_of, start_of
from surgery.enums import Grade
from surgery.models import GradeProposal
from surgery.queries.bookings import BookedProcedure, booked_for
from surgery.services.grade_ledger import transition_until


@dataclass(frozen=True)
class Changing:
    """A grade as it would be: from ``on``, older rights through ``until``."""

    code: str
    before: int
    after: int
    on: date
    until: date | None

    @classmethod
    def of(cls, proposal: GradeProposal, *, now: datetime) -> Changing:
        before, after = proposal.grade_before, proposal.grade
        on = proposal.effective_on
        until = transition_until(on, before, after, day_of(now))
        return cls(proposal.procedure.code, before, after, on, until)


class Fate(StrEnum):
    """What becomes of one doctor; in the order a page tells it."""

    LOSES = "LOSES"
    UNTIL = "UNTIL"
    GAINS = "GAINS"
    KEEPS = "KEEPS"


@dataclass(frozen=True)
class Outlook:
    """One doctor: the code now, from the day on, and after the transition.

    ``lines`` are those for this procedure, ``is_by_class`` says that a class reaches or
    reached it; ``until`` is the last day of what is kept for a while.
    """

    practitioner: Practitioner
    lines: Sequence[GrantState]
    is_by_class: bool
    fate: Fate
    before: Code
    after: Code
    until: date | None = None


@dataclass(frozen=True)
class BookedEffect:
    """One operation ahead, and what its surgeon's check would say."""

    booked: BookedProcedure
    before: Code
    after: Code

    @property
    def is_lost(self) -> bool:
        return self.before in MAY and self.after not in MAY


@dataclass(frozen=True)
class Foreseen:
    """Everybody concerned, who loses first; every operation booked from the day on."""

    changing: Changing
    outlooks: Sequence[Outlook]
    booked: Sequence[BookedEffect]

    def count(self, fate: Fate) -> int:
        return sum(one.fate is fate for one in self.outlooks)

    @property
    def lost(self) -> Sequence[BookedEffect]:
        return [one for one in self.booked if one.is_lost]

    @property
    def is_discussed(self) -> bool:
        """Operations booked need a discussion by many from the day on (GR09)."""
        return self.changing.after == Grade.FOUR != self.changing.before


@dataclass(frozen=True)
class Worlds:
    """The same doctors as things are and as they would be."""

    now: World
    then: World
    code: str

    def codes(self, emp_no: str, at: datetime) -> tuple[Code, Code]:
        question = Question((Member(emp_no),), at, (self.code,))
        return check(question, self.now).code, check(question, self.then).code


def foresee(changing: Changing, *, now: datetime) -> Foreseen:
    """However many it concerns, the same few queries answer."""
    starts = max(start_of(changing.on), now)
    lines = list(item_lines(changing.code, starts))
    by_class = list(class_lines({changing.before, changing.after}, starts))
    booked = list(booked_for(changing.code, after=starts))
    people = {one.practitioner_id: one.practitioner for one in (*lines, *by_class)}
    numbers = {one.emp_no for one in people.values()}
    numbers |= {one.surgeon.emp_no for one in booked}
    worlds = _worlds(changing, numbers, now)
    classes = {one.practitioner_id for one in by_class}
    own: dict[int, list[GrantState]] = {}
    for line in lines:
        own.setdefault(line.practitioner_id, []).append(line)
    outlooks = [
        _outlook(changing, worlds, person, own.get(pk, ()), pk in classes, starts)
        for pk, person in people.items()
    ]
    order = list(Fate)
    return Foreseen(
        changing,
        sorted(outlooks, key=lambda one: (order.index(one.fate), not one.lines)),
        [
            BookedEffect(
                one,
                *worlds.codes(one.surgeon.emp_no, one.planned_at),
            )
            for one in booked
        ],
    )


def _worlds(changing: Changing, numbers: Iterable[str], now: datetime) -> Worlds:
    team = tuple(Member(emp_no) for emp_no in sorted(numbers)) or (Member("0"),)
    known = world_for(Question(team, now, (changing.code,)))
    entry = known.procedures.get(changing.code)
    facts = entry.facts if entry else ProcedureFacts(changing.code, "", 0)
    return Worlds(
        narrowed(known, numbers, [facts]),
        narrowed(known, numbers, [regraded(facts, changing, now)]),
        changing.code,
    )


def narrowed(
    known: World, numbers: Iterable[str], procedures: Iterable[ProcedureFacts]
) -> World:
    """These doctors and these procedures in the same hospital."""
    people = [known.people[one].facts for one in numbers if one in known.people]
    return World(
        people=people,
        procedures=procedures,
        modes=known.rule_modes,
        operate_implies_order=known.judging.operate_implies_order,
        placed=known.placed,
        certificates=known.certificates,
    )


def regraded(
    facts: ProcedureFacts, changing: Changing, now: datetime
) -> ProcedureFacts:
    """The facts with one regrading more, as the ledger would tell them."""
    starts = start_of(changing.on)
    is_eased = changing.until is not None
    new = Regrading(
        starts,
        changing.after,
        changing.before if is_eased else None,
        end_of(changing.until),
        _scopes_of(facts).get(changing.after, facts.scopes),
        max(starts, now),
    )
    others = [one for one in facts.regradings if one.starts != starts]
    found = sorted([*others, new], key=lambda one: one.starts)
    return replace(facts, regradings=tuple(found))


def _scopes_of(facts: ProcedureFacts) -> Mapping[int, frozenset[str]]:
    """The scopes of the grades the procedure has or had."""
    return {
        facts.grade: facts.scopes,
        **{one.grade: one.scopes for one in facts.regradings},
    }


def _outlook(
    changing: Changing,
    worlds: Worlds,
    person: Practitioner,
    lines: Sequence[GrantState],
    is_by_class: bool,
    starts: datetime,
) -> Outlook:
    now, then = worlds.codes(person.emp_no, starts)
    ends = end_of(changing.until)
    later = worlds.codes(person.emp_no, ends) if ends else (now, then)
    is_short = any(not reaches(one.privilege.code, changing.after) for one in lines)
    fate = fate_of((now, then), later, ends_later=ends is not None, is_short=is_short)
    until = changing.until if fate is Fate.UNTIL else None
    return Outlook(person, lines, is_by_class, fate, now, later[1], until)


def fate_of(
    first: tuple[Code, Code],
    later: tuple[Code, Code],
    *,
    ends_later: bool,
    is_short: bool,
) -> Fate:
    """What becomes of a right. Each pair is the code without and with the regrading: on
    its day, and after the transition, if there is one (``ends_later``).

    ``is_short``: a grant does not reach the new grade.
    """
    now, then = first
    if now in MAY and then not in MAY:
        return Fate.LOSES
    if (later[0] in MAY and later[1] not in MAY) or (is_short and now not in MAY):
        return Fate.UNTIL if ends_later else Fate.LOSES
    if then in MAY and now not in MAY:
        return Fate.GAINS
    return Fate.KEEPS
