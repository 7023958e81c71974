"""The check: may this surgeon operate these procedures at that moment?

Facts in, verdict out, time passed in. The rules are domain 1.2 and 1.3; each stands
in one function, and of ``RULES`` the first that finds something answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from permissions.checks.codes import Code
from permissions.checks.facts import (
    ITEM_PRIVILEGES,
    GrantFacts,
    Phase,
    ProcedureFacts,
    Setting,
    Standing,
    SurgeonFacts,
    UnlistedProcedure,
    Urgency,
)
from permissions.checks.findings import (
    Finding,
    Param,
    Reason,
    ReasonKey,
    Remedy,
    Verdict,
)

# GR10 lets a rescue exceed a privilege. It opens no door that was shut on purpose: a
# suspended right (4), a procedure the hospital may not do or does not know (5, 6) and
# a person who may not practise (7) stay as they are; there the HIS asks the office on
# duty.
OPENED_BY_RESCUE = frozenset(
    {Code.NO_RIGHT, Code.ABOVE_CEILING, Code.EXPIRED, Code.ASSIST_ONLY}
)


class NothingToCheck(Exception):
    """No procedure was named."""


@dataclass(frozen=True)
class Question:
    """One surgeon, one procedure, one moment."""

    surgeon: SurgeonFacts
    procedure: ProcedureFacts
    moment: datetime

    def covering(self, phase: Phase) -> list[GrantFacts]:
        """Lines made for this procedure that stand in ``phase`` at the moment."""
        return [
            grant
            for grant in self.surgeon.covering(self.procedure)
            if grant.phase_at(self.moment) is phase
        ]

    def found(
        self,
        code: Code,
        *reasons: Reason,
        remedy: Remedy,
        until: datetime | None = None,
    ) -> Finding:
        return Finding(
            procedure_code=self.procedure.code,
            code=code,
            needed=self.procedure.grade,
            held=self.surgeon.ceiling_at(self.moment),
            until=until,
            reasons=reasons,
            remedy=remedy,
        )


def check(
    *,
    surgeon: SurgeonFacts,
    procedures: Sequence[ProcedureFacts | UnlistedProcedure],
    moment: datetime,
    urgency: Urgency,
    setting: Setting = Setting.INPATIENT,
) -> Verdict:
    """Judge each procedure by the rights as they stand at ``moment``."""
    if not procedures:
        raise NothingToCheck
    counted = replace(surgeon, grants=_counting(surgeon.grants, setting, urgency))
    findings = [_judge(counted, procedure, moment) for procedure in procedures]
    if urgency is Urgency.RESCUE:
        findings = [_opened_by_rescue(finding) for finding in findings]
    return Verdict(findings=tuple(findings), moment=moment)


def _counting(
    grants: tuple[GrantFacts, ...], setting: Setting, urgency: Urgency
) -> tuple[GrantFacts, ...]:
    """Lines that count where the operation is ordered."""
    settings = {Setting.ALL, Setting.OPERATING_ROOM, setting}
    if urgency is not Urgency.ROUTINE:
        settings.add(Setting.EMERGENCY)
    return tuple(grant for grant in grants if grant.setting in settings)


def _judge(
    surgeon: SurgeonFacts,
    procedure: ProcedureFacts | UnlistedProcedure,
    moment: datetime,
) -> Finding:
    if isinstance(procedure, UnlistedProcedure):
        return _unlisted(surgeon, procedure, moment)
    question = Question(surgeon, procedure, moment)
    found = (rule(question) for rule in RULES)
    return next((finding for finding in found if finding), no_right(question))


def _unlisted(
    surgeon: SurgeonFacts, procedure: UnlistedProcedure, moment: datetime
) -> Finding:
    """A code outside the catalogue can be judged by nobody."""
    question = Question(surgeon, ProcedureFacts(procedure.code, "", 0), moment)
    return not_entitled_to_practise(question) or question.found(
        Code.NOT_IN_CATALOGUE,
        _reason(ReasonKey.UNLISTED, procedure=procedure.code),
        remedy=Remedy.ASK_OFFICE,
    )


def not_entitled_to_practise(question: Question) -> Finding | None:
    """Who does not practise here, or is not registered any more, operates nothing."""
    surgeon = question.surgeon
    if surgeon.standing is Standing.UNKNOWN_PERSON:
        reason = _reason(ReasonKey.UNKNOWN_PERSON)
    elif surgeon.standing is Standing.NOT_PRACTISING:
        reason = _reason(ReasonKey.NOT_PRACTISING)
    elif (end := surgeon.registered_until) is not None and end <= question.moment:
        reason = _reason(ReasonKey.REGISTRATION_ENDED, at=end)
    else:
        return None
    return question.found(Code.OUT_OF_SCOPE, reason, remedy=Remedy.OTHER_SURGEON)


def stopped_here(question: Question) -> Finding | None:
    """A procedure the hospital has stopped is done by nobody (GR18)."""
    procedure = question.procedure
    if procedure.is_enabled:
        return None
    return question.found(
        Code.NOT_DONE_HERE,
        _reason(ReasonKey.STOPPED, procedure=procedure.code),
        remedy=Remedy.OTHER_PROCEDURE,
    )


def ungraded(question: Question) -> Finding | None:
    """Without a grade no right can reach it: not yet in the grading catalogue."""
    if question.procedure.grade > 0:
        return None
    return question.found(
        Code.NOT_IN_CATALOGUE,
        _reason(ReasonKey.UNGRADED, procedure=question.procedure.code),
        remedy=Remedy.ASK_OFFICE,
    )


def authorized(question: Question) -> Finding | None:
    """A line for this procedure, valid at that moment."""
    lines = question.covering(Phase.IN_FORCE)
    if not lines:
        return None
    line = max(lines, key=_lasts_longest)
    return question.found(
        Code.ALLOWED,
        _reason(ReasonKey.HOLDS_IT, privilege=line.privilege_code),
        remedy=Remedy.NONE,
        until=line.valid_to,
    )


def suspended(question: Question) -> Finding | None:
    """A line for this procedure that is suspended at that moment."""
    if not question.covering(Phase.SUSPENDED):
        return None
    return question.found(
        Code.SUSPENDED,
        _needed(question),
        _reason(ReasonKey.SUSPENDED),
        remedy=Remedy.OTHER_SURGEON,
    )


def expired(question: Question) -> Finding | None:
    """A line for this procedure that has ended by its date."""
    ends = [
        line.valid_to
        for line in question.covering(Phase.EXPIRED)
        if line.valid_to is not None
    ]
    if not ends:
        return None
    return question.found(
        Code.EXPIRED,
        _needed(question),
        _reason(ReasonKey.ENDED, at=max(ends)),
        *_not_yet(question),
        remedy=Remedy.RENEW,
    )


def restricted(question: Question) -> Finding | None:
    """A restricted technique needs its own line (GR09); no grade replaces it."""
    if not question.procedure.is_restricted:
        return None
    return question.found(
        Code.NOT_DONE_HERE,
        _needed(question),
        _reason(ReasonKey.RESTRICTED, procedure=question.procedure.code),
        *_not_yet(question),
        remedy=Remedy.ASK_OFFICE,
    )


def above_ceiling(question: Question) -> Finding | None:
    """Holds operating rights, but none reaches this grade."""
    ceiling = question.surgeon.ceiling_at(question.moment)
    if ceiling == 0 or question.procedure.grade <= ceiling:
        return None
    return question.found(
        Code.ABOVE_CEILING,
        _needed(question),
        _reason(ReasonKey.CEILING, grade=ceiling),
        *_taken_away(question),
        *_not_yet(question),
        remedy=Remedy.APPLY,
    )


def assists_only(question: Question) -> Finding | None:
    """No right to operate this procedure, but the right to assist."""
    if not question.surgeon.assists_at(question.moment):
        return None
    return question.found(
        Code.ASSIST_ONLY,
        _needed(question),
        _reason(ReasonKey.ASSISTS),
        *_taken_away(question),
        *_not_yet(question),
        remedy=Remedy.OTHER_SURGEON,
    )


def no_right(question: Question) -> Finding:
    """Nothing that reaches it."""
    ceiling = question.surgeon.ceiling_at(question.moment)
    held = (
        _reason(ReasonKey.CEILING, grade=ceiling)
        if ceiling
        else _reason(ReasonKey.HOLDS_NOTHING)
    )
    return question.found(
        Code.NO_RIGHT,
        _needed(question),
        held,
        *_taken_away(question),
        *_not_yet(question),
        remedy=Remedy.APPLY,
    )


RULES: tuple[Callable[[Question], Finding | None], ...] = (
    not_entitled_to_practise,
    stopped_here,
    ungraded,
    authorized,
    suspended,
    expired,
    restricted,
    above_ceiling,
    assists_only,
)


def _opened_by_rescue(finding: Finding) -> Finding:
    if finding.code not in OPENED_BY_RESCUE:
        return finding
    return replace(
        finding,
        code=Code.OVERRIDE,
        instead_of=finding.code,
        reasons=(*finding.reasons, _reason(ReasonKey.RESCUE)),
        remedy=Remedy.MAKE_UP,
    )


def _needed(question: Question) -> Reason:
    procedure = question.procedure
    if procedure.is_restricted:
        return _reason(ReasonKey.NEEDS_RESTRICTED, procedure=procedure.code)
    if procedure.grade >= min(ITEM_PRIVILEGES.values()):
        return _reason(
            ReasonKey.NEEDS_ITEM, grade=procedure.grade, procedure=procedure.code
        )
    return _reason(ReasonKey.NEEDS_CLASS, grade=procedure.grade)


def _taken_away(question: Question) -> tuple[Reason, ...]:
    if not question.covering(Phase.REVOKED):
        return ()
    return (_reason(ReasonKey.REVOKED),)


def _not_yet(question: Question) -> tuple[Reason, ...]:
    """A right that is granted but begins after the moment asked about."""
    starts = [line.valid_from for line in question.covering(Phase.FUTURE)]
    return (_reason(ReasonKey.BEGINS, at=min(starts)),) if starts else ()


def _lasts_longest(line: GrantFacts) -> tuple[bool, float]:
    end = line.valid_to
    return (end is None, end.timestamp() if end is not None else 0.0)


def _reason(key: ReasonKey, **params: Param) -> Reason:
    return Reason(key, MappingProxyType(params))
