"""Rights to procedures on their way: the same promises as for every other right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.his.messages import DoctorOpSet, OpLine
from portal.outbox.delivery import Summary
from portal.outbox.models import Message, State
from portal.outbox.outcomes import Outcome
from portal.outbox.services import enqueue, withdraw
from tests.portal.outbox.conftest import promise, state_of, tries_of
from tests.portal.outbox.memory_his import MemoryHis, op_save, priv_save

pytestmark = pytest.mark.django_db
Deliver = Callable[[], Summary]
DAY = date(2026, 11, 23)


def promise_op(op: str = "ADD", **changes: Any) -> Message:
    return enqueue(
        message=op_save(op=op, **changes),
        subject="permissions.grantevent:81",
        at=timezone.now(),
    )


def set_of(emp_no: str, *kinds: str) -> DoctorOpSet:
    lines = [OpLine("ADD", "9001", kind, "ALL", DAY, None) for kind in kinds]
    return DoctorOpSet("", emp_no, DAY, tuple(lines), "年度授权", "", "2031")


def promise_set(*kinds: str) -> Message:
    return enqueue(
        message=set_of("1188", *kinds),
        subject="permissions.grantevent:82",
        at=timezone.now(),
    )


def test_right_to_a_procedure_is_sent_read_back_and_confirmed(
    his: MemoryHis, deliver: Deliver
) -> None:
    message = promise_op()

    assert deliver().tried == {Outcome.CONFIRMED: 1}

    assert (message.kind, message.stream) == ("DOCTOR_OP_SAVE", "practitioner:1188")
    assert state_of(message) == State.CONFIRMED
    assert his.effects == [op_save(request_id=str(message.request_id))]
    assert his.calls == ["save", "read"]


def test_lost_answer_is_read_back_and_not_sent_again(
    his: MemoryHis, deliver: Deliver
) -> None:
    message = promise_op()
    his.save_faults = ["lost"]

    deliver()

    assert state_of(message) == State.CONFIRMED
    assert his.calls == ["save", "read"]
    assert tries_of(message) == [(Outcome.ANSWER_LOST, ""), (Outcome.CONFIRMED, "")]


def test_call_that_never_arrived_is_sent_again_under_the_same_id(
    his: MemoryHis, deliver: Deliver
) -> None:
    message = promise_op()
    his.save_faults = ["cut"]

    deliver()

    assert his.calls == ["save", "read", "save", "read"]
    assert [effect.request_id for effect in his.effects] == [str(message.request_id)]


def test_rejected_right_holds_what_comes_after_it_of_either_kind(
    his: MemoryHis, deliver: Deliver
) -> None:
    his.rejects = {"9001": "2004"}
    first, second = promise_op(), promise("1188")

    deliver()

    assert (state_of(first), state_of(second)) == (State.REJECTED, State.WAITING)
    assert first.last_code == "2004"
    assert his.effects == []


def test_taking_away_passes_the_rejected_give_which_is_never_sent_again(
    his: MemoryHis, deliver: Deliver
) -> None:
    promise_op()
    deliver()
    his.rejects = {"9001": "2004"}
    renewal = promise_op("UPDATE", valid_to=date(2028, 11, 30))
    deliver()
    his.rejects = {}
    revoked = promise_op("REVOKE")

    deliver()

    assert (state_of(renewal), state_of(revoked)) == (State.REJECTED, State.CONFIRMED)
    assert [effect.op for effect in his.effects] == ["ADD", "REVOKE"]


def test_differing_day_is_shown_field_by_field(
    his: MemoryHis, deliver: Deliver
) -> None:
    message = promise_op()
    deliver()
    Message.objects.filter(pk=message.pk).update(
        state=State.DELIVERED, due_at=timezone.now()
    )
    his.change_by_hand(op_save(), valid_to=date(2027, 1, 1))

    deliver()

    message.refresh_from_db()
    assert message.mismatch == [
        {"field": "valid_to", "ours": "2027-11-30", "theirs": "2027-01-01"}
    ]


@pytest.mark.parametrize("day", [date(2999, 12, 31), date(9999, 12, 31)])
def test_day_nobody_will_live_to_see_is_read_back_as_no_end(
    his: MemoryHis, deliver: Deliver, day: date
) -> None:
    """As the comparison of the night reads it: some systems cannot leave an end out."""
    messages = [
        promise_op(valid_to=None),
        enqueue(
            message=priv_save("1189", valid_to=None),
            subject="permissions.grantevent:83",
            at=timezone.now(),
        ),
        enqueue(
            message=set_of("1190", "1"),
            subject="permissions.grantevent:84",
            at=timezone.now(),
        ),
    ]
    deliver()
    Message.objects.update(
        state=State.DELIVERED, confirmed_at=None, due_at=timezone.now()
    )
    for key, line in list(his.lines.items()):
        his.lines[key] = line._replace(valid_to=day)

    deliver()

    assert [state_of(one) for one in messages] == [State.CONFIRMED] * 3
    assert [one.mismatch for one in messages] == [None] * 3


def test_end_where_there_should_be_none_is_a_difference(
    his: MemoryHis, deliver: Deliver
) -> None:
    message = promise_op(valid_to=None)
    deliver()
    Message.objects.update(
        state=State.DELIVERED, confirmed_at=None, due_at=timezone.now()
    )
    his.change_by_hand(op_save(), valid_to=date(2999, 12, 30))

    deliver()

    message.refresh_from_db()
    assert message.mismatch == [
        {"field": "valid_to", "ours": "", "theirs": "2999-12-30"}
    ]


# --- whole sets -----------------------------------------------------------------------


def test_whole_set_is_one_message_of_many_calls_and_ends_the_rest(
    his: MemoryHis, deliver: Deliver
) -> None:
    promise_op(his_item_id="9002", valid_from=DAY)
    deliver()
    message = promise_set("2", "1")

    deliver()

    assert state_of(message) == State.CONFIRMED
    calls = his.effects[1:]
    assert [(one.line_no, one.line_count) for one in calls] == [(1, 2), (2, 2)]  # type: ignore[union-attr]
    assert len({one.request_id for one in calls}) == 2
    held = {(one.his_item_id, one.status) for one in his.doctor_ops("1188")}
    assert held == {("9002", "3"), ("9001", "1")}


def test_whole_set_broken_off_is_finished_and_nothing_is_done_twice(
    his: MemoryHis, deliver: Deliver
) -> None:
    message = promise_set("2", "1")
    his.save_faults = ["", "cut"]

    deliver()

    assert state_of(message) == State.CONFIRMED
    assert len(his.effects) == 2
    assert his.calls == ["save", "save", "read", "save", "save", "read"]


def test_newer_set_replaces_the_one_that_waits_or_was_rejected(
    his: MemoryHis, deliver: Deliver
) -> None:
    his.rejects = {"9001": "2004"}
    rejected = promise_set("2")
    deliver()
    his.rejects = {}
    waiting, last = promise_set("1"), promise_set("2", "1")

    deliver()

    assert [state_of(one) for one in (rejected, waiting, last)] == [
        State.STOPPED,
        State.STOPPED,
        State.CONFIRMED,
    ]
    assert waiting.last_text == "已由后来的变更取代"
    assert len(his.effects) == 2


def test_empty_set_takes_everything(his: MemoryHis, deliver: Deliver) -> None:
    promise_set("2")
    deliver()
    message = promise_set()

    deliver()

    assert state_of(message) == State.CONFIRMED
    assert [one.status for one in his.doctor_ops("1188")] == ["3"]


def test_right_the_set_does_not_name_is_a_difference(
    his: MemoryHis, deliver: Deliver
) -> None:
    message = promise_set("2")
    deliver()
    beside = op_save(his_item_id="9009")
    his.change_by_hand(beside)
    Message.objects.filter(pk=message.pk).update(
        state=State.DELIVERED, due_at=timezone.now()
    )

    deliver()

    message.refresh_from_db()
    assert message.mismatch == [
        {"field": "9009/2/ALL/2026-12-01", "ours": "", "theirs": "1"}
    ]


# --- planned anew -----------------------------------------------------------------------


def test_withdraw_stops_what_waits_for_its_day_and_nothing_else() -> None:
    later = timezone.now() + timedelta(days=3)
    due = promise_op()
    waits = enqueue(
        message=op_save(op="RESTORE"),
        subject="x:1",
        at=timezone.now(),
        not_before=later,
    )
    other = enqueue(
        message=priv_save(op="RESTORE"),
        subject="x:2",
        at=timezone.now(),
        not_before=later,
    )

    withdraw(
        streams=["practitioner:1188"],
        at=timezone.now(),
        concerns=lambda call: "his_item_id" in call.payload(),
    )

    assert [state_of(one) for one in (due, waits, other)] == [
        State.WAITING,
        State.STOPPED,
        State.WAITING,
    ]
