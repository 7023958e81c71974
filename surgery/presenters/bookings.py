"""已排手术: operations ahead as the HIS has them, and what was declared of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.ui.elements import Chip, Note, Text
from portal.ui.moments import write_moment, write_short
from portal.ui.phrases import listed
from surgery.enums import BookingStatus
from surgery.models import BookedOperation, SurgeryApplication
from surgery.presenters.declarations import verdict_chip
from surgery.presenters.people import Names, Operation, Person

S = BookingStatus
STATUS_CHIPS = {
    S.WITH_HEAD: Chip("info", "hourglass", S.WITH_HEAD.label),
    S.WITH_OFFICE: Chip("info", "hourglass", S.WITH_OFFICE.label),
    S.SCHEDULED: Chip("ok", "calendar", S.SCHEDULED.label),
    S.UNDER_WAY: Chip("vio", "urgent", S.UNDER_WAY.label),
}


@dataclass(frozen=True)
class BookingRow:
    """One operation ahead; ``declaration_url`` opens what was declared, if anything."""

    id: int
    application_no: str
    declaration_url: str
    planned_at: str
    planned_in_full: str
    operations: Sequence[Operation]
    surgeon: Person
    assistants: str
    department: str
    room: str
    anesthesia: str
    nature: Text
    status: Chip
    verdict: Chip

    @property
    def operations_in_one(self) -> str:
        return _("；").join(one.in_one for one in self.operations)


def booking_rows(found: Sequence[BookedOperation]) -> list[BookingRow]:
    """Three queries for all of them."""
    names = Names(
        (
            number
            for one in found
            for number in (one.surgeon_no, one.assist1_no, one.assist2_no)
            if number
        ),
        (
            code
            for one in found
            for code in (one.proc_code, one.extra_proc_code)
            if code
        ),
    )
    numbers = [one.apply_id for one in found]
    declared = {
        one.application_no: one
        for one in SurgeryApplication.objects.filter(
            application_no__in=numbers
        ).order_by("pk")
    }
    return [_row(one, names, declared.get(one.apply_id)) for one in found]


def _row(
    one: BookedOperation, names: Names, declaration: SurgeryApplication | None
) -> BookingRow:
    operations = [names.operation(one.proc_code, one.proc_name)]
    if one.extra_proc_code:
        operations.append(names.operation(one.extra_proc_code))
    surgeon = names.person(one.surgeon_no)
    helpers = [number for number in (one.assist1_no, one.assist2_no) if number]
    return BookingRow(
        id=one.pk,
        application_no=one.apply_id,
        declaration_url=reverse("surgery:application-history", args=[declaration.pk])
        if declaration
        else "",
        planned_at=write_short(one.planned_at) if one.planned_at else "—",
        planned_in_full=write_moment(one.planned_at) if one.planned_at else "",
        operations=operations,
        surgeon=surgeon,
        assistants=listed(names.person(number).name or number for number in helpers),
        department=surgeon.department,
        room=one.op_room,
        anesthesia=one.anes_name,
        nature=one.get_nature_display() if one.nature else "—",
        status=STATUS_CHIPS[BookingStatus(one.status)],
        verdict=verdict_chip(declaration.verdict_code)
        if declaration
        else Chip("mute", "help-circle", _("未申报")),
    )


def missing_note(count: int) -> list[Note]:
    """Declarations of operations ahead the HIS does not show."""
    if not count:
        return []
    words = _("另有 %(n)s 台已在本系统申报，HIS 的手术申请中没有。")
    url = reverse("surgery:application-list")
    return [Note("info", words % {"n": count}, url, _("查看手术申报"))]
