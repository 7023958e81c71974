"""Rights as tracks: for one part, from when on which code holds.

The code of a person for a procedure at a moment is the first that is found in the
order of ``ORDER``, over all lines that reach the procedure. It is constant between the
moments at which a line changes, so each line, or group of lines for one item, is
compiled once into a track ``(bounds, codes)``: ``codes[bisect_right(bounds, at)]``.
Tracks of items depend on their lines alone and are shared by everybody who holds such
lines; what depends on the whole person stands in the track of a procedure's class.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import TypeAlias, TypeVar

from permissions.checks.codes import Code
from permissions.checks.facts import Phase, ProcedureFacts, Role, Terms
from permissions.checks.grouping import (
    ANESTHESIA,
    ASSISTING,
    CLASS_PRIVILEGES,
    ITEM_REACH,
    ON_CALL,
    OPERATING_PRIVILEGES,
    ORDERING,
    RESTRICTED,
)
from permissions.checks.question import Part

V = TypeVar("V")
Track: TypeAlias = tuple[tuple[float, ...], tuple[V, ...]]
CodeTrack: TypeAlias = Track[Code | None]

# The catalogue says what these lines let their holder do, whatever the line says.
FIXED_ROLES = {ORDERING: Role.ORDER, ASSISTING: Role.ASSIST}
ASSISTING_PARTS = frozenset(
    {Part.FIRST_ASSISTANT, Part.SECOND_ASSISTANT, Part.THIRD_ASSISTANT}
)
_ANY_HAND = (Role.OPERATE, Role.OPERATE_SUPERVISED, Role.ASSIST, Role.SUPERVISE)
# Roles that are the right to a part. OPERATE for ORDERER is the hospital's to say.
ROLES: Mapping[Part, frozenset[Role]] = {
    Part.SURGEON: frozenset({Role.OPERATE, Role.OPERATE_SUPERVISED}),
    **dict.fromkeys(ASSISTING_PARTS, frozenset(_ANY_HAND)),
    Part.SUPERVISOR: frozenset({Role.OPERATE, Role.SUPERVISE}),
    Part.ORDERER: frozenset({Role.ORDER}),
    Part.ANESTHETIST: frozenset(),
    Part.PRESCRIBER: frozenset(),
}
# What lines answer, the first found counts. Behind them stands what the person as a
# whole answers: 6, 1G, 2A, 1.
ORDER = (Code.ALLOWED, Code.SUPERVISED, Code.SUSPENDED, Code.EXPIRED, Code.ASSIST_ONLY)
RANK: Mapping[Code, int] = {code: rank for rank, code in enumerate(ORDER)}
_LAST = len(ORDER)


def better(first: Code, second: Code) -> Code:
    """Of the answer of the item's lines and that of the rest, the one that counts."""
    return second if RANK.get(second, _LAST) < RANK.get(first, _LAST) else first


def role_of(terms: Terms) -> Role:
    return FIXED_ROLES.get(terms.privilege, terms.role)


def covers_as_item(terms: Terms, procedure: ProcedureFacts) -> bool:
    """Does a line for exactly this procedure reach it, by grade and kind?"""
    if procedure.is_restricted:
        return terms.privilege == RESTRICTED
    return ITEM_REACH.get(terms.privilege, 0) >= procedure.grade


def covers_as_class(terms: Terms, procedure: ProcedureFacts) -> bool:
    """Does a class reach it? No class replaces the line of a restricted technique."""
    return not procedure.is_restricted and reach_of(terms) >= procedure.grade


def is_on_call(terms: Terms) -> bool:
    """急诊手术主刀权: counts in emergencies alone."""
    return terms.privilege == ON_CALL and role_of(terms) is Role.OPERATE


def reach_of(terms: Terms) -> int:
    """The highest grade of a class; below any grade for everything else."""
    return CLASS_PRIVILEGES.get(terms.privilege, -1)


