"""提议采纳: what the HIS has becomes a proposal; the ledger changes by a decision alone.

A right the HIS has and we do not is proposed to be granted, and another person approves
it. Where a line of ours says otherwise, its practitioner comes under review, and an
officer decides line by line. A grade becomes a proposal to grade the procedure so.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from permissions.enums import (
    DriftAct,
    DriftState,
    DriftTarget,
    Setting,
    SurgicalRole,
    Trigger,
)
from permissions.models import Application, Drift, GrantState, Privilege, Review
from permissions.outbound.apart import Kind
from permissions.outbound.table import NO_DAY
from permissions.outbound.ways import ASSIST, OP, OPERATE, ORDER, Ways
from permissions.reconciliation import grades
from permissions.reconciliation.outcome import IN_HAND, NOT_THERE, Outcome, locked, note
from permissions.reconciliation.rights import place_of
from permissions.services import proposals
from permissions.services.ledger import locked_practitioner
from permissions.services.refusals import ActRefused
from permissions.services.reviews import open_review
from portal.accounts.models import User
from portal.audit.refusing import clear_reason
from portal.directory.models import HisProcedure
from portal.parameters.days import day_of
from surgery.models import Procedure
from surgery.queries.grading import grade_of

ROLE_OF = {
    ORDER: SurgicalRole.ORDER,
    OPERATE: SurgicalRole.OPERATE,
    ASSIST: SurgicalRole.ASSIST,
}
# Rights to single procedures are granted by grade (GR06).
ENTRY_OF_GRADE = {3: "SG03", 4: "SG04"}


class NobodyOfOurs(ActRefused):
    message = _("HIS 里的这个工号不在本院医师档案，不能提议；请核对后修复。")


class NoSuchLine(ActRefused):
    message = _("台账里没有对应的授权可复核；请重新比对。")


class NotGrantedSingly(ActRefused):
    message = _("这个手术在本院不逐项授权，不能按 HIS 提议；请核对手术级别。")


class NoSuchSetting(ActRefused):
    message = _("HIS 写的场合本院没有，不能提议；请核对后修复。")


class HasNoFlag(ActRefused):
    message = _("粗略标志由多项授权得出，不能按 HIS 提议；请调整授权或修复。")


def adopt(*, chosen: Collection[int], by: User, at: datetime, reason: str) -> Outcome:
    """Propose what can be; each by itself. Raises ActRefused for the reason."""
    text = clear_reason(reason)
    outcome, ways = Outcome(), Ways()
    for pk in sorted(set(chosen)):
        try:
            with transaction.atomic():
                _adopt(pk, ways, by, at, text)
        except ActRefused as refused:
            outcome.left[pk] = refused.message
        else:
            outcome.done += 1
    return outcome


class AlreadyInHand(ActRefused):
    message = IN_HAND


class NotThere(ActRefused):
    message = NOT_THERE


def _adopt(pk: int, ways: Ways, by: User, at: datetime, text: str) -> None:
    drift = next(iter(locked([pk])), None)
    if drift is None:
        raise NotThere
    if drift.state != DriftState.OPEN:
        raise AlreadyInHand
    if drift.target == DriftTarget.GRADE:
        drift.grade_proposal = grades.adopt(drift, by=by, at=at, reason=text)
    else:
        _adopt_right(drift, ways, by, at, text)
    drift.state = DriftState.ADOPTED
    drift.save()
    note(drift, DriftAct.ADOPT, by=by, at=at, reason=text)


def _adopt_right(drift: Drift, ways: Ways, by: User, at: datetime, text: str) -> None:
    if drift.practitioner_id is None:
        raise NobodyOfOurs
    if any(drift.code == flag.name for flag in ways.push.flags):
        raise HasNoFlag
    lines = _lines_of(drift, ways)
    if drift.kind == Kind.EXTRA and not drift.ours_status:
        drift.application = _proposed(drift, by, at, text)
    elif lines:
        drift.review = _under_review(drift, lines, at)
    else:
        raise NoSuchLine


def _lines_of(drift: Drift, ways: Ways) -> list[GrantState]:
    """Lines of ours that give, or gave, this very right."""
    right = place_of(drift).key.right
    states = GrantState.objects.filter(practitioner=drift.practitioner_id)
    found = states.select_related("grant__privilege", "privilege").order_by("pk")
    return [state for state in found if right in ways.rights_of(state.grant)]


def _under_review(drift: Drift, lines: list[GrantState], at: datetime) -> Review:
    person = locked_practitioner(drift.practitioner_id or 0)
    what = f"{drift.name or drift.item or drift.code}（{drift.code}）"
    why = f"HIS 中{what}{drift.get_kind_display()}，提议按 HIS 调整"
    review, _is_new = open_review(person, Trigger.DRIFT, lines, why=why, at=at)
    return review


def _proposed(drift: Drift, by: User, at: datetime, text: str) -> Application:
    """From today on: what the HIS let somebody do before is not made right by it."""
    if drift.setting not in Setting.values:
        raise NoSuchSetting
    privilege, item, role = _terms(drift, day_of(at))
    first = max(drift.valid_from, day_of(at))
    return proposals.propose(
        practitioner=locked_practitioner(drift.practitioner_id or 0),
        privilege=privilege,
        item=item,
        role=role,
        setting=Setting(drift.setting),
        valid_from=day_of(at) if drift.valid_from == NO_DAY else first,
        valid_to=drift.theirs_last,
        reason=text,
        doc_no="",
        evidence="HIS 权限比对",
        by=by,
        at=at,
    )


def _terms(drift: Drift, day: date) -> tuple[Privilege, str, str]:
    if place_of(drift).key.right.function != OP:
        return Privilege.objects.get(code=drift.code), drift.item, ""
    found = HisProcedure.objects.filter(his_item_id=drift.item).first()
    code = found.code_clinical if found else drift.item
    procedure = Procedure.objects.filter(code=code).first()
    if procedure is None:
        raise NotGrantedSingly
    entry = ENTRY_OF_GRADE.get(int(grade_of(procedure, day)))
    if entry is None:
        raise NotGrantedSingly
    return Privilege.objects.get(code=entry), code, ROLE_OF[drift.code]
