"""What a whole list of grades would do, for everybody who holds one of its procedures.

As ``foresee`` for one procedure, but for thousands at once: only who was granted a
procedure itself, and who is booked for it, is asked about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from permissions.checks.codes import Code
from permissions.checks.facts import Context, Setting, Side
from permissions.checks.question import Member, Part, Question
from permissions.checks.world import World
from permissions.models import GrantState
from permissions.regrading.foreseeing import (
    BookedEffect,
    Changing,
    Fate,
    fate_of,
    narrowed,
    regraded,
)
from permissions.regrading.reaching import lines_for, reaches
from permissions.snapshot import world_for
from portal.parameters.days import end_of, start_of
from surgery.queries.bookings import booked_for_any

ANYWHERE = Context(Setting.INPATIENT, is_urgent=False, campus="", side=Side.ANY)


@dataclass(frozen=True)
class LineEffect:
    """One grant for one procedure, and what becomes of it."""

    line: GrantState
    changing: Changing
    fate: Fate
    after: Code


@dataclass(frozen=True)
class ListForeseen:
    """Every grant concerned, what is lost first; every operation booked from the day."""

    changed: int
    lines: Sequence[LineEffect]
    booked: Sequence[BookedEffect]

    def count(self, fate: Fate) -> int:
        return sum(one.fate is fate for one in self.lines)

    @property
    def doctors(self) -> int:
        return len({one.line.practitioner_id for one in self.lines})

    @property
    def procedures(self) -> int:
        return len({one.changing.code for one in self.lines})

    @property
    def lost(self) -> Sequence[BookedEffect]:
        return [one for one in self.booked if one.is_lost]


@dataclass(frozen=True)
class _Worlds:
    now: World
    then: World

    def codes(self, emp_no: str, code: str, at: datetime) -> tuple[Code, Code]:
        asked = (emp_no, Part.SURGEON, code, at.timestamp(), ANYWHERE)
        return self.now.code(*asked), self.then.code(*asked)


def foresee_list(changings: Sequence[Changing], *, now: datetime) -> ListForeseen:
    """Of a list that takes effect on one day; however long, the same few queries."""
    by_code = {one.code: one for one in changings}
    starts = max([start_of(one.on) for one in changings] + [now])
    lines = list(lines_for(by_code, starts))
    booked = booked_for_any(by_code, after=starts)
    numbers = {one.practitioner.emp_no for one in lines}
    numbers |= {one.surgeon.emp_no for one in booked}
    named = {one.item_code for one in lines} | {one.code for one in booked}
    concerned = {code: by_code[code] for code in named}
    worlds = _worlds(concerned, sorted(numbers), now)
    order = list(Fate)
    effects = [_effect(one, by_code[one.item_code], worlds, starts) for one in lines]
    return ListForeseen(
        len(by_code),
        sorted(effects, key=lambda one: order.index(one.fate)),
        [
            BookedEffect(
                one, *worlds.codes(one.surgeon.emp_no, one.code, one.planned_at)
            )
            for one in booked
        ],
    )


def _worlds(
    concerned: Mapping[str, Changing], numbers: Sequence[str], now: datetime
) -> _Worlds:
    team = tuple(map(Member, numbers)) or (Member("0"),)
    known = world_for(Question(team, now, tuple(sorted(concerned)) or ("",)))
    facts = [
        known.procedures[code].facts for code in concerned if code in known.procedures
    ]
    return _Worlds(
        narrowed(known, numbers, facts),
        narrowed(
            known, numbers, [regraded(one, concerned[one.code], now) for one in facts]
        ),
    )


def _effect(
    line: GrantState, changing: Changing, worlds: _Worlds, starts: datetime
) -> LineEffect:
    emp_no, ends = line.practitioner.emp_no, end_of(changing.until)
    before, then = worlds.codes(emp_no, changing.code, starts)
    later = worlds.codes(emp_no, changing.code, ends) if ends else (before, then)
    is_short = not reaches(line.privilege.code, changing.after)
    fate = fate_of(
        (before, then), later, ends_later=ends is not None, is_short=is_short
    )
    return LineEffect(line, changing, fate, later[1])