class Judging:
    """How lines are read in this hospital: three parameters, no more."""

    __slots__ = ("on_call_counts", "operate_implies_order", "overdue_suspends", "roles")

    def __init__(
        self,
        *,
        operate_implies_order: bool = True,
        overdue_suspends: bool = False,
        on_call_counts: bool = True,
    ) -> None:
        self.operate_implies_order = operate_implies_order
        self.overdue_suspends = overdue_suspends
        self.on_call_counts = on_call_counts
        orders = {Role.OPERATE} if operate_implies_order else set()
        self.roles = {**ROLES, Part.ORDERER: ROLES[Part.ORDERER] | orders}

    def phase(self, terms: Terms, at: float) -> Phase:
        """As ``phase_at``; an overdue assessment suspends where the hospital says so."""
        phase = terms.phase_at(at)
        if self.overdue_suspends and phase is Phase.IN_FORCE and terms.due <= at:
            return Phase.SUSPENDED
        return phase

    def code_of(self, part: Part, terms: Terms, at: float) -> Code | None:
        """What one covering line says; None: nothing."""
        role = role_of(terms)
        if role not in self.roles[part]:
            is_hand = part is Part.SURGEON and role is Role.ASSIST
            in_force = is_hand and self.phase(terms, at) is Phase.IN_FORCE
            return Code.ASSIST_ONLY if in_force else None
        phase = self.phase(terms, at)
        if phase is Phase.IN_FORCE:
            learning = part is Part.SURGEON and role is Role.OPERATE_SUPERVISED
            return Code.SUPERVISED if learning else Code.ALLOWED
        if phase is Phase.SUSPENDED:
            return Code.SUSPENDED
        return Code.EXPIRED if phase is Phase.EXPIRED else None

    def best(self, part: Part, lines: Iterable[Terms], at: float) -> Code | None:
        found = (self.code_of(part, terms, at) for terms in lines)
        codes = [code for code in found if code is not None]
        return min(codes, key=RANK.__getitem__, default=None)

    def item_track(self, part: Part, lines: Sequence[Terms]) -> CodeTrack:
        """What the lines for one item say by themselves."""
        bounds = bounds_of(lines, with_due=self.overdue_suspends)
        return track(bounds, lambda at: self.best(part, lines, at))

    def ceiling_track(self, lines: Iterable[Terms]) -> Track[int]:
        """The highest grade of any right to operate alone, from when on."""
        spans = []
        for terms in lines:
            reach = OPERATING_PRIVILEGES.get(terms.privilege, 0)
            if reach and role_of(terms) is Role.OPERATE:
                spans += [(start, end, reach) for start, end in self.force_of(terms)]
        return _highest(spans)

    def on_call_track(
        self, flags: Iterable[Terms], ceiling: Track[int]
    ) -> Track[int] | None:
        """The highest grade a right of emergency duty reaches: never above what the
        person may do otherwise. None without any such right."""
        lines = [terms for terms in flags if is_on_call(terms)]
        if not lines or not self.on_call_counts:
            return None
        bounds = {*ceiling[0], *bounds_of(lines, with_due=self.overdue_suspends)}

        def reach(at: float) -> int:
            return value_at(ceiling, at) if self._in_force(lines, at) else 0

        return track(tuple(sorted(bounds)), reach)

    def force_of(self, terms: Terms) -> list[tuple[float, float]]:
        """When a line is in force, as known now; a suspension that ends leaves a gap."""
        bounds = (-inf, *bounds_of([terms], with_due=self.overdue_suspends), inf)
        return [
            (start, end)
            for start, end in zip(bounds, bounds[1:], strict=False)
            if self.phase(terms, start) is Phase.IN_FORCE
        ]

    def class_track(
        self,
        part: Part,
        grade: int,
        restricted: bool,
        flags: Sequence[Terms],
        ceiling: Track[int],
    ) -> Track[Code]:
        """What a person answers for procedures of a grade they hold no line for."""
        if part is Part.ANESTHETIST:
            reaching = [terms for terms in flags if terms.privilege == ANESTHESIA]
            return self._anesthesia_track(reaching)
        hands = [terms for terms in flags if terms.privilege == ASSISTING]
        reaching = []
        if not restricted:
            reaching = [terms for terms in flags if reach_of(terms) >= grade]
        if part in ASSISTING_PARTS:
            reaching += hands
        bounds = bounds_of([*reaching, *hands], with_due=self.overdue_suspends)
        if part is Part.SURGEON:
            bounds = tuple(sorted({*bounds, *ceiling[0]}))

        def code_at(at: float) -> Code:
            found = self.best(part, reaching, at)
            if found is not None and found is not Code.ASSIST_ONLY:
                return found
            if part is not Part.SURGEON:
                return Code.NO_RIGHT
            assists = found is not None or self._in_force(hands, at)
            return _without_right(grade, restricted, value_at(ceiling, at), assists)

        return track(bounds, code_at)

    def _in_force(self, lines: Iterable[Terms], at: float) -> bool:
        return any(self.phase(terms, at) is Phase.IN_FORCE for terms in lines)

    def _anesthesia_track(self, lines: Sequence[Terms]) -> Track[Code]:
        def code_at(at: float) -> Code:
            phases = {self.phase(terms, at) for terms in lines}
            for phase, code in _BY_PHASE:
                if phase in phases:
                    return code
            return Code.NO_RIGHT

        return track(bounds_of(lines, with_due=self.overdue_suspends), code_at)


def _without_right(grade: int, restricted: bool, ceiling: int, assists: bool) -> Code:
    """Why a surgeon without any line may not."""
    if restricted:
        return Code.NOT_DONE_HERE
    if 0 < ceiling < grade:
        return Code.ABOVE_CEILING
    return Code.ASSIST_ONLY if assists else Code.NO_RIGHT


_BY_PHASE = (
    (Phase.IN_FORCE, Code.ALLOWED),
    (Phase.SUSPENDED, Code.SUSPENDED),
    (Phase.EXPIRED, Code.EXPIRED),
)


def bounds_of(lines: Iterable[Terms], *, with_due: bool) -> tuple[float, ...]:
    """Moments at which any of the lines may change its phase, in order."""
    moments = set()
    for terms in lines:
        moments |= {terms.start, terms.end, terms.changed, terms.resumes}
        if with_due:
            moments.add(terms.due)
    return tuple(sorted(moments - {-inf, inf}))


def track(bounds: tuple[float, ...], value: Callable[[float], V]) -> Track[V]:
    """``value`` between the bounds, with equal neighbours joined."""
    codes = [value(-inf)]
    kept: list[float] = []
    for at in bounds:
        code = value(at)
        if code != codes[-1]:
            kept.append(at)
            codes.append(code)
    return tuple(kept), tuple(codes)


def value_at(of: Track[V], at: float) -> V:
    bounds, values = of
    return values[bisect_right(bounds, at)]


def _highest(spans: Sequence[tuple[float, float, int]]) -> Track[int]:
    """The highest value of all spans that contain a moment, 0 outside; one sweep."""
    changes = sorted(
        (at, reach, step)
        for start, end, reach in spans
        for at, step in ((start, 1), (end, -1))
    )
    open_at = [0] * 5
    moments: dict[float, int] = {}
    for at, reach, step in changes:
        open_at[reach] += step
        moments[at] = next((grade for grade in (4, 3, 2, 1) if open_at[grade]), 0)
    if -inf in moments:
        return track(tuple(moments)[1:], moments.__getitem__)
    return track(tuple(moments), lambda at: 0 if at == -inf else moments[at])
