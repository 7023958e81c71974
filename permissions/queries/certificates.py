"""Reading personal certificates, and what the catalogue demands of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Max, QuerySet

from permissions.checks.facts import Certificate as Held
from permissions.models import PersonalCertificate, Privilege
from permissions.models.certificates import TOLD_BY_HIS
from portal.directory.models import Practitioner
from portal.parameters.days import end_of, start_of


def certificates_of(practitioner: Practitioner) -> QuerySet[PersonalCertificate]:
    """All of one practitioner, the void ones too, newest first."""
    found = all_certificates().filter(practitioner=practitioner)
    return found.order_by("is_void", "kind", "-issued_on", "-id")


def all_certificates() -> QuerySet[PersonalCertificate]:
    """With everything a row shows."""
    return PersonalCertificate.objects.select_related("practitioner__department")


def certificate_or_none(record_id: int) -> PersonalCertificate | None:
    return all_certificates().filter(pk=record_id).first()


def certified(**only: Any) -> dict[int, tuple[Held, ...]]:
    """By practitioner, what counts as a certificate and from when until when; one
    query."""
    rows = PersonalCertificate.objects.filter(is_void=False, **only)
    found: dict[int, list[Held]] = defaultdict(list)
    names = ("practitioner", "kind", "issued_on", "valid_to")
    ordered = rows.order_by("practitioner", "kind", "issued_on", "pk")
    for who, kind, issued_on, valid_to in ordered.values_list(*names):
        found[who].append(Held(kind, start_of(issued_on), end_of(valid_to)))
    return {who: tuple(held) for who, held in found.items()}


def to_be_shown(certificates: Iterable[str]) -> tuple[str, ...]:
    """Of what an entry demands, what a practitioner shows here."""
    return tuple(one for one in certificates if one not in TOLD_BY_HIS)


def demanded() -> dict[str, tuple[str, ...]]:
    """By privilege, the certificates its use demands; those without are left out."""
    rows = Privilege.objects.order_by("code")
    asked = {
        code: to_be_shown(certificates)
        for code, certificates in rows.values_list("code", "certificates")
    }
    return {code: kinds for code, kinds in asked.items() if kinds}


def last_days(on: date, **only: Any) -> dict[int, dict[str, date | None]]:
    """By practitioner and kind, until when the longest one issued by that day is good;
    None without end."""
    rows = (
        PersonalCertificate.objects.filter(is_void=False, issued_on__lte=on, **only)
        .order_by()
        .values("practitioner", "kind")
        .annotate(last=Max("valid_to"))
    )
    endless = set(
        PersonalCertificate.objects.filter(
            is_void=False, issued_on__lte=on, valid_to=None, **only
        )
        .order_by()
        .values_list("practitioner", "kind")
    )
    found: dict[int, dict[str, date | None]] = defaultdict(dict)
    for row in rows:
        who, kind = row["practitioner"], row["kind"]
        found[who][kind] = None if (who, kind) in endless else row["last"]
    return found


def lapsed_kinds(practitioner: Practitioner, on: date) -> frozenset[str]:
    """What was held once and is no longer good on that day."""
    held = last_days(on, practitioner=practitioner).get(practitioner.pk, {})
    return frozenset(kind for kind, last in held.items() if last and last < on)


def ending_before(first: date, last: date) -> list[int]:
    """Practitioners of whom a certificate ends between two days, both included."""
    rows = PersonalCertificate.objects.filter(
        is_void=False, valid_to__range=(first, last)
    )
    return sorted(set(rows.order_by().values_list("practitioner", flat=True)))


def holders_of_lapsed(on: date) -> QuerySet[PersonalCertificate]:
    """Certificates that ended before that day, those of people who are here."""
    return PersonalCertificate.objects.filter(
        practitioner__missing_since=None, is_void=False, valid_to__lt=on
    )
