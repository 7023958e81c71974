"""Keeping training records: adding one, and voiding one that was entered in error."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.models import Training, TrainingRecord
from permissions.services import rules
from permissions.services.ledger import locked_practitioner
from permissions.services.refusals import ActRefused, OwnRight
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.directory.models import Practitioner
from portal.parameters.days import day_of

MOST_MARKS = 100


class PassedInFuture(ActRefused):
    field = "passed_on"

    def __init__(self, today: date) -> None:
        super().__init__(_("不能晚于今天 %(today)s。") % {"today": today.isoformat()})


class EndsBeforePassed(ActRefused):
    field = "valid_to"
    message = gettext_lazy("有效期不能早于完成日期。")


class MarksOutOfRange(ActRefused):
    message = gettext_lazy("填 0 至 100 的整数。")

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__()


class RecordExists(ActRefused):
    field = "passed_on"
    message = gettext_lazy("这位医师这门课程这一天已有记录。录错的先作废。")


class CourseDisabled(ActRefused):
    field = "training"
    message = gettext_lazy("这门课程已停用，请另选。")


class AlreadyVoid(ActRefused):
    message = gettext_lazy("这条记录已经作废。关闭后重新打开。")


@dataclass(frozen=True)
class Passed:
    """What is recorded; days are whole, ``valid_to`` is the last one."""

    training: Training
    passed_on: date
    valid_to: date | None = None
    provider: str = ""
    hours: int | None = None
    score: int | None = None
    pass_mark: int = 60
    certificate_no: str = ""
    document: str = ""


@transaction.atomic
def record_training(
    *,
    practitioner: Practitioner,
    passed: Passed,
    by: User | None,
    at: datetime,
    reason: str,
) -> TrainingRecord:
    """登记培训考核; a failed exam is recorded too. ``by`` None: the program itself."""
    text = rules.clear_reason(reason)
    if by is not None and by.practitioner_id == practitioner.pk:
        raise OwnRight
    locked = locked_practitioner(practitioner.pk)
    must_be_sound(passed, day_of(at))
    if TrainingRecord.objects.filter(
        practitioner=locked,
        training=passed.training,
        passed_on=passed.passed_on,
        is_void=False,
    ).exists():
        raise RecordExists
    record = TrainingRecord(
        practitioner=locked,
        training=passed.training,
        passed_on=passed.passed_on,
        valid_to=passed.valid_to,
        provider=passed.provider.strip(),
        hours=passed.hours,
        score=passed.score,
        pass_mark=passed.pass_mark,
        certificate_no=passed.certificate_no.strip(),
        document=passed.document.strip(),
    )
    _save(record, by, at, text)
    return record


@transaction.atomic
def void_training(
    *, record: TrainingRecord, by: User, at: datetime, reason: str
) -> TrainingRecord:
    """作废: entered in error. It stays, and counts for nothing from now on."""
    text = rules.clear_reason(reason)
    locked_practitioner(record.practitioner_id)
    current = TrainingRecord.objects.select_related("practitioner", "training").get(
        pk=record.pk
    )
    if current.is_void:
        raise AlreadyVoid
    current.is_void = True
    _save(current, by, at, text)
    return current


def must_be_sound(passed: Passed, today: date) -> None:
    """What a record says itself; raises ActRefused."""
    if not passed.training.is_enabled:
        raise CourseDisabled
    if passed.passed_on > today:
        raise PassedInFuture(today)
    if passed.valid_to is not None and passed.valid_to < passed.passed_on:
        raise EndsBeforePassed
    for field in ("score", "pass_mark"):
        marks = getattr(passed, field)
        if marks is not None and not 0 <= marks <= MOST_MARKS:
            raise MarksOutOfRange(field)


def _save(record: TrainingRecord, by: User | None, at: datetime, reason: str) -> None:
    record._history_date = at  # type: ignore[attr-defined]  # read by simple-history
    with acting(by=by, reason=reason):
        record.save()
