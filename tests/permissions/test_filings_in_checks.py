"""S04: a restricted technique that should have been filed by now is not done here.

It may be done before: it is filed within 15 working days after its first case (GR09).
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from permissions.checks.codes import Code
from permissions.checks.engine import Verdict, check
from permissions.checks.question import surgeon
from permissions.snapshot import world_for
from portal.accounts.models import User
from portal.audit import stamp as stamps
from portal.audit.acting import acting
from portal.parameters.days import day_of
from surgery.models import Filing, Procedure
from surgery.services.techniques import file_technique
from tests.cast import make_practitioner
from tests.harness import assert_queries
from tests.permissions.ledger import granted
from tests.surgery.case_rows import Theatre, local, pull

CORNEA = "11.6400x001"
END = date(2027, 11, 22)
# Today is Monday 2026-11-23; fifteen working days before are 11-02.
OVERDUE, IN_TIME = local(2026, 10, 30, 9, 0), local(2026, 11, 16, 9, 0)


@pytest.fixture
def right(catalogue: None, lin: User, su: User) -> Any:
    with acting(by=None, reason="测试"):
        Procedure.objects.filter(code=CORNEA).update(restricted_class=1)
    doctor = make_practitioner("1305", "方若谷", title_code="232")
    return granted(lin, su, doctor, "RT01", item=CORNEA, valid_to=END)


@pytest.fixture(params=["stamp", "no stamp"])
def stamped(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = stamps.Stamp(str(tmp_path / "stamp")) if request.param == "stamp" else None
    monkeypatch.setattr("portal.audit.stamp.stamp", lambda: made)
    monkeypatch.setattr("permissions.snapshot.keeping.stamp", lambda: made)


def operated(at: Any, code: str = CORNEA) -> None:
    his = Theatre()
    his.case("1", code, op_start=at)
    pull(his, timezone.now())


def verdict() -> Verdict:
    question = surgeon("1305", [CORNEA], timezone.now())
    return check(question, world_for(question))


def filed(by: User) -> None:
    file_technique(
        procedure=Procedure.objects.get(code=CORNEA),
        filed_on=day_of(timezone.now()),
        authority="云溪市卫生健康委员会",
        document_no="云卫医备〔2026〕12号",
        document="",
        by=by,
        at=timezone.now(),
        reason="首例后补办备案",
    )


@pytest.mark.parametrize(
    ("first_case", "code"),
    [
        (None, Code.ALLOWED),
        (IN_TIME, Code.ALLOWED),
        (OVERDUE, Code.NOT_DONE_HERE),
    ],
)
@pytest.mark.django_db
def test_technique_is_closed_once_its_filing_is_overdue(
    right: Any, first_case: Any, code: Code
) -> None:
    if first_case:
        operated(first_case)
    assert verdict().code is code


@pytest.mark.django_db
def test_overdue_technique_opens_with_its_filing_and_says_why_before(
    right: Any, lin: User
) -> None:
    operated(OVERDUE, "11.6400X001")
    before = verdict()
    assert before.code is Code.NOT_DONE_HERE
    assert before.rights[0].reasons[0].key.value == "UNFILED"
    filed(lin)
    assert verdict().code is Code.ALLOWED


@pytest.mark.django_db(transaction=True)
def test_filing_counts_from_the_next_question_on(
    stamped: None, right: Any, lin: User
) -> None:
    operated(OVERDUE)
    assert verdict().code is Code.NOT_DONE_HERE
    with assert_queries(2):  # a question whose world is kept
        verdict()
    filed(lin)
    with assert_queries(4):  # and one that reads this entry alone anew
        assert verdict().code is Code.ALLOWED
    with acting(by=lin, reason="登记有误，另行备案"):
        Filing.objects.get().save()
    assert verdict().code is Code.ALLOWED


@pytest.mark.django_db(transaction=True)
def test_filing_falls_due_by_the_clock_alone(stamped: None, right: Any) -> None:
    operated(IN_TIME)
    assert verdict().code is Code.ALLOWED
    with time_machine.travel(timezone.now() + timedelta(days=40), tick=False):
        assert verdict().code is Code.NOT_DONE_HERE
