"""Operations booked for the coming days, declared as a doctor would from the station."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import NamedTuple

from django.db import transaction

from his_plugin.field.declaring import team_of
from his_plugin.field.demands import Need
from his_plugin.field.questions import Answer, Asked, Helper, answer
from his_plugin.field.verdicts import name_and_grade, verdict_to_keep
from permissions import services
from permissions.checks.facts import Setting
from permissions.enums import GrantStatus, ReasonCode
from permissions.models import GrantState
from portal.accounts.models import User
from portal.accounts.services import user_for_launch
from portal.directory.models import Practitioner
from portal.parameters.days import ZONE, day_of
from surgery.enums import DeclaredRole, Nature, Planned, Reoperation
from surgery.services.declarations import (
    DeclaredDetails,
    DeclaredProcedure,
    declare,
)


class Booking(NamedTuple):
    """One operation ahead; ``day`` counts from today."""

    emp_no: str
    procedure: str
    day: int
    hour: int
    minute: int


BOOKINGS: tuple[Booking, ...] = (
    Booking("1027", "51.2300", 0, 9, 0),
    Booking("1027", "50.3x00", 0, 14, 0),
    Booking("1102", "51.2300", 0, 9, 0),
    Booking("1027", "51.2300", 1, 8, 0),
    Booking("1027", "50.2205", 1, 13, 0),
    Booking("1099", "52.7x00", 1, 8, 0),
    Booking("1098", "51.2300", 1, 10, 0),
    Booking("000771", "51.2300", 2, 9, 0),
    Booking("1027", "50.2205", 2, 8, 30),
    Booking("1027", "51.2300", 3, 13, 0),
    Booking("1043", "17.3300", 2, 8, 30),
    Booking("1043", "17.3300", 9, 10, 0),
    Booking("1119", "32.4100", 4, 8, 30),
    Booking("1058", "68.4100", 5, 9, 0),
)
# Who stands beside a surgeon: an assistant, or whoever teaches a learner.
BESIDE = {
    "1027": (Helper("1188", DeclaredRole.ASSIST),),
    "1098": (Helper("1027", DeclaredRole.SUPERVISE),),
}
# Whose right goes after the operation was booked: the office has one to see to.
SUSPENDED = ("1058", "68.4100")
WHY = "近三个月两例术中输尿管损伤，暂停主刀待专项评估"


@transaction.atomic
def seed_bookings(*, now: datetime) -> None:
    """Surgeons the directory does not have are left out."""
    known = Practitioner.objects.filter(emp_no__in={one.emp_no for one in BOOKINGS})
    people = {one.emp_no: one for one in known if one.is_practising}
    for number, booking in enumerate(BOOKINGS, start=1):
        if booking.emp_no in people:
            _book(people[booking.emp_no], booking, number, now)


def seed_hit(*, officer: User, now: datetime) -> None:
    """An hour ago the surgeon of a booked operation lost the right to it."""
    emp_no, code = SUSPENDED
    state = GrantState.objects.filter(
        practitioner__emp_no=emp_no, item_code=code, status=GrantStatus.ACTIVE
    ).first()
    if state is not None:
        services.suspend(
            state=state,
            by=officer,
            at=now - timedelta(hours=1),
            reason_code=ReasonCode.R09,
            reason=WHY,
        )


def _book(surgeon: Practitioner, booking: Booking, number: int, now: datetime) -> None:
    answered = answer(_asked(booking, now))
    declare(
        # As the demo HIS numbers its sheets.
        application_no=f"SS{now.astimezone(ZONE):%y%m%d}0800{number:02}{number:03}",
        applicant=surgeon,
        surgeon=surgeon,
        procedures=_procedures(answered),
        planned_at=answered.asked.planned_at,
        is_planned=Planned.PLANNED,
        nature=Nature.ELECTIVE,
        is_rescue=False,
        reoperation=Reoperation.NONE,
        reoperation_reason="",
        details=_details(answered, number, now),
        team=team_of(answered),
        verdict=verdict_to_keep(answered),
        by=user_for_launch(practitioner=surgeon),
        at=now - timedelta(hours=2, minutes=number * 7),
    )


def _details(answered: Answer, number: int, now: datetime) -> DeclaredDetails:
    """The discussions the operation demands, held two days ago."""
    must = {name for name, one in answered.demands.items() if one.need is Need.MUST}
    is_discussed = "preop_discussion" in must
    return DeclaredDetails(
        preop_discussion=f"TL{number:04}" if is_discussed else "",
        preop_discussed_at=now - timedelta(days=2) if is_discussed else None,
        mdt=f"MDT{number:04}" if "mdt" in must else "",
    )


def _asked(booking: Booking, now: datetime) -> Asked:
    day = day_of(now) + timedelta(days=booking.day)
    return Asked(
        surgeon=booking.emp_no,
        procedures=(booking.procedure,),
        planned_at=datetime.combine(
            day, time(booking.hour, booking.minute), tzinfo=ZONE
        ),
        nature=Nature.ELECTIVE,
        is_rescue=False,
        setting=Setting.INPATIENT,
        team=BESIDE.get(booking.emp_no, ()),
    )


def _procedures(answered: Answer) -> list[DeclaredProcedure]:
    return [
        DeclaredProcedure(one.code, *name_and_grade(one)) for one in answered.procedures
    ]
