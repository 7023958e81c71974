"""What an undone re-coding leaves behind: nothing that follows, nothing in the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from permissions import regrading
from permissions.models import GrantEvent, GrantState, RegradedGrant
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.notices.models import Notice
from portal.parameters.days import day_of
from surgery.enums import Grade, RecodingState
from surgery.models import Procedure
from surgery.services.grading_refusals import GivenBackByRecoding
from surgery.services.recoding_refusals import CarriedByRecoding, StandsInTheWay
from tests.cast import make_practitioner, make_user
from tests.permissions import ledger
from tests.permissions.recodings import (
    CHOLE,
    LIVER,
    NEW,
    OTHER,
    decide,
    held,
    lines,
    nothing_written,
    pair,
    undo,
)
from tests.surgery import grading as paper

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("catalogue", "prerequisites_warn"),
]
DAY = timedelta(days=1)


@pytest.fixture
def he(db: None) -> User:
    return make_user("2003", "何静宜", Role.OFFICE_HEAD)


@pytest.fixture
def person(wang: User) -> Practitioner:
    assert wang.practitioner is not None
    return wang.practitioner


@pytest.fixture
def right(lin: User, person: Practitioner) -> GrantState:
    return held(lin, person)


def entry(code: str) -> Procedure:
    found: Procedure = Procedure.objects.get(code=code)
    return found


def test_restored_line_is_neither_told_of_nor_suspended_by_what_was_taken_back(
    lin: User, he: User, person: Practitioner, right: GrantState
) -> None:
    undo(decide(lin, he, pair(CHOLE, NEW)), he)
    told, written = Notice.objects.count(), GrantEvent.objects.count()
    for later in (timedelta(), DAY):
        assert regrading.follow_due(at=timezone.now() + later) == 0
    assert (Notice.objects.count(), GrantEvent.objects.count()) == (told, written)
    assert RegradedGrant.objects.count() == 0
    assert lines(person) == [f"{CHOLE} OPERATE"]


def test_grades_of_a_later_recoding_that_was_undone_are_not_in_the_way(
    lin: User, he: User, person: Practitioner
) -> None:
    started = timezone.now()
    with time_machine.travel(started, tick=False):
        first = decide(lin, he, pair(CHOLE, NEW))
    with time_machine.travel(started + DAY, tick=False):
        undo(decide(lin, he, pair(NEW, OTHER)), he)
    with time_machine.travel(started + 2 * DAY, tick=False):
        assert undo(first, he).state == RecodingState.UNDONE
    assert (entry(CHOLE).grade, entry(NEW).grade) == (Grade.THREE, Grade.UNGRADED)


def test_transition_of_an_undone_recoding_does_not_keep_a_code_waiting(
    lin: User, he: User
) -> None:
    ledger.make_procedure("51.2200", "胆囊切除术", Grade.THREE)
    undo(decide(lin, he, pair(LIVER, "51.2200")), he)
    one = decide(lin, he, pair("51.2200", NEW, "胆囊切除术"))
    assert (one.state, entry(NEW).grade) == (RecodingState.APPLIED, Grade.THREE)


def test_new_grant_whose_time_is_over_is_not_in_the_way(
    lin: User, he: User, person: Practitioner, right: GrantState
) -> None:
    started = timezone.now()
    with time_machine.travel(started, tick=False):
        one = decide(lin, he, pair(CHOLE, NEW))
        other = make_practitioner(
            "1102", "江月明", initials="jym", pinyin="jiang yueming"
        )
        last = day_of(started) + DAY
        short = held(lin, other, item=NEW, at=started + DAY / 48, valid_to=last)
    with time_machine.travel(started + DAY, tick=False):
        with nothing_written(), pytest.raises(StandsInTheWay) as refused:
            undo(one, he)
        assert "江月明 51.2301 新授权" in str(refused.value)
    assert short.valid_to is not None
    with time_machine.travel(short.valid_to, tick=False):
        assert undo(one, he).state == RecodingState.UNDONE
        assert lines(person) == [f"{CHOLE} OPERATE"]


def test_grade_under_an_undone_recoding_is_not_undone_and_the_next_step_is_told(
    lin: User, he: User
) -> None:
    started = timezone.now()
    with time_machine.travel(started, tick=False):
        regraded = regrading.approve(
            proposals=[paper.propose(lin, CHOLE, Grade.TWO)],
            by=he,
            at=timezone.now(),
            reason=paper.DECIDED,
        )
    with time_machine.travel(started + 31 * DAY, tick=False):
        one = decide(lin, he, pair(CHOLE, NEW))
        said: dict[str, Any] = {
            "by": he,
            "at": timezone.now(),
            "reason": "级别有误，撤销",
        }
        with nothing_written(), pytest.raises(CarriedByRecoding):
            regrading.undo(version=regraded, **said)
    with time_machine.travel(started + 32 * DAY, tick=False):
        undo(one, he)
        said["at"] = timezone.now()
        with nothing_written(), pytest.raises(GivenBackByRecoding) as refused:
            regrading.undo(version=regraded, **said)
        assert f"第 {one.pk} 号编码调整" in str(refused.value)
        assert "请提出调级，写明施行日期。" in str(refused.value)
        regrading.approve(
            proposals=[paper.propose(lin, CHOLE, Grade.THREE)],
            by=he,
            at=timezone.now(),
            reason=paper.DECIDED,
        )
        assert entry(CHOLE).grade == Grade.THREE
