"""Acts on techniques: filing a restricted one, suspending a procedure and lifting that.

A suspended procedure can be granted to nobody from the act on; the check says 本院不得
开展 from its day on.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.audit.acting import acting
from portal.parameters.days import day_of
from surgery.models import Filing, Procedure, Suspension

DUE = "停用日期已到"


class TechniqueRefused(Exception):
    """The act cannot be done; ``message`` says why, ``field`` where."""

    message: str | Promise = ""
    field = ""


class NotRestricted(TechniqueRefused):
    message = _("这项手术不是限制类技术，不需备案。")


class FiledInFuture(TechniqueRefused):
    field = "filed_on"
    message = _("备案日期不能晚于今天。")


class AlreadySuspended(TechniqueRefused):
    message = _("这项手术已经停用。关闭后重新打开。")


class SuspendedInPast(TechniqueRefused):
    field = "from_on"
    message = _("停用日期不能早于今天。")


class SuspendedBeforeUse(TechniqueRefused):
    field = "from_on"
    message = _("停用日期须晚于启用日期。")


class NotSuspended(TechniqueRefused):
    message = _("这项手术没有停用。关闭后重新打开。")


class ReasonMissing(TechniqueRefused):
    field = "reason"
    message = _("请写明原因。")


@transaction.atomic
def file_technique(
    *,
    procedure: Procedure,
    filed_on: date,
    authority: str,
    document_no: str,
    document: str,
    by: User,
    at: datetime,
    reason: str,
) -> Filing:
    """Keep the filing of a restricted technique, or correct it; raises TechniqueRefused."""
    held = _locked(procedure)
    if not held.is_restricted:
        raise NotRestricted
    if filed_on > day_of(at):
        raise FiledInFuture
    if not reason.strip():
        raise ReasonMissing
    filing = Filing.objects.filter(procedure=held).first() or Filing(procedure=held)
    filing.filed_on = filed_on
    filing.authority = authority.strip()
    filing.document_no = document_no.strip()
    filing.document = document.strip()
    with acting(by=by, reason=reason.strip()):
        filing.save()
    return filing


@transaction.atomic
def suspend_technique(
    *,
    procedure: Procedure,
    from_on: date,
    document_no: str,
    by: User,
    at: datetime,
    reason: str,
) -> Suspension:
    """停用 from today or a later day; raises TechniqueRefused."""
    words = reason.strip()
    if not words:
        raise ReasonMissing
    held = _locked(procedure)
    if from_on < day_of(at):
        raise SuspendedInPast
    if held.effective_from is not None and held.effective_from >= from_on:
        raise SuspendedBeforeUse
    if not held.is_enabled or held.suspensions.filter(lifted_on=None).exists():
        raise AlreadySuspended
    suspension = Suspension(
        procedure=held, from_on=from_on, reason=words, document_no=document_no.strip()
    )
    with acting(by=by, reason=words):
        try:
            with transaction.atomic():
                suspension.save()
        except IntegrityError:
            raise AlreadySuspended from None
        _close(held, from_on, at)
    return suspension


@transaction.atomic
def lift_suspension(
    *, procedure: Procedure, by: User, at: datetime, reason: str
) -> Suspension:
    """恢复 from today on; raises TechniqueRefused."""
    words = reason.strip()
    if not words:
        raise ReasonMissing
    held = _locked(procedure)
    suspension: Suspension | None = held.suspensions.filter(lifted_on=None).first()
    if suspension is None:
        raise NotSuspended
    suspension.lifted_on = day_of(at)
    held.is_enabled, held.effective_to = True, None
    with acting(by=by, reason=words):
        suspension.save()
        held.save()
    return suspension


def suspend_due(*, at: datetime) -> int:
    """Close the procedures whose day has come; how many. Run as often as one likes."""
    due = Procedure.objects.filter(
        is_enabled=True,
        suspensions__lifted_on=None,
        suspensions__from_on__lte=day_of(at),
    )
    closed = 0
    for procedure in due.order_by("pk"):
        with transaction.atomic():
            held = _locked(procedure)
            standing = held.suspensions.filter(lifted_on=None).first()
            if standing is not None and held.is_enabled:
                with acting(by=None, reason=DUE):
                    _close(held, standing.from_on, at)
                closed += 1
    return closed


def _locked(procedure: Procedure) -> Procedure:
    found: Procedure = Procedure.objects.select_for_update().get(pk=procedure.pk)
    return found


def _close(procedure: Procedure, from_on: date, at: datetime) -> None:
    """``effective_to`` keeps new rights away at once, the flag answers the check."""
    procedure.effective_to = from_on
    procedure.is_enabled = from_on > day_of(at)
    procedure.save()
