"""Personal certificates as the doctor's page and the list show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from permissions.models import PersonalCertificate
from permissions.queries.grants import EXPIRING_DAYS
from portal.ui.elements import Chip
from portal.ui.moments import today, write_day


@dataclass(frozen=True)
class CertificateRow:
    id: int
    name: str
    emp_no: str
    department: str
    kind: str
    number: str
    issuer: str
    document: str
    issued_on: str
    valid_to: str
    state: Chip
    doctor_url: str
    void_url: str


def certificate_rows(records: Sequence[PersonalCertificate]) -> list[CertificateRow]:
    on = today()
    return [_row(one, on) for one in records]


def _row(one: PersonalCertificate, on: date) -> CertificateRow:
    person = one.practitioner
    return CertificateRow(
        id=one.pk,
        name=person.name,
        emp_no=person.emp_no,
        department=person.department.name,
        kind=str(one.get_kind_display()),
        number=one.number,
        issuer=one.issuer,
        document=one.document,
        issued_on=write_day(one.issued_on),
        valid_to=write_day(one.valid_to) if one.valid_to else _("长期"),
        state=_state(one, on),
        doctor_url=reverse("permissions:practitioner-detail", args=[person.emp_no]),
        void_url=""
        if one.is_void
        else reverse("permissions:certificate-void", args=[one.pk]),
    )


def _state(one: PersonalCertificate, on: date) -> Chip:
    if one.is_void:
        return Chip("mute", "x", _("作废"), is_void=True)
    if one.valid_to is not None and one.valid_to < on:
        return Chip("bad", "calendar-off", _("已到期"))
    if one.valid_to is not None and one.valid_to <= on + timedelta(days=EXPIRING_DAYS):
        days = (one.valid_to - on).days
        return Chip("warn", "calendar-due", _("%(n)s 天") % {"n": days})
    return Chip("ok", "circle-check", _("有效"))
