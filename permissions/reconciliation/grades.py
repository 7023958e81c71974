"""Grades of procedures: the HIS's beside ours, told again, or proposed as it has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from permissions.enums import DriftAct, DriftState, DriftTarget, Setting
from permissions.models import Drift
from permissions.outbound.table import NO_DAY
from permissions.reconciliation.hands import Trace, hands_in_log, trace_of_grade
from permissions.reconciliation.outcome import (
    NOT_SO_ANY_MORE,
    ON_ITS_WAY,
    Outcome,
    note,
)
from permissions.reconciliation.seen import Key, NotCompared, Seen, key_of
from permissions.reconciliation.shown import READING, Hand, moment_of
from permissions.services.refusals import ActRefused
from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.audit.refusing import Text
from portal.his import site
from portal.his.contract.interfaces import V_YW_OP_GRADE
from portal.his.gateway import HisReader
from portal.jobs.kinds import Report
from portal.outbox.comparison import NO_GRADE
from surgery.codes import key
from surgery.models import GradeProposal, Procedure
from surgery.outbound import why_not_told
from surgery.queries.grade_differences import Apart, Field
from surgery.services.grade_differences import (
    Again,
    Compared,
    NotRead,
    compare,
    on_the_way,
    tell_again,
)
from surgery.services.grading_as_shown import propose_as_shown

NO_INTERFACE = gettext_noop("HIS 没有提供手术等级视图，不能比对")
NOT_OURS = _("本院目录没有；请登记到目录，或在 HIS 作废")
# A row that is there; the contract knows no suspended grade.
STANDS = "1"


class NotInCatalogue(ActRefused):
    message = NOT_OURS


class DayIsNotProposed(ActRefused):
    message = _("生效日期由定级决定得出，不能按 HIS 提议；请修复或重新定级。")


class MayNotPropose(ActRefused):
    message = _("提议级别须有提出定级的权限。")


# --- looking --------------------------------------------------------------------------


def look(
    gateway: HisReader,
    *,
    at: datetime,
    since: datetime,
    log_since: datetime,
    report: Report,
) -> Seen:
    """As ``rights.look``."""
    if V_YW_OP_GRADE.name in site.lacking():
        raise NotCompared(NO_INTERFACE)
    report(READING)
    try:
        result = compare(gateway=gateway, at=at, since=since)
    except NotRead as problem:
        raise NotCompared(str(problem)) from None
    hands = hands_in_log(
        gateway, [_trace(one, result) for one in result.found], log_since
    )
    drifts = [
        _drift(one, result, hands.get(_trace(one, result))) for one in result.found
    ]
    # Of a row that cannot be read nobody can say that it is missing, or otherwise.
    untold = result.on_the_way | result.unclear
    left_out = {_key(code, field) for code in untold for field in Field}
    return Seen(
        found={key: one for one in drifts if (key := key_of(one)) not in left_out},
        left_out=left_out,
        ours=result.ours,
        theirs=result.theirs,
        on_the_way=len(result.on_the_way),
        unreadable=result.unreadable,
    )


def _key(code: str, field: Field) -> Key:
    """As ``key_of`` of its drift."""
    return (DriftTarget.GRADE, "", field.value, code, Setting.ALL, NO_DAY)


def _trace(one: Apart, result: Compared) -> Trace:
    return trace_of_grade(result.spelled.get(one.code, one.code))


def _drift(one: Apart, result: Compared, hand: Hand | None) -> Drift:
    known = result.known.get(one.code)
    return Drift(
        target=DriftTarget.GRADE,
        kind=one.kind.value,
        procedure_id=known.pk if known else None,
        code=one.field.value,
        item=one.code,
        name=known.name if known else "",
        setting=Setting.ALL,
        valid_from=NO_DAY,
        ours_status=STANDS if one.ours else "",
        ours_value=one.ours,
        theirs_status=STANDS if one.theirs else "",
        theirs_value=one.theirs,
        hand=hand.operator[:20] if hand else "",
        hand_at=moment_of(hand),
        is_from_log=hand is not None,
    )


# --- telling ours again ---------------------------------------------------------------


def repair(
    drifts: Sequence[Drift], outcome: Outcome, *, by: User, at: datetime, reason: str
) -> None:
    """Those of one act, locked. A HIS that was changed since it was looked at refuses
    them, and a person decides."""
    again: list[tuple[Drift, Again]] = []
    procedures = {one.pk: one for one in _locked_procedures(drifts)}
    cannot = why_not_told(list(procedures.values()))
    # Proved to the HIS since it was looked at: what was seen there is old.
    since = min((one.last_seen for one in drifts), default=at)
    under_way = {key(code) for code in on_the_way(at, since)}
    for drift in drifts:
        why: Text | None = None
        mine = procedures.get(drift.procedure_id or 0)
        if mine is None:
            why = NOT_OURS
        elif mine.pk in cannot:
            why = cannot[mine.pk]
        elif key(mine.code) in under_way:
            why = ON_ITS_WAY
        elif not _is_still_ours(drift, mine):
            why = NOT_SO_ANY_MORE
        else:
            again.append((drift, Again(mine, _shown(drift, mine), drift.subject)))
        if why is not None:
            outcome.left[drift.pk] = why
    tell_again([one for _drift, one in again], by=by, at=at, reason=reason)
    for drift, one in again:
        drift.state, drift.told_as = DriftState.REPAIRING, one.subject
        drift.save()
        note(drift, DriftAct.REPAIR, by=by, at=at, reason=reason)
    outcome.done += len(again)


def _locked_procedures(drifts: Iterable[Drift]) -> Iterable[Procedure]:
    keys = {one.procedure_id for one in drifts if one.procedure_id}
    return Procedure.objects.select_for_update().filter(pk__in=keys).order_by("pk")


def _grade(one: Procedure) -> str:
    """As the contract writes it; out of use is without one."""
    return str(one.grade) if one.is_enabled else NO_GRADE


def _is_still_ours(drift: Drift, mine: Procedure) -> bool:
    if drift.code == Field.EFFECTIVE_FROM:
        return True
    # One that lost its grade since is no difference any more where none is shown.
    return _grade(mine) == (drift.ours_value or NO_GRADE)


def _shown(drift: Drift, mine: Procedure) -> str | None:
    """The grade the HIS must still have; None where it showed no line at all."""
    if drift.code == Field.EFFECTIVE_FROM:
        return _grade(mine)
    return drift.theirs_value or None


# --- proposing theirs -----------------------------------------------------------------


def adopt(drift: Drift, *, by: User, at: datetime, reason: str) -> GradeProposal:
    """The grade the HIS has, in the process every grade goes through: it waits for its
    scores and for another person. Raises ActRefused."""
    if not (by.is_system or by.has_capability(Capability.PROPOSE_GRADE)):
        raise MayNotPropose
    if drift.procedure is None:
        raise NotInCatalogue
    if drift.code != Field.GRADE:
        raise DayIsNotProposed
    grade = int(drift.theirs_value or NO_GRADE)
    return propose_as_shown(
        procedure=drift.procedure, grade=grade, by=by, at=at, reason=reason
    )
