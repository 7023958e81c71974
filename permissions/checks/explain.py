"""Why a person has the code they have for a procedure: rule, reasons, what is missing.

Built only when somebody asks; the code itself stands already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf

from permissions.checks.anesthesia import TITLE_FOR_ASA, is_beyond_title
from permissions.checks.codes import Code
from permissions.checks.conditions import has_supervisor
from permissions.checks.entries import Entry
from permissions.checks.facts import Phase, ProcedureFacts, Standing, Terms
from permissions.checks.findings import Finding, Reason, ReasonKey, reason
from permissions.checks.grouping import (
    ANESTHESIA,
    ASSISTING,
    ITEM_PRIVILEGES,
    ORDERING,
    RESTRICTED,
)
from permissions.checks.question import Member, Part, Question
from permissions.checks.rights import (
    ASSISTING_PARTS,
    is_on_call,
    role_of,
)
from permissions.checks.world import World

# The rule a code speaks of, where the code alone tells it.
RULE_OF = {
    Code.ALLOWED: "S06",
    Code.NO_RIGHT: "S06",
    Code.ABOVE_CEILING: "S07",
    Code.EXPIRED: "S08",
    Code.SUSPENDED: "S09",
    Code.SUPERVISED: "S10",
    Code.ASSIST_ONLY: "S11",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One person, one procedure, the code that was found."""

    question: Question
    world: World
    member: Member
    procedure: str
    code: Code

    @property
    def entry(self) -> Entry | None:
        return self.world.entry(self.procedure, self.question.instant)

    @property
    def facts(self) -> ProcedureFacts:
        """Of a code outside the catalogue: ungraded."""
        return self.asked.facts

    @property
    def asked(self) -> Entry:
        return self.entry or Entry(ProcedureFacts(self.procedure, "", 0))

    def covering(self, phase: Phase) -> list[Terms]:
        """Lines that reach the procedure in this part and stand in ``phase``."""
        judging, at = self.world.judging, self.question.instant
        return [
            terms for terms in self._reaching() if judging.phase(terms, at) is phase
        ]

    def _reaching(self) -> list[Terms]:
        person = self.world.person(self.member.emp_no)
        part, context = self.member.part, self.question.context
        flags = person.counting(person.flags, context)
        if part is Part.ANESTHETIST:
            return [terms for terms in flags if terms.privilege == ANESTHESIA]
        own = person.counting(person.items.get(self.procedure, ()), context)
        asked = self.asked
        found = [terms for terms in own if asked.covers_as_item(terms)]
        found += [terms for terms in flags if asked.covers_as_class(terms)]
        if part in ASSISTING_PARTS:
            found += [terms for terms in flags if terms.privilege == ASSISTING]
        found += self._on_call(flags)
        roles = self.world.judging.roles[part]
        return [terms for terms in found if role_of(terms) in roles]

    def _on_call(self, flags: Sequence[Terms]) -> list[Terms]:
        """Lines of emergency duty in force, where they reach the procedure."""
        judging, at = self.world.judging, self.question.instant
        is_asked = self.member.part is Part.SURGEON and self.question.is_urgent
        if not is_asked or not judging.on_call_counts or self.facts.is_restricted:
            return []
        if self.ceiling() < self.facts.grade:
            return []
        return [
            terms
            for terms in flags
            if is_on_call(terms) and judging.phase(terms, at) is Phase.IN_FORCE
        ]

    def lasts(self, terms: Terms) -> datetime | None:
        """The end of a line, or a coming regrading it does not reach; None: no end."""
        procedure = self.world.procedures.get(self.procedure)
        if procedure is None or not _covers(self.asked, terms):
            return terms.valid_to
        for starts, later in procedure.after(self.question.instant):
            if starts >= terms.end:
                break
            if later.closed or not _covers(later, terms):
                return datetime.fromtimestamp(starts, tz=self.question.moment.tzinfo)
        return terms.valid_to

    def ceiling(self) -> int:
        """The highest grade of any right in force to operate alone."""
        person = self.world.person(self.member.emp_no)
        rights = self.world.rights_of(person, Part.SURGEON, self.question.context)
        return rights.ceiling_at(self.question.instant)


