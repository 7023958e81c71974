"""What makes the demo's office look at rights again: a transfer, assessments, ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from permissions.enums import AssessmentResult
from permissions.models import GrantState
from permissions.services.assessments import assess
from permissions.services.events import read_events
from permissions.services.reminders import remind
from portal.accounts.models import User
from portal.directory.models import Practitioner, PractitionerEvent
from portal.directory.people import tell
from portal.parameters.days import day_of


class Assessed(NamedTuple):
    """One assessment, so many days ago."""

    emp_no: str
    item: str
    days: int
    result: AssessmentResult
    doc_no: str
    note: str


ASSESSED = (
    Assessed(
        "1027",
        "50.3x00",
        40,
        AssessmentResult.PASS,
        "云医务评〔2026〕11号",
        "近一年 52 例，并发症 1 例，低于同级",
    ),
    Assessed(
        "1043",
        "17.3600",
        15,
        AssessmentResult.CONDITIONAL,
        "云医务评〔2026〕14号",
        "近一年 18 例，例数偏少，半年后复评",
    ),
    Assessed(
        "1015",
        "35.0502",
        6,
        AssessmentResult.FAIL,
        "云医务评〔2026〕15号",
        "两例术后 48 小时内非计划再次手术，未达要求",
    ),
)
# Who was transferred, and from which department (by its code in the HIS).
TRANSFERRED = {"1206": "0413", "1132": "0401"}


def seed_reviews(*, officer: User, now: datetime) -> None:
    """Through the doors of every day: the pull's event, the acts, the daily tasks."""
    for one in ASSESSED:
        _assess(one, officer, now)
    people = Practitioner.objects.select_related("department")
    found = people.filter(emp_no__in=TRANSFERRED).order_by("emp_no")
    tell(
        [
            PractitionerEvent(
                practitioner=person,
                kind=PractitionerEvent.Kind.DEPARTMENT,
                before=TRANSFERRED[person.emp_no],
                after=person.department.code,
                at=now - timedelta(hours=3),
            )
            for person in found
        ]
    )
    read_events(at=now - timedelta(hours=3))
    remind(at=now)


def _assess(one: Assessed, officer: User, now: datetime) -> None:
    at = now - timedelta(days=one.days)
    state = GrantState.objects.filter(
        practitioner__emp_no=one.emp_no, item_code=one.item, status="ACTIVE"
    ).first()
    if state is None:
        return
    assess(
        state=state,
        assessed_on=day_of(at),
        result=one.result,
        doc_no=one.doc_no,
        note=one.note,
        next_due=day_of(at) + timedelta(days=182)
        if one.result is AssessmentResult.CONDITIONAL
        else None,
        by=officer,
        at=at,
    )
