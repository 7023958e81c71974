"""The demo's training records: who passed what; a few are missing or have run out.

Days count from today, negative ones lie in the past.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import NamedTuple

from permissions.models import Training
from permissions.services import record_training
from permissions.services.trainings import Passed
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import ZONE, day_of
from portal.parameters.registry import TRAINING_RECORDS_DECIDE
from portal.parameters.services import change

REASON = "医教科培训考核成绩登记"
PROVIDER = "云溪市人民医院医教科"


class Sat(NamedTuple):
    """One course; ``lasts`` in days, None without end; ``score`` None: attended."""

    emp_no: str
    course: str
    day: int
    score: int | None
    lasts: int | None = 365


TRAININGS: tuple[Sat, ...] = (
    Sat("1027", "TR01", -305, 96),
    Sat("1027", "TR02", -310, 92, 730),
    Sat("1027", "TR04", -290, None, 730),
    Sat("1027", "TR05", -340, 95, None),
    Sat("1188", "TR01", -210, 90),
    Sat("1188", "TR05", -320, 88, None),
    Sat("1305", "TR01", -205, 84),
    Sat("1305", "TR05", -206, 81, None),
    Sat("1058", "TR01", -40, 94),
    Sat("1015", "TR02", -325, 89, 730),
    Sat("1214", "TR01", -350, 93),
    Sat("1214", "TR05", -215, 86, None),
    # 许知行: the exam on narcotics has run out; 邓一鸣 failed and has not sat it again.
    Sat("1214", "TR02", -750, 91, 730),
    Sat("1097", "TR03", -30, 52),
    # Hepatobiliary surgery before its first operations; of 000771 no record was found.
    *(
        Sat(emp_no, "TR05", -362, score, None)
        for emp_no, score in (
            ("1099", 97),
            ("1102", 92),
            ("1104", 95),
            ("000427", 89),
            ("1098", 86),
            ("1101", 90),
            ("1103", 83),
        )
    ),
)


def seed_trainings(*, by: User, now: datetime) -> None:
    """Recorded on the day after; people the directory does not have are left out."""
    people = {one.emp_no: one for one in Practitioner.objects.order_by("pk")}
    courses = {one.code: one for one in Training.objects.order_by("pk")}
    for number, sat in enumerate(TRAININGS, start=1):
        if sat.emp_no in people:
            on = day_of(now) + timedelta(days=sat.day)
            lasts = None if sat.lasts is None else timedelta(days=sat.lasts - 1)
            record_training(
                practitioner=people[sat.emp_no],
                passed=Passed(
                    training=courses[sat.course],
                    passed_on=on,
                    valid_to=None if lasts is None else on + lasts,
                    provider=PROVIDER,
                    hours=8,
                    score=sat.score,
                    certificate_no=f"YX{on.year}{number:04}",
                ),
                by=by,
                at=datetime.combine(on + timedelta(days=1), time(15), tzinfo=ZONE),
                reason=REASON,
            )
    change(
        parameter=TRAINING_RECORDS_DECIDE,
        value=1,
        by=None,
        reason="培训考核记录已录全，按记录核对",
    )
