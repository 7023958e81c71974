"""An operation the HIS changed is checked again, as when a right is taken away."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from permissions.checks.question import Question
from permissions.checks.world import World
from permissions.models import BookingHit
from permissions.services.bookings import handle
from permissions.services.rechecks import CLEARED, WHY, recheck_changed
from permissions.snapshot import world_for
from portal.accounts.models import User
from portal.directory.models import Practitioner
from tests.cast import make_practitioner
from tests.harness import assert_queries
from tests.permissions.ledger import granted
from tests.surgery.case_rows import CHOLE, LIVER, Theatre, local, pull

pytestmark = pytest.mark.usefixtures("catalogue")
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)


@pytest.fixture
def his(lin: User, su: User) -> Theatre:
    """1188 may do 51.2300 until the end of the month; 1305 may do nothing."""
    person = make_practitioner("1188", "罗景文", title_code="231")
    make_practitioner("1305", "方若谷")
    granted(lin, su, person, "SG03", item=CHOLE, valid_to=date(2026, 11, 30))
    theatre = Theatre()
    theatre.booking("SS1")
    pull(theatre, AT)
    return theatre


def hits() -> list[tuple[str, str, str]]:
    rows = BookingHit.objects.order_by("pk")
    return list(rows.values_list("application_no", "state", "surgeon__emp_no"))


def test_operation_that_did_not_change_is_let_be(his: Theatre) -> None:
    assert recheck_changed(at=AT) == (0, 0)
    pull(his, AT + STEP)
    assert recheck_changed(at=AT + STEP) == (0, 0)
    assert hits() == []


@pytest.mark.parametrize(
    "change",
    [
        {"surgeon_no": "1305"},
        {"proc_code": LIVER},
        {"plan_time": local(2026, 12, 1, 8, 30)},
    ],
    ids=["surgeon", "procedure", "day"],
)
def test_change_the_right_does_not_reach_is_put_down_once(
    change: dict[str, object], his: Theatre
) -> None:
    his.booking("SS1", **change)
    pull(his, AT + STEP)
    assert recheck_changed(at=AT + STEP) == (1, 0)
    assert recheck_changed(at=AT + STEP) == (0, 0)
    one = BookingHit.objects.get()
    assert (one.application_no, one.why, one.owner) == ("SS1", WHY, None)
    assert one.due_at <= one.planned_at


def test_change_back_clears_it(his: Theatre) -> None:
    his.booking("SS1", surgeon_no="1305")
    pull(his, AT + STEP)
    recheck_changed(at=AT + STEP)
    his.booking("SS1")
    pull(his, AT + 2 * STEP)
    assert recheck_changed(at=AT + 2 * STEP) == (0, 1)
    one = BookingHit.objects.get()
    assert (one.state, one.note) == ("CLEARED", CLEARED)


def test_what_was_handled_comes_back_only_with_another_change(
    his: Theatre, lin: User
) -> None:
    his.booking("SS1", surgeon_no="1305")
    pull(his, AT + STEP)
    recheck_changed(at=AT + STEP)
    handle(
        hit=BookingHit.objects.get(),
        outcome="REASSIGNED",
        by=lin,
        at=AT + STEP,
        reason="与科室商定另派主刀",
    )
    assert recheck_changed(at=AT + STEP) == (0, 0)
    his.booking("SS1", surgeon_no="1305", proc_code=LIVER)
    pull(his, AT + 2 * STEP)
    assert recheck_changed(at=AT + 2 * STEP) == (1, 0)
    assert hits() == [("SS1", "HANDLED", "1305"), ("SS1", "OPEN", "1305")]


def test_what_was_handled_after_the_change_is_not_put_down_again(
    his: Theatre, lin: User
) -> None:
    his.booking("SS1", surgeon_no="1305")
    pull(his, AT + STEP)
    recheck_changed(at=AT + STEP)
    his.booking("SS1", surgeon_no="1305", proc_code=LIVER)
    pull(his, AT + 2 * STEP)
    handle(
        hit=BookingHit.objects.get(),
        outcome="REASSIGNED",
        by=lin,
        at=AT + 3 * STEP,
        reason="与科室商定另派主刀",
    )
    assert recheck_changed(at=AT + 3 * STEP) == (0, 0)
    assert hits() == [("SS1", "HANDLED", "1305")]


def test_move_within_the_right_is_let_be(his: Theatre) -> None:
    his.booking("SS1", plan_time=local(2026, 11, 26, 9, 0))
    pull(his, AT + STEP)
    assert recheck_changed(at=AT + STEP) == (0, 0)
    assert hits() == []


def test_many_changed_operations_cost_the_queries_of_one(his: Theatre) -> None:
    numbers = [f"SS{number}" for number in range(1, 13)]
    for number in numbers:
        his.booking(number)
    pull(his, AT + STEP)
    his.booking("SS1", op_room="3")
    pull(his, AT + 2 * STEP)
    with CaptureQueriesContext(connection) as of_one:
        recheck_changed(at=AT + 2 * STEP)
    for number in numbers:
        his.booking(number, op_room="4")
    pull(his, AT + 3 * STEP)
    with assert_queries(len(of_one)):
        assert recheck_changed(at=AT + 3 * STEP) == (0, 0)


def test_right_given_while_it_is_checked_puts_nothing_down(
    his: Theatre, lin: User, su: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    his.booking("SS1", surgeon_no="1305")
    pull(his, AT + STEP)
    place = "permissions.services.rechecks.world_for"

    def looked(question: Question) -> World:
        world = world_for(question)
        monkeypatch.setattr(place, world_for)
        other = Practitioner.objects.get(emp_no="1305")
        granted(lin, su, other, "SG03", item=CHOLE, valid_to=date(2026, 11, 30))
        return world

    monkeypatch.setattr(place, looked)
    assert recheck_changed(at=AT + STEP) == (0, 0)
    assert hits() == []
