"""Keeping personal certificates, and telling when the last of a kind has ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.models import PersonalCertificate
from permissions.models.certificates import KEPT_HERE
from permissions.queries.certificates import holders_of_lapsed, last_days
from permissions.services import rules
from permissions.services.ledger import locked_practitioner
from permissions.services.refusals import ActRefused, OwnRight
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.directory.models import (
    Practitioner,
    PractitionerEvent,
    PractitionerStatus,
)
from portal.directory.people import tell
from portal.parameters.days import day_of

LAPSED = PractitionerEvent.Kind.CERTIFICATE


class IssuedInFuture(ActRefused):
    field = "issued_on"

    def __init__(self, today: date) -> None:
        super().__init__(_("不能晚于今天 %(today)s。") % {"today": today.isoformat()})


class EndsBeforeIssued(ActRefused):
    field = "valid_to"
    message = gettext_lazy("有效期不能早于发证日期。")


class NumberMissing(ActRefused):
    field = "number"
    message = gettext_lazy("填写证书编号；没有编号的填材料编号。")


class NotKeptHere(ActRefused):
    field = "kind"
    message = gettext_lazy("这种证书由 HIS 提供，不在这里登记。")


class CertificateExists(ActRefused):
    field = "number"
    message = gettext_lazy("这张证书已登记。录错的先作废。")


class CertificateAlreadyVoid(ActRefused):
    message = gettext_lazy("这张证书已经作废。关闭后重新打开。")


@dataclass(frozen=True)
class Issued:
    """What is recorded; days are whole, ``valid_to`` is the last one."""

    kind: str
    number: str
    issued_on: date
    valid_to: date | None = None
    issuer: str = ""
    document: str = ""


@transaction.atomic
def record_certificate(
    *,
    practitioner: Practitioner,
    issued: Issued,
    by: User | None,
    at: datetime,
    reason: str,
) -> PersonalCertificate:
    """登记证书; an old one that has ended is recorded too. ``by`` None: the program."""
    text = rules.clear_reason(reason)
    if by is not None and by.practitioner_id == practitioner.pk:
        raise OwnRight
    locked = locked_practitioner(practitioner.pk)
    must_be_sound(issued, day_of(at))
    number = issued.number.strip()
    record = PersonalCertificate(
        practitioner=locked,
        kind=issued.kind,
        number=number,
        issuer=issued.issuer.strip(),
        issued_on=issued.issued_on,
        valid_to=issued.valid_to,
        document=issued.document.strip(),
    )
    if PersonalCertificate.objects.filter(
        practitioner=locked,
        kind=record.kind,
        number=number,
        issued_on=record.issued_on,
        is_void=False,
    ).exists():
        raise CertificateExists
    _save(record, by, at, text)
    return record


@transaction.atomic
def void_certificate(
    *, record: PersonalCertificate, by: User, at: datetime, reason: str
) -> PersonalCertificate:
    """作废: entered in error. It stays, and counts for nothing from now on."""
    text = rules.clear_reason(reason)
    if by.practitioner_id == record.practitioner_id:
        raise OwnRight
    locked_practitioner(record.practitioner_id)
    current = PersonalCertificate.objects.select_related("practitioner").get(
        pk=record.pk
    )
    if current.is_void:
        raise CertificateAlreadyVoid
    current.is_void = True
    _save(current, by, at, text)
    return current


def note_lapsed_certificates(*, at: datetime) -> int:
    """Tell of whom the last certificate of a kind has ended and was not told yet; how
    many. Looked for often; the database keeps a second telling out."""
    today = day_of(at)
    ended = holders_of_lapsed(today).exclude(
        practitioner__status=PractitionerStatus.LEFT
    )
    people = sorted(set(ended.order_by().values_list("practitioner", flat=True)))
    told = set(
        PractitionerEvent.objects.filter(kind=LAPSED)
        .order_by()
        .values_list("practitioner_id", "after")
    )
    count = 0
    for start in range(0, len(people), 500):
        some = people[start : start + 500]
        for who, kinds in last_days(today, practitioner__in=some).items():
            for kind, last in sorted(kinds.items()):
                is_over = last is not None and last < today
                if is_over and (who, after := f"{kind} {last}") not in told:
                    count += _tell(who, after, at)
    return count


def _tell(practitioner_id: int, after: str, at: datetime) -> bool:
    event = PractitionerEvent(
        practitioner_id=practitioner_id, kind=LAPSED, after=after, at=at
    )
    try:
        with transaction.atomic():
            tell([event])
    except IntegrityError:
        return False
    return True


def must_be_sound(issued: Issued, today: date) -> None:
    """What a certificate says itself; raises ActRefused."""
    if issued.kind not in KEPT_HERE:
        raise NotKeptHere
    if not issued.number.strip():
        raise NumberMissing
    if issued.issued_on > today:
        raise IssuedInFuture(today)
    if issued.valid_to is not None and issued.valid_to < issued.issued_on:
        raise EndsBeforeIssued


def _save(
    record: PersonalCertificate, by: User | None, at: datetime, reason: str
) -> None:
    record._history_date = at  # type: ignore[attr-defined]  # read by simple-history
    with acting(by=by, reason=reason):
        record.save()
