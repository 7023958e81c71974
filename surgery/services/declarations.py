"""Acts on surgery applications: what a doctor declares in the station's field."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.audit.acting import acting
from portal.directory.models import Practitioner
from portal.directory.queries import departments_of
from surgery.enums import DeclaredRole, Nature, Planned, Reoperation, Technique
from surgery.models import (
    ApplicationMember,
    ApplicationProcedure,
    SurgeryApplication,
)
from surgery.queries.bookings import departments_of_booking

REASON = "医生站申报"


@dataclass(frozen=True)
class DeclaredProcedure:
    """A procedure as it stood when it was declared; grade 0 when not in the catalogue."""

    code: str
    name: str
    grade: int


@dataclass(frozen=True)
class DeclaredMember:
    """Somebody beside the surgeon; the name is empty when the directory has none."""

    role: DeclaredRole
    emp_no: str
    name: str


@dataclass(frozen=True)
class DeclaredDetails:
    """What is said beside nature and second operation; nothing by default.

    Codes are those of ``surgery.enums``. ``preop_discussed_at`` is aware.
    """

    reoperation_cause: str = ""
    first_operation: str = ""
    is_day: bool = False
    side: str = ""
    site: str = ""
    is_mini: bool = False
    technique: str = ""
    technique_text: str = ""
    preop_discussion: str = ""
    preop_discussed_at: datetime | None = None
    mdt: str = ""


NOTHING_MORE = DeclaredDetails()


@dataclass(frozen=True)
class Seen:
    """``declared_at`` of what the form showed when it was filled in; None: nothing."""

    declared_at: datetime | None


@dataclass(frozen=True)
class DeclaredVerdict:
    """The most severe code and the findings, as JSON, without the time of asking."""

    code: str
    content: dict[str, Any]


class DeclarationRefused(Exception):
    """The values cannot be kept; ``message`` says what to change."""

    message: str | Promise = ""


class NoProcedure(DeclarationRefused):
    message = _("请先选择拟行手术。")


class ReoperationReasonMissing(DeclarationRefused):
    message = _("非计划再次手术须写明原因。")


class RescueNotEmergency(DeclarationRefused):
    message = _("只有急诊手术可以勾选抢救生命。")


class DiscussedLater(DeclarationRefused):
    message = _("术前讨论时间不能晚于现在。请核对术前讨论记录。")


class DiscussedAfterwards(DeclarationRefused):
    message = _("术前讨论时间须早于手术时间。请核对术前讨论记录和手术时间。")


class ApplicationOfAnotherDepartment(DeclarationRefused):
    message = _("这张手术申请单由其他科室申报，不能修改。请由申请科室修改。")


class BookedByAnotherDepartment(DeclarationRefused):
    message = _("这张手术申请单在 HIS 中属于其他科室，不能申报。请核对申请单号。")


class DeclaredMeanwhile(DeclarationRefused):
    message = _("这张手术申请单刚才已由他人申报或修改。请刷新页面，核对后再申报。")


@transaction.atomic
def declare(
    *,
    application_no: str,
    applicant: Practitioner,
    surgeon: Practitioner,
    procedures: Sequence[DeclaredProcedure],
    planned_at: datetime,
    is_planned: Planned,
    nature: Nature,
    is_rescue: bool,
    reoperation: Reoperation,
    reoperation_reason: str,
    verdict: DeclaredVerdict,
    by: User,
    at: datetime,
    details: DeclaredDetails = NOTHING_MORE,
    team: Sequence[DeclaredMember] = (),
    seen: Seen | None = None,
) -> SurgeryApplication:
    """Keep what the doctor declared for one surgery application of the HIS.

    Declaring the same number again changes the row, with history; the applicant
    stays the first one, unless the HIS has the operation in another department.
    Declaring the same values again writes nothing. With ``seen``, what somebody else
    declared since is not written over. Raises DeclarationRefused.
    """
    reason_text = reoperation_reason.strip()
    _refuse_nonsense(procedures, nature, is_rescue, reoperation, reason_text)
    _refuse_late(details.preop_discussed_at, planned_at, at)
    values = {
        "surgeon": surgeon,
        "planned_at": planned_at,
        "is_planned": is_planned.value,
        "nature": nature.value,
        "is_rescue": is_rescue,
        "reoperation": reoperation.value,
        # A reason left over from another choice would only mislead.
        "reoperation_reason": (
            reason_text if reoperation is Reoperation.UNPLANNED else ""
        ),
        **_fitting(details, reoperation),
        "verdict_code": verdict.code,
        "verdict": verdict.content,
    }
    booked_in = departments_of_booking(application_no)
    # A number is easily guessed; the HIS knows whose it is once it was sent.
    if booked_in and booked_in.isdisjoint(departments_of(applicant)):
        raise BookedByAnotherDepartment
    with acting(by=by, reason=REASON):
        application = _locked(application_no)
        if application is None:
            application = _created(application_no, applicant, values, at, seen)
        else:
            _change(application, applicant, values, at, booked_in, seen)
        _replace_lines(
            application,
            ApplicationProcedure,
            [{"code": x.code, "name": x.name, "grade": x.grade} for x in procedures],
        )
        _replace_lines(
            application,
            ApplicationMember,
            [{"role": x.role.value, "emp_no": x.emp_no, "name": x.name} for x in team],
        )
    return application


def _fitting(details: DeclaredDetails, reoperation: Reoperation) -> dict[str, Any]:
    """Without what is left over from another choice."""
    values = asdict(details)
    if reoperation is not Reoperation.UNPLANNED:
        values["reoperation_cause"] = ""
    if reoperation is Reoperation.NONE:
        values["first_operation"] = ""
    if details.technique not in (Technique.RESTRICTED, Technique.NEW):
        values["technique_text"] = ""
    return values


def _refuse_nonsense(
    procedures: Sequence[DeclaredProcedure],
    nature: Nature,
    is_rescue: bool,
    reoperation: Reoperation,
    reason: str,
) -> None:
    if not procedures:
        raise NoProcedure
    if is_rescue and nature is not Nature.EMERGENCY:
        raise RescueNotEmergency
    if reoperation is Reoperation.UNPLANNED and not reason:
        raise ReoperationReasonMissing


def _refuse_late(
    discussed_at: datetime | None, planned_at: datetime, at: datetime
) -> None:
    if discussed_at is None:
        return
    if discussed_at > at:
        raise DiscussedLater
    if discussed_at >= planned_at:
        raise DiscussedAfterwards


def _locked(application_no: str) -> SurgeryApplication | None:
    return (
        SurgeryApplication.objects.select_for_update()
        .filter(application_no=application_no)
        .first()
    )


def _created(
    application_no: str,
    applicant: Practitioner,
    values: dict[str, Any],
    at: datetime,
    seen: Seen | None,
) -> SurgeryApplication:
    """A new row; when another station was faster, its row, changed."""
    new = SurgeryApplication(
        application_no=application_no, applicant=applicant, declared_at=at, **values
    )
    try:
        with transaction.atomic():
            new.save()
    except IntegrityError:
        first = _locked(application_no)
        if first is None:
            raise
        _change(first, applicant, values, at, frozenset(), seen)
        return first
    return new


def _change(
    application: SurgeryApplication,
    declarant: Practitioner,
    values: dict[str, Any],
    at: datetime,
    booked_in: Collection[str],
    seen: Seen | None,
) -> None:
    # An application is filled in by residents and corrected by their seniors, all of
    # one department; nobody else has business with it.
    first = application.applicant
    if not booked_in and first.department_id != declarant.department_id:
        raise ApplicationOfAnotherDepartment
    if booked_in and first.department.code not in booked_in:
        # Declared before the HIS told whose it is, by somebody whose it was not.
        values = values | {"applicant": declarant}
    if all(getattr(application, name) == value for name, value in values.items()):
        return
    if seen is not None and seen.declared_at != application.declared_at:
        _refuse_to_overwrite(application, declarant)
    for name, value in values.items():
        setattr(application, name, value)
    application.declared_at = at
    application.save()


def _refuse_to_overwrite(
    application: SurgeryApplication, declarant: Practitioner
) -> None:
    """What they declared themselves, and heard no answer to, is theirs to change."""
    versions: Any = application.history.select_related("history_user")
    last = versions.order_by("-history_id")[0]
    if last.history_user.practitioner_id != declarant.pk:
        raise DeclaredMeanwhile


def _replace_lines(
    application: SurgeryApplication,
    model: type[ApplicationProcedure] | type[ApplicationMember],
    declared: Sequence[dict[str, Any]],
) -> None:
    """Lines are frozen: what changed is dropped and written anew behind them."""
    lines: list[Any] = list(model._default_manager.filter(application=application))
    current = [line for line in lines if not line.is_dropped]
    kept = 0
    for line, values in zip(current, declared, strict=False):
        if any(getattr(line, name) != value for name, value in values.items()):
            break
        kept += 1
    for line in current[kept:]:
        line.is_dropped = True
        line.save()
    for position, values in enumerate(declared[kept:], start=len(lines) + 1):
        model(application=application, position=position, **values).save()
