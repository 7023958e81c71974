"""A right goes on under another code, and so does what was assessed of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from permissions.models import Assessment, GrantState
from permissions.services.assessments import AssessedBefore, assess
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import day_of, months_after
from tests.cast import make_user
from tests.permissions.recodings import (
    LIVER,
    NEW,
    OTHER,
    decide,
    held,
    nothing_written,
    pair,
    undo,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("catalogue", "prerequisites_warn"),
]
DAY = timedelta(days=1)


@pytest.fixture
def he(db: None) -> User:
    return make_user("2003", "何静宜", Role.OFFICE_HEAD)


@pytest.fixture
def right(lin: User, wang: User) -> GrantState:
    """A right of grade 4, to be assessed again and again, held for two days."""
    assert wang.practitioner is not None
    person: Practitioner = wang.practitioner
    return held(lin, person, "SG04", item=LIVER)


def living(code: str) -> GrantState:
    return GrantState.objects.get(item_code=code, status="ACTIVE")


def assessed(state: GrantState, by: User, on: date) -> Assessment:
    return assess(
        state=state,
        assessed_on=on,
        result="PASS",
        doc_no="评〔2026〕3号",
        note="按评估表逐项评分",
        by=by,
        at=timezone.now(),
    )


def test_assessment_under_the_old_code_is_recorded_after_the_recoding(
    lin: User, he: User, right: GrantState
) -> None:
    began = day_of(right.valid_from)
    decide(lin, he, pair(LIVER, NEW))
    with nothing_written(), pytest.raises(AssessedBefore) as refused:
        assessed(living(NEW), lin, began - DAY)
    assert began.isoformat() in str(refused.value)
    made = assessed(living(NEW), lin, began + DAY)
    assert (made.state.item_code, made.assessed_on) == (NEW, began + DAY)


def test_assessment_before_the_last_one_under_the_old_code_is_refused(
    lin: User, he: User, right: GrantState
) -> None:
    began = day_of(right.valid_from)
    assessed(right, lin, began + DAY)
    decide(lin, he, pair(LIVER, NEW))
    with nothing_written(), pytest.raises(AssessedBefore):
        assessed(living(NEW), lin, began + DAY)
    assert Assessment.objects.count() == 1


def test_right_given_back_by_an_undo_is_assessed_from_its_first_day_on(
    lin: User, he: User, right: GrantState
) -> None:
    began = day_of(right.valid_from)
    undo(decide(lin, he, pair(LIVER, NEW)), he)
    assert assessed(living(LIVER), lin, began).assessed_on == began


@pytest.mark.parametrize("code", [NEW, OTHER])
def test_undone_split_keeps_the_assessment_under_whichever_new_code(
    lin: User, he: User, right: GrantState, code: str
) -> None:
    started = timezone.now()
    with time_machine.travel(started, tick=False):
        one = decide(lin, he, pair(LIVER, NEW, "左半"), pair(LIVER, OTHER, "右半"))
    with time_machine.travel(started + 9 * DAY, tick=False):
        made = assessed(living(code), lin, day_of(timezone.now()))
        undo(one, he)
    months = right.privilege.assessment_months
    assert months is not None
    latest = months_after(day_of(started + 9 * DAY), months)
    assert (made.next_due, living(LIVER).grant.first_due) == (latest, latest)
