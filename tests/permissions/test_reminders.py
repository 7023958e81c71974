"""Reminders: each line and stage once, caught up, begun anew by a renewal."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from permissions import services
from permissions.models import GrantEvent, GrantState, Reminder, Review
from permissions.services.reminders import remind, stage_at
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.notices.models import Notice
from tests.cast import make_practitioner
from tests.permissions.event_acts import give, set_to, statuses
from tests.permissions.ledger import nothing_written
from tests.permissions.test_reviews import assessed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
Clock = time_machine.Traveller
D = date(2027, 2, 21)
DAYS = [7, 30, 60, 90]


def run() -> int:
    return remind(at=timezone.now())


def told() -> list[tuple[str, date, int]]:
    rows = Reminder.objects.order_by("pk")
    return list(rows.values_list("kind", "due_on", "stage"))


@pytest.fixture
def doctor() -> Practitioner:
    return make_practitioner("1188", "王若谷", title_code="231")


@pytest.fixture
def house(doctor: Practitioner) -> list[Practitioner]:
    return [make_practitioner(f"6{number:03}", "同事") for number in range(30)]


@pytest.fixture
def line(lin: User, doctor: Practitioner) -> GrantState:
    """Lasts 180 days from today."""
    return give(lin, doctor, "RX01", valid_to=date(2026, 11, 23) + timedelta(days=180))


@pytest.mark.parametrize(
    ("before", "stage"),
    [(91, None), (90, 90), (61, 90), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7),
     (0, 7), (-1, None)],
)  # fmt: skip
def test_stage_is_the_nearest_one_reached(before: int, stage: int | None) -> None:
    today = D - timedelta(days=before)
    assert stage_at(D, today, DAYS, since=date(2026, 1, 1)) == stage


def test_line_that_began_after_a_stage_was_never_due_at_it() -> None:
    """Ten days for a locum: not to be reminded on the first of them."""
    since = D - timedelta(days=10)
    assert stage_at(D, since, DAYS, since=since) is None
    assert stage_at(D, D - timedelta(days=7), DAYS, since=since) == 7


def test_each_stage_is_told_once(line: GrantState, clock: Clock) -> None:
    ends = date(2027, 5, 22)
    for _day in range(181):
        run()
        run()
        clock.shift(timedelta(days=1))
    assert told() == [("EXPIRY", ends, stage) for stage in (90, 60, 30, 7)]


def test_days_without_a_run_are_caught_up_by_the_nearest_stage(
    line: GrantState, clock: Clock
) -> None:
    clock.shift(timedelta(days=155))  # 25 days before the end
    assert run() == 1
    assert told() == [("EXPIRY", date(2027, 5, 22), 30)]


def test_renewal_begins_anew(line: GrantState, lin: User, clock: Clock) -> None:
    clock.shift(timedelta(days=173))
    run()
    services.renew(
        state=line,
        last_day=date(2027, 8, 20),
        by=lin,
        at=timezone.now(),
        reason="继续承担，同意延续",
    )
    assert run() == 0  # 97 days to go
    clock.shift(timedelta(days=7))
    assert run() == 1
    assert told() == [
        ("EXPIRY", date(2027, 5, 22), 7),
        ("EXPIRY", date(2027, 8, 20), 90),
    ]


def test_revoked_line_is_not_told(line: GrantState, lin: User, clock: Clock) -> None:
    services.revoke(
        state=line, by=lin, at=timezone.now(), reason_code="17", reason="本人申请取消"
    )
    clock.shift(timedelta(days=150))
    assert run() == 0


def test_stages_set_to_nought_are_off(
    line: GrantState, lin: User, clock: Clock
) -> None:
    for number in (1, 2, 3, 4):
        set_to(lin, **{f"REMIND_DAYS_{number}": 0})
    clock.shift(timedelta(days=175))
    assert run() == 0


def test_one_notice_for_all_lines_of_a_doctor_and_one_for_the_office(
    lin: User, su: User, wang: User, chen: User, clock: Clock
) -> None:
    person = wang.practitioner
    assert person is not None
    for code in ("RX01", "MR01"):
        give(lin, person, code, valid_to=date(2027, 1, 22))
    clock.shift(timedelta(days=30))
    assert run() == 2
    rows = Notice.objects.order_by("recipient__staff_no")
    assert [(one.recipient.staff_no, one.title) for one in rows] == [
        ("1027", "王若谷（工号 1188）2 项授权即将到期"),
        ("1188", "王若谷（工号 1188）2 项授权即将到期"),
        ("2031", "今日提醒：2 项授权到期"),
        ("2032", "今日提醒：2 项授权到期"),
    ]
    assert rows[1].text == "最近一项 2027-01-22。请按时办理续期。"


# --- assessments ------------------------------------------------------------------------


@pytest.fixture
def fourth(lin: User, doctor: Practitioner, house: list[Practitioner]) -> GrantState:
    return give(lin, doctor, "SG04", item="50.2205")


def test_assessment_is_reminded_of_and_reset_by_the_next(
    fourth: GrantState, lin: User, clock: Clock
) -> None:
    clock.move_to(timezone.now() + timedelta(days=335))  # 30 days before
    run()
    assert ("ASSESSMENT", date(2027, 11, 23), 30) in told()
    assessed(fourth, lin, assessed_on=date(2027, 10, 24))
    clock.shift(timedelta(days=28))
    assert [one for one in told() if one[0] == "ASSESSMENT"] == [
        ("ASSESSMENT", date(2027, 11, 23), 30)
    ]


def late(state: GrantState, lin: User, clock: Clock, **values: int) -> None:
    """Overdue by two days, with a line that is still running."""
    set_to(lin, **values)
    assessed(state, lin, "CONDITIONAL", next_due=date(2027, 1, 5))
    clock.move_to(timezone.now() + timedelta(days=45))


def test_overdue_assessment_is_suspended_where_the_hospital_says_so(
    fourth: GrantState, lin: User, clock: Clock
) -> None:
    late(fourth, lin, clock, ASSESSMENT_OVERDUE=2)
    assert run() == 1
    event = GrantEvent.objects.get(kind="SUSPEND")
    assert (event.reason_code, event.reason) == (
        "08",
        "能力评估超期：应于 2027-01-05 前完成，尚无记录",
    )
    assert Review.objects.get().trigger == "ASSESSMENT_OVERDUE"
    with nothing_written():
        assert run() == 0


def test_overdue_assessment_opens_a_review_by_default(
    fourth: GrantState, lin: User, clock: Clock
) -> None:
    late(fourth, lin, clock)
    with nothing_written():
        run()
    assert Review.objects.get().trigger == "ASSESSMENT_OVERDUE"
    assert statuses() == ["ACTIVE"]


def test_overdue_assessment_is_only_told_where_the_hospital_says_so(
    fourth: GrantState, lin: User, clock: Clock
) -> None:
    late(fourth, lin, clock, ASSESSMENT_OVERDUE=0)
    with nothing_written():
        run()
    assert Review.objects.count() == 0
    assert told() == [("ASSESSMENT", date(2027, 1, 5), 0)]


def test_too_many_overdue_at_once_are_reviewed_and_not_suspended(
    lin: User, house: list[Practitioner], clock: Clock
) -> None:
    """As on the first day of a hospital that has recorded no assessment yet."""
    set_to(lin, ASSESSMENT_OVERDUE=2)
    states = [give(lin, person, "SG04", item="50.2205") for person in house[:12]]
    for state in states:
        assessed(state, lin, "CONDITIONAL", next_due=date(2027, 1, 5))
    clock.move_to(timezone.now() + timedelta(days=45))
    with nothing_written():
        assert run() == 12
    assert Review.objects.filter(trigger="ASSESSMENT_OVERDUE").count() == 12


def test_failed_assessment_is_reminded_of_no_more(
    fourth: GrantState, lin: User, clock: Clock
) -> None:
    assessed(fourth, lin, "FAIL")
    clock.move_to(timezone.now() + timedelta(days=364))
    run()
    assert [one for one in told() if one[0] == "ASSESSMENT"] == []
