"""Operations ahead: those booked in the HIS and those declared with us, each once.

The two are joined by the application number. Where the HIS has the application it says
who operates, when, and whether at all; a declaration says with which procedures and what
was answered. A declaration the HIS does not show (yet) stands for itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from portal.directory.models import Department, Practitioner
from surgery.enums import BookingStatus
from surgery.models import (
    ApplicationProcedure,
    BookedOperation,
    Procedure,
    SurgeryApplication,
)

# Applied for and not done, dropped or still being written.
AHEAD = (
    BookingStatus.WITH_HEAD,
    BookingStatus.WITH_OFFICE,
    BookingStatus.SCHEDULED,
    BookingStatus.UNDER_WAY,
)


@dataclass(frozen=True)
class BookedProcedure:
    """One procedure of an operation ahead; grade 0 when not in the catalogue."""

    application_no: str
    surgeon: Practitioner
    planned_at: datetime
    position: int
    code: str
    name: str
    grade: int

    @property
    def surgeon_id(self) -> int:
        return int(self.surgeon.pk)


def bookings() -> QuerySet[BookedOperation]:
    """What the HIS shows as ahead, whenever that is."""
    return BookedOperation.objects.filter(missing_since=None, status__in=AHEAD)


def departments_of_booking(number: str) -> frozenset[str]:
    """Codes of the departments a booked operation belongs to: the one that applied, the
    applicant's and the surgeon's. Empty while the HIS does not show it, or where none of
    them is known here.
    """
    booked = BookedOperation.objects.filter(apply_id=number).first()
    if booked is None:
        return frozenset()
    theirs = Q(practitioner__emp_no__in=[booked.applicant_no, booked.surgeon_no])
    found = Department.objects.filter(Q(code=booked.dept_code) | theirs)
    return frozenset(found.order_by().values_list("code", flat=True))


def undeclared_to_his() -> QuerySet[SurgeryApplication]:
    """Declarations whose number the HIS does not have."""
    there = BookedOperation.objects.filter(apply_id=OuterRef("application_no"))
    return SurgeryApplication.objects.filter(~Exists(there))


def booked_procedures(
    *surgeon_ids: int, after: datetime, before: datetime | None = None
) -> list[BookedProcedure]:
    """Procedures of operations ahead that these surgeons are to do, the next first.

    Four queries, however many surgeons and operations; two where the HIS shows none.
    """
    window = Q(planned_at__gte=after)
    if before is not None:
        window &= Q(planned_at__lt=before)
    people = Practitioner.objects.filter(pk__in=surgeon_ids).order_by()
    return _ahead(
        window,
        in_his=Q(surgeon_no__in=people.values("emp_no")),
        declared=Q(surgeon__in=surgeon_ids),
    )


def booked_for(code: str, *, after: datetime) -> list[BookedProcedure]:
    """Operations ahead in which this procedure is to be done, the next first."""
    return booked_for_any([code], after=after)


def booked_for_any(codes: Container[str], *, after: datetime) -> list[BookedProcedure]:
    """The same for any of several procedures."""
    ahead = _ahead(Q(planned_at__gte=after), in_his=Q(), declared=Q())
    return [one for one in ahead if one.code in codes]


def booked_ahead_by_code(*, after: datetime) -> Counter[str]:
    """How many operations ahead each procedure is in."""
    ahead = _ahead(Q(planned_at__gte=after), in_his=Q(), declared=Q())
    return Counter(
        code for _no, code in {(one.application_no, one.code) for one in ahead}
    )


def booked_now(numbers: Sequence[str]) -> dict[str, list[BookedProcedure]]:
    """By application number: its procedures, surgeon and time as they are booked now.

    What was done, cancelled or withdrawn since is not there any more.
    """
    found: dict[str, list[BookedProcedure]] = {}
    asked = _ahead(
        Q(), in_his=Q(apply_id__in=numbers), declared=Q(application_no__in=numbers)
    )
    for one in asked:
        found.setdefault(one.application_no, []).append(one)
    return found


def _ahead(window: Q, *, in_his: Q, declared: Q) -> list[BookedProcedure]:
    """Procedures by time; of a surgeon the directory does not know nothing is told."""
    rows = list(bookings().filter(window, in_his).order_by("planned_at", "apply_id"))
    numbers = {one.surgeon_no for one in rows}
    people = Practitioner.objects.filter(emp_no__in=numbers).order_by("pk")
    by_no = {one.emp_no: one for one in people} if rows else {}
    booked = {one.apply_id: one for one in rows if one.surgeon_no in by_no}
    alone = undeclared_to_his().filter(window, declared)
    lines = ApplicationProcedure.objects.filter(
        Q(application__in=alone.order_by().values("pk"))
        | Q(application__application_no__in=list(booked)),
        is_dropped=False,
    ).select_related("application__surgeon")
    found = [_declared(line, booked, by_no) for line in lines.order_by("pk")]
    numbers_declared = {one.application_no for one in found}
    rest = [one for number, one in booked.items() if number not in numbers_declared]
    found += _of_the_his(rest, by_no) if rest else []
    return sorted(
        found, key=lambda one: (one.planned_at, one.application_no, one.position)
    )


def _declared(
    line: ApplicationProcedure,
    booked: dict[str, BookedOperation],
    people: dict[str, Practitioner],
) -> BookedProcedure:
    sheet, there = line.application, booked.get(line.application.application_no)
    return BookedProcedure(
        application_no=sheet.application_no,
        surgeon=people[there.surgeon_no] if there else sheet.surgeon,
        planned_at=(there.planned_at if there else None) or sheet.planned_at,
        position=line.position,
        code=line.code,
        name=line.name,
        grade=line.grade,
    )


def _of_the_his(
    found: Sequence[BookedOperation], people: dict[str, Practitioner]
) -> list[BookedProcedure]:
    """Their main and their additional procedure, as our catalogue knows them."""
    codes = {code for one in found for code in (one.proc_code, one.extra_proc_code)}
    known = {
        one.code: one for one in Procedure.objects.filter(code__in=codes).order_by("pk")
    }
    made = []
    for one in found:
        if one.planned_at is None:
            continue
        pairs = ((one.proc_code, one.proc_name), (one.extra_proc_code, ""))
        for position, (code, name) in enumerate(pairs, start=1):
            if code:
                entry = known.get(code)
                made.append(
                    BookedProcedure(
                        application_no=one.apply_id,
                        surgeon=people[one.surgeon_no],
                        planned_at=one.planned_at,
                        position=position,
                        code=code,
                        name=entry.name if entry else name,
                        grade=entry.grade if entry else 0,
                    )
                )
    return made


def bookings_between(start: datetime, end: datetime) -> list[tuple[str, datetime]]:
    """Staff number of the surgeon and planned time of every operation, by time."""
    window = Q(planned_at__gte=start, planned_at__lt=end)
    booked = bookings().filter(window).order_by("pk")
    alone = undeclared_to_his().filter(window).order_by("pk")
    rows = [
        *booked.values_list("surgeon_no", "planned_at"),
        *alone.values_list("surgeon__emp_no", "planned_at"),
    ]
    found = [(emp_no, at) for emp_no, at in rows if at is not None]
    return sorted(found, key=lambda one: (one[1], one[0]))