def _covers(entry: Entry, terms: Terms) -> bool:
    return entry.covers_as_item(terms) or entry.covers_as_class(terms)


def finding_of(case: Case, instead_of: Code | None = None) -> Finding:
    """``case.code`` is the code before any rescue."""
    rule, reasons, until = EXPLAIN[case.code](case)
    code = case.code
    if instead_of is not None:
        code, reasons = Code.OVERRIDE, (*reasons, reason(ReasonKey.RESCUE))
    practises = case.code is not Code.OUT_OF_SCOPE
    is_led = case.code is Code.SUPERVISED and has_supervisor(
        case.question, case.world, case.member, case.procedure
    )
    return Finding(
        rule=case.world.rule(rule),
        code=code,
        emp_no=case.member.emp_no,
        part=case.member.part,
        procedure_code=case.procedure,
        needed=case.facts.grade,
        held=case.ceiling() if practises else 0,
        missing=_missing(case, is_led),
        until=until,
        reasons=reasons,
        instead_of=instead_of,
        is_supervised=is_led,
    )


Explained = tuple[str, tuple[Reason, ...], datetime | None]


def _out_of_scope(case: Case) -> Explained:
    facts = case.world.person(case.member.emp_no).facts
    person = case.world.person(case.member.emp_no)
    if facts.standing is Standing.UNKNOWN_PERSON:
        return "P01", (reason(ReasonKey.UNKNOWN_PERSON),), None
    if facts.standing is Standing.NOT_PRACTISING:
        return "P01", (reason(ReasonKey.NOT_PRACTISING),), None
    until = facts.registered_until
    if until is not None and until <= case.question.moment:
        return "P02", (reason(ReasonKey.REGISTRATION_ENDED, at=until),), None
    entry = case.entry
    at = case.question.instant
    if entry and case.world.breaks_scope(person, case.member.part, entry, at):
        return "P03", (reason(ReasonKey.OTHER_SCOPE, procedure=case.procedure),), None
    return "P04", (reason(ReasonKey.OTHER_PLACE),), None


def _not_in_catalogue(case: Case) -> Explained:
    if case.entry is None:
        return "S01", (reason(ReasonKey.UNLISTED, procedure=case.procedure),), None
    return "S02", (reason(ReasonKey.UNGRADED, procedure=case.procedure),), None


def _not_done_here(case: Case) -> Explained:
    if not case.facts.is_enabled:
        return "S03", (reason(ReasonKey.STOPPED, procedure=case.procedure),), None
    if not case.facts.is_filed:
        return "S04", (reason(ReasonKey.UNFILED, procedure=case.procedure),), None
    own = reason(ReasonKey.RESTRICTED, procedure=case.procedure)
    return "S05", (_needed(case), own, *_not_yet(case)), None


def _allowed(case: Case) -> Explained:
    lines = case.covering(Phase.IN_FORCE)
    own = [terms for terms in lines if not is_on_call(terms)]
    line, until = _longest(case, own or lines)
    holds = reason(ReasonKey.HOLDS_IT, privilege=line.privilege)
    return "S06" if own else "S20", (holds,), until


def _supervised(case: Case) -> Explained:
    _line, until = _longest(case, case.covering(Phase.IN_FORCE))
    return "S10", (_needed(case), reason(ReasonKey.LEARNS)), until


def _longest(case: Case, lines: Sequence[Terms]) -> tuple[Terms, datetime | None]:
    """The line that holds longest for this procedure, and until when."""
    ends = [(terms, case.lasts(terms)) for terms in lines]
    return max(ends, key=lambda one: one[1].timestamp() if one[1] else inf)


def _suspended(case: Case) -> Explained:
    lines = case.covering(Phase.SUSPENDED)
    at = case.question.instant
    if all(terms.phase_at(at) is Phase.IN_FORCE for terms in lines):
        due = max(terms.assessment_due for terms in lines if terms.assessment_due)
        return "S13", (_needed(case), reason(ReasonKey.OVERDUE, at=due)), None
    return "S09", (_needed(case), reason(ReasonKey.SUSPENDED)), None


