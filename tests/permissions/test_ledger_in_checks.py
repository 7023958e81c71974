"""What a ledger line limits, the check sees: role, side, campus, one patient, an end."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from permissions import services
from permissions.checks.codes import Code
from permissions.checks.engine import check
from permissions.checks.question import surgeon
from permissions.models import GrantState
from permissions.services import Line
from permissions.snapshot import world_for
from permissions.snapshot.reading import Reader
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import start_of
from tests.cast import make_practitioner
from tests.permissions.ledger import REASON, TODAY, privilege

pytestmark = pytest.mark.django_db(transaction=True)
CHOLE = "51.2300"


@pytest.fixture
def doctor(catalogue: None) -> Practitioner:
    return make_practitioner("1305", "方若谷")


def give(by: User, person: Practitioner, **fields: Any) -> GrantState:
    line = Line(
        privilege=privilege("SG03"),
        item=CHOLE,
        **{"valid_from": TODAY, "valid_to": date(2027, 11, 22), **fields},
    )
    grant = services.grant(
        practitioner=person, line=line, by=by, at=timezone.now(), reason=REASON
    )
    return GrantState.objects.get(grant=grant)


def code(moment: datetime | None = None) -> Code:
    asked = surgeon("1305", [CHOLE], moment or timezone.now())
    return check(asked, world_for(asked)).code


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("OPERATE", Code.ALLOWED),
        ("OPERATE_SUPERVISED", Code.SUPERVISED),
        ("ASSIST", Code.ASSIST_ONLY),
        ("ORDER", Code.NO_RIGHT),
    ],
)
def test_line_lets_its_holder_do_what_its_role_says(
    role: str, expected: Code, lin: User, doctor: Practitioner
) -> None:
    give(lin, doctor, role=role)
    assert code() is expected


def test_line_for_one_patient_opens_nothing_for_the_others(
    lin: User, doctor: Practitioner
) -> None:
    give(lin, doctor, kind="ONE_PATIENT", visit_no="ZY0001")
    assert code() is Code.NO_RIGHT


def test_side_and_campus_of_a_line_reach_the_facts(
    lin: User, doctor: Practitioner
) -> None:
    give(lin, doctor, side="LEFT", campus="东院")
    (person,) = Reader().some(Practitioner.objects.filter(pk=doctor.pk))
    (line,) = person.lines
    assert (line.item, line.terms.side, line.terms.campus, line.terms.role) == (
        CHOLE,
        "LEFT",
        "东院",
        "OPERATE",
    )


def test_suspension_with_a_last_day_is_over_in_the_check_too(
    lin: User, doctor: Practitioner
) -> None:
    state = give(lin, doctor)
    services.suspend(
        state=state,
        by=lin,
        at=timezone.now(),
        reason_code="06",
        reason="外出进修一周",
        last_day=date(2026, 11, 29),
    )
    back = start_of(date(2026, 11, 30))
    assert code() is Code.SUSPENDED
    assert code(back - timedelta(seconds=1)) is Code.SUSPENDED
    assert code(back) is Code.ALLOWED
    assert Reader().people() == Reader().some(Practitioner.objects.all())


def test_renewal_while_suspended_keeps_the_suspension(
    lin: User, doctor: Practitioner
) -> None:
    state = give(lin, doctor, valid_to=date(2026, 12, 31))
    said: dict[str, Any] = {"state": state, "by": lin, "at": timezone.now()}
    services.suspend(reason_code="08", reason="评估未完成", **said)
    services.renew(last_day=date(2027, 12, 31), reason=REASON, **said)
    assert code() is Code.SUSPENDED
    assert code(start_of(date(2027, 6, 1))) is Code.SUSPENDED
