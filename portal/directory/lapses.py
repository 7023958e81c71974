"""What ends by its date alone: registrations and filings nobody renewed.

No pull tells of it, for nothing changed in the HIS. Looked for often; told once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from django.db import IntegrityError, transaction

from portal.directory.models import (
    Practitioner,
    PractitionerEvent,
    PractitionerScope,
    PractitionerStatus,
)
from portal.directory.people import scope_text, tell
from portal.parameters.days import day_of

Kind = PractitionerEvent.Kind
Lapse = tuple[Practitioner, Kind, str]


def note_lapses(*, at: datetime) -> int:
    """Tell what has ended by now and was not told yet; how many.

    Two at once tell each once: the database keeps the second out.
    """
    told = set(
        PractitionerEvent.objects.filter(kind__in=[Kind.LAPSED, Kind.SCOPE_LAPSED])
        .order_by()
        .values_list("practitioner_id", "kind", "after")
    )
    found = [
        lapse
        for lapse in (*_registrations(day_of(at)), *_scopes(day_of(at)))
        if (lapse[0].pk, lapse[1].value, lapse[2]) not in told
    ]
    return sum(_tell(*lapse, at=at) for lapse in found)


def _here() -> Iterator[Practitioner]:
    there = Practitioner.objects.filter(missing_since=None)
    return iter(there.exclude(status=PractitionerStatus.LEFT).order_by("pk"))


def _registrations(today: date) -> Iterator[Lapse]:
    for person in _here():
        ends = person.license_valid_to
        if ends is not None and ends < today:
            yield person, Kind.LAPSED, ends.isoformat()


def _scopes(today: date) -> Iterator[Lapse]:
    ended = PractitionerScope.objects.filter(missing_since=None, valid_to__lt=today)
    rows = list(ended.order_by("pk").values_list("emp_no", "scope_code", "valid_to"))
    if not rows:
        return
    here = {person.emp_no: person for person in _here()}
    # One scope at two places may end on one day.
    for emp_no, code, ends in dict.fromkeys(rows):
        if emp_no in here:
            yield here[emp_no], Kind.SCOPE_LAPSED, scope_text(code, ends)


def _tell(person: Practitioner, kind: Kind, after: str, *, at: datetime) -> bool:
    event = PractitionerEvent(practitioner=person, kind=kind, after=after, at=at)
    try:
        with transaction.atomic():
            tell([event])
    except IntegrityError:
        return False
    return True