def _expired(case: Case) -> Explained:
    ends = [one.valid_to for one in case.covering(Phase.EXPIRED) if one.valid_to]
    ended = reason(ReasonKey.ENDED, at=max(ends))
    return "S08", (_needed(case), ended, *_not_yet(case)), None


def _above_ceiling(case: Case) -> Explained:
    person = case.world.person(case.member.emp_no)
    asa = case.question.asa
    if asa is not None and is_beyond_title(case.member.part, person, asa):
        needed = TITLE_FOR_ASA[asa]
        return "S21", (reason(ReasonKey.ASA, asa=asa, rank=needed),), None
    ceiling = reason(ReasonKey.CEILING, grade=case.ceiling())
    return (
        "S07",
        (_needed(case), ceiling, *_taken_away(case), *_not_yet(case)),
        None,
    )


def _assists_only(case: Case) -> Explained:
    assists = reason(ReasonKey.ASSISTS)
    return (
        "S11",
        (_needed(case), assists, *_taken_away(case), *_not_yet(case)),
        None,
    )


def _no_right(case: Case) -> Explained:
    ceiling = case.ceiling()
    holds = reason(ReasonKey.HOLDS_NOTHING)
    if ceiling:
        holds = reason(ReasonKey.CEILING, grade=ceiling)
    return "S06", (_needed(case), holds, *_taken_away(case), *_not_yet(case)), None


EXPLAIN: dict[Code, Callable[[Case], Explained]] = {
    Code.OUT_OF_SCOPE: _out_of_scope,
    Code.NOT_IN_CATALOGUE: _not_in_catalogue,
    Code.NOT_DONE_HERE: _not_done_here,
    Code.ALLOWED: _allowed,
    Code.SUPERVISED: _supervised,
    Code.SUSPENDED: _suspended,
    Code.EXPIRED: _expired,
    Code.ABOVE_CEILING: _above_ceiling,
    Code.ASSIST_ONLY: _assists_only,
    Code.NO_RIGHT: _no_right,
}


def _needed(case: Case) -> Reason:
    facts = case.facts
    if facts.is_restricted:
        return reason(ReasonKey.NEEDS_RESTRICTED, procedure=facts.code)
    if facts.grade >= min(ITEM_PRIVILEGES.values()):
        return reason(ReasonKey.NEEDS_ITEM, grade=facts.grade, procedure=facts.code)
    return reason(ReasonKey.NEEDS_CLASS, grade=facts.grade)


def _missing(case: Case, is_led: bool) -> tuple[str, ...]:
    """The line that would have to be there."""
    if case.code is Code.SUPERVISED:
        return () if is_led else (Part.SUPERVISOR.value,)
    part, facts = case.member.part, case.facts
    is_title = part is Part.ANESTHETIST and case.code is Code.ABOVE_CEILING
    if case.code in NOTHING_MISSING or is_title:
        return ()
    if part in ASSISTING_PARTS:
        return (ASSISTING,)
    if part is Part.ANESTHETIST:
        return (ANESTHESIA,)
    if part is Part.ORDERER:
        return (f"{ORDERING}:{facts.code}",)
    if facts.is_restricted:
        return (f"{RESTRICTED}:{facts.code}",)
    by_item = facts.grade >= min(ITEM_PRIVILEGES.values())
    return (f"SG0{facts.grade}:{facts.code}" if by_item else f"SG0{facts.grade}",)


NOTHING_MISSING = frozenset({Code.ALLOWED, Code.NOT_IN_CATALOGUE, Code.OUT_OF_SCOPE})


def _taken_away(case: Case) -> tuple[Reason, ...]:
    if not case.covering(Phase.REVOKED):
        return ()
    return (reason(ReasonKey.REVOKED),)


def _not_yet(case: Case) -> tuple[Reason, ...]:
    """A right that is granted but begins after the moment asked about."""
    starts = [terms.valid_from for terms in case.covering(Phase.FUTURE)]
    return (reason(ReasonKey.BEGINS, at=min(starts)),) if starts else ()
