"""The demo's booked operations: declared by their surgeons for today and the next days."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import NamedTuple

from django.db import transaction

from his_plugin.field.questions import SETTING_OF, Asked, answer
from his_plugin.field.verdicts import verdict_to_keep
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import ZONE, day_of
from surgery.enums import Nature, Planned, Reoperation
from surgery.queries import procedures_by_code
from surgery.services import DeclaredProcedure, declare


class Booked(NamedTuple):
    """Who operates, on which day from today, from which hour on."""

    emp_no: str
    day: int
    hour: int
    procedure: str


BOOKED = (
    Booked("1027", 0, 9, "51.2300"),
    Booked("1027", 0, 14, "50.3x00"),
    Booked("1102", 0, 9, "51.2300"),
    Booked("1027", 1, 8, "51.2300"),
    Booked("1027", 1, 13, "50.2205"),
    Booked("1099", 1, 8, "52.7x00"),
    Booked("1098", 1, 10, "51.2300"),
    Booked("000771", 2, 9, "51.2300"),
)


@transaction.atomic
def seed_bookings(*, by: User, now: datetime) -> None:
    """Those of people the directory has, in the name of the doctor who logs in here."""
    people = {one.emp_no: one for one in Practitioner.objects.order_by("pk")}
    known = procedures_by_code({one.procedure for one in BOOKED})
    for number, booked in enumerate(BOOKED, start=1):
        surgeon, procedure = people.get(booked.emp_no), known.get(booked.procedure)
        if surgeon is None or procedure is None:
            continue
        day = day_of(now) + timedelta(days=booked.day)
        planned_at = datetime.combine(day, time(booked.hour), tzinfo=ZONE)
        asked = Asked(
            surgeon=surgeon.emp_no,
            procedures=[procedure.code],
            planned_at=planned_at,
            nature=Nature.ELECTIVE,
            is_rescue=False,
            setting=SETTING_OF["ZY"],
        )
        declare(
            application_no=f"YY{day:%Y%m%d}{number:03}",
            applicant=surgeon,
            surgeon=surgeon,
            procedures=[
                DeclaredProcedure(procedure.code, procedure.name, procedure.grade)
            ],
            planned_at=planned_at,
            is_planned=Planned.PLANNED,
            nature=Nature.ELECTIVE,
            is_rescue=False,
            reoperation=Reoperation.NONE,
            reoperation_reason="",
            verdict=verdict_to_keep(answer(asked)),
            by=by,
            at=now - timedelta(hours=2, minutes=number * 7),
        )
