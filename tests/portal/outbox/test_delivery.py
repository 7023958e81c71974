"""Send, read back, record: every transition a message can make."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from portal.outbox.delivery import Summary, deliver_due
from portal.outbox.lanes import CHUNK
from portal.outbox.models import Attempt, Message, State
from portal.outbox.outcomes import Outcome
from tests.portal.outbox.conftest import promise, state_of, tries_of
from tests.portal.outbox.memory_his import MemoryHis, priv_save

pytestmark = pytest.mark.django_db
Deliver = Callable[[], Summary]
Clock = time_machine.Traveller


def test_deliver_sends_reads_back_and_confirms(
    his: MemoryHis, deliver: Deliver
) -> None:
    message = promise()

    summary = deliver()

    message.refresh_from_db()
    assert summary.tried == {Outcome.CONFIRMED: 1}
    assert his.calls == ["save", "read"]
    assert [effect.request_id for effect in his.effects] == [str(message.request_id)]
    assert (message.state, message.tries) == (State.CONFIRMED, 1)
    assert message.delivered_at == message.confirmed_at == timezone.now()
    assert (message.due_at, message.claim, message.lease_until) == (None, None, None)
    attempt = Attempt.objects.get()
    assert (attempt.message_id, attempt.outcome) == (message.pk, Outcome.CONFIRMED)
    assert (attempt.code, attempt.text, attempt.his_row_id) == ("0", "成功", "1")


def test_deliver_twice_sends_once(his: MemoryHis, deliver: Deliver) -> None:
    promise()
    deliver()

    assert deliver().total == 0
    assert len(his.effects) == 1


def test_unreachable_his_waits_with_the_reason_and_arrives_after_its_return(
    his: MemoryHis, deliver: Deliver, clock: Clock
) -> None:
    message = promise()
    his.is_down = True

    assert deliver().is_away is True

    message.refresh_from_db()
    assert (message.state, message.tries) == (State.WAITING, 1)
    assert message.last_text == "HIS 未应答：连接不上"
    assert message.due_at == timezone.now() + timedelta(seconds=2)
    his.is_down = False
    clock.shift(timedelta(seconds=2))
    deliver()
    assert state_of(message) == State.CONFIRMED
    assert message.last_text == "成功"
    assert tries_of(message) == [(Outcome.UNAVAILABLE, ""), (Outcome.CONFIRMED, "0")]


def test_unreachable_his_never_exhausts_the_tries(
    his: MemoryHis, deliver: Deliver, clock: Clock
) -> None:
    message = promise()
    his.is_down = True
    waits = []
    for _try in range(12):
        deliver()
        message.refresh_from_db()
        assert message.due_at is not None
        waits.append((message.due_at - timezone.now()).total_seconds())
        clock.move_to(message.due_at)

    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]
    assert (message.state, message.tries) == (State.WAITING, 12)


def test_unreachable_his_costs_one_try_for_all_streams(
    his: MemoryHis, deliver: Deliver
) -> None:
    messages = [promise(emp_no) for emp_no in ("1001", "1002", "1003")]
    his.is_down = True

    deliver()

    assert his.calls == ["save"]
    assert [state_of(message) for message in messages] == [State.WAITING] * 3
    assert [message.tries for message in messages] == [1, 0, 0]
    assert [message.claim for message in messages] == [None] * 3


def test_lost_answer_is_read_back_and_not_sent_again(
    his: MemoryHis, deliver: Deliver
) -> None:
    message = promise()
    his.save_faults = ["lost"]

    deliver()

    assert state_of(message) == State.CONFIRMED
    assert his.calls == ["save", "read"]
    assert tries_of(message) == [(Outcome.ANSWER_LOST, ""), (Outcome.CONFIRMED, "")]
    assert message.delivered_at is not None


def test_call_that_never_arrived_is_sent_again_under_the_same_id(
    his: MemoryHis, deliver: Deliver
) -> None:
    message = promise()
    his.save_faults = ["cut"]

    deliver()

    assert state_of(message) == State.CONFIRMED
    assert his.calls == ["save", "read", "save", "read"]
    assert [effect.request_id for effect in his.effects] == [str(message.request_id)]


def test_lost_answer_holds_while_the_his_cannot_be_read(
    his: MemoryHis, deliver: Deliver, clock: Clock
) -> None:
    first, second = promise(), promise(op="SUSPEND")
    his.save_faults, his.read_faults = ["cut"], ["down"]

    deliver()

    assert (state_of(first), state_of(second)) == (State.UNKNOWN, State.WAITING)
    assert his.effects == []
    clock.shift(timedelta(seconds=5))
    deliver()
    assert (state_of(first), state_of(second)) == (State.CONFIRMED, State.CONFIRMED)
    assert [effect.op for effect in his.effects] == ["ADD", "SUSPEND"]


def test_what_never_arrived_waits_for_the_earlier_one_whose_day_has_come(
    his: MemoryHis, deliver: Deliver, clock: Clock
) -> None:
    dated = promise(priv_code="AB02", not_before=timezone.now() + timedelta(hours=1))
    later = promise()
    his.save_faults, his.read_faults = ["cut"], ["down"]
    deliver()
    assert (state_of(dated), state_of(later)) == (State.WAITING, State.UNKNOWN)
    clock.shift(timedelta(hours=1))

    deliver()

    assert (state_of(dated), state_of(later)) == (State.CONFIRMED, State.CONFIRMED)
    assert [effect.payload()["priv_code"] for effect in his.effects] == ["AB02", "RX01"]
    assert his.effects[1].request_id == str(later.request_id)
    texts = later.attempts.order_by("id").values_list("outcome", "text")
    assert ("ANSWER_LOST", "回读确认未生效，等前面的送达后再送") in texts


def test_lost_answer_on_a_line_another_hand_changed_goes_to_a_person(
    his: MemoryHis, deliver: Deliver, clock: Clock
) -> None:
    message = promise()
    his.save_faults = ["cut"]
    his.change_by_hand(priv_save(), his_value="2")

    deliver()
    clock.shift(timedelta(hours=1))
    deliver()

    assert state_of(message) == State.UNKNOWN
    assert message.due_at is None
    assert message.mismatch == [{"field": "his_value", "ours": "1", "theirs": "2"}]
    assert message.last_text == "回读无法判定，请核对后处理"
    assert his.calls == ["save", "read"]


def test_rejection_keeps_code_and_words_and_holds_the_stream(
    his: MemoryHis, deliver: Deliver, clock: Clock
) -> None:
    first, second = promise(), promise(op="UPDATE")
    his.rejects = {"RX01": "2004"}

    deliver()
    clock.shift(timedelta(days=1))
    deliver()

    assert (state_of(first), state_of(second)) == (State.REJECTED, State.WAITING)
    assert (first.last_code, first.last_text, first.due_at) == ("2004", "不行", None)
    assert tries_of(first) == [(Outcome.REJECTED, "2004")]
    assert tries_of(second) == []


def test_wrong_setting_waits_and_names_the_setting(
    his: MemoryHis, deliver: Deliver
) -> None:
    message = promise()
    his.save_faults = ["wrong"]

    assert deliver().is_away is True

    assert state_of(message) == State.WAITING
    assert message.last_text == "HIS_DSN: YW_PRIV_SAVE 不可用 42883"
    assert tries_of(message) == [(Outcome.MISCONFIGURED, "")]


def test_read_back_that_fails_is_repeated_without_sending(
    his: MemoryHis, deliver: Deliver, clock: Clock
) -> None:
    message = promise()
    his.read_faults = ["down"]

    deliver()

    assert state_of(message) == State.DELIVERED
    assert (message.delivered_at, message.confirmed_at) == (timezone.now(), None)
    sent_at = timezone.now()
    clock.shift(timedelta(seconds=2))
    deliver()
    assert state_of(message) == State.CONFIRMED
    assert (message.delivered_at, message.confirmed_at) == (sent_at, timezone.now())
    assert his.calls == ["save", "read", "read"]


def test_view_that_is_missing_after_the_call_is_not_as_if_nothing_was_sent(
    his: MemoryHis, deliver: Deliver, clock: Clock
) -> None:
    message = promise()
    his.read_faults = ["wrong"]

    assert deliver().is_away is True

    assert state_of(message) == State.DELIVERED
    assert tries_of(message) == [(Outcome.DELIVERED, "0")]
    clock.shift(timedelta(seconds=2))
    deliver()
    assert state_of(message) == State.CONFIRMED
    assert his.calls == ["save", "read", "read"]


def test_mismatch_is_read_again_then_shown_and_lets_the_stream_go_on(
    his: MemoryHis, deliver: Deliver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = promise(), promise(priv_code="AB02")
    real_read = his.doctor_privilege
    wrong = {"RX01"}

    def read(message: object) -> object:
        line = real_read(message)  # type: ignore[arg-type]
        return None if line and line.priv_code in wrong else line

    monkeypatch.setattr(his, "doctor_privilege", read)
    states = []
    for wait in (0, 1, 5, 30):
        clock.shift(timedelta(seconds=wait))
        deliver()
        states.append((state_of(first), first.due_at is None, state_of(second)))

    held = (State.DELIVERED, False, State.WAITING)
    assert states == [held, held, held, (State.DELIVERED, True, State.CONFIRMED)]
    assert first.mismatch == [{"field": "line", "ours": "1", "theirs": ""}]
    assert [outcome for outcome, _code in tries_of(first)] == [Outcome.MISMATCH] * 4
    assert his.calls.count("save") == 2


def test_fault_of_our_own_parks_one_message_and_the_others_go_on(
    his: MemoryHis, deliver: Deliver, caplog: pytest.LogCaptureFixture
) -> None:
    broken, fine = promise("1001"), promise("1002")
    his.save_faults = ["bug"]

    deliver()

    assert (state_of(broken), state_of(fine)) == (State.UNKNOWN, State.CONFIRMED)
    assert broken.due_at is None
    assert broken.last_text == "本系统程序出错，未能送达"
    assert "outbox message failed" in caplog.text


def test_worker_that_died_leaves_a_message_that_is_read_back_first(
    his: MemoryHis, deliver: Deliver, clock: Clock
) -> None:
    done, undone = promise("1001"), promise("1002")
    his.save_privilege(priv_save("1001", request_id=str(done.request_id)))
    at = timezone.now()
    Message.objects.update(
        state=State.SENDING, claim=uuid.uuid4(), lease_until=at + timedelta(seconds=60)
    )
    his.calls.clear()

    assert deliver().total == 0
    clock.shift(timedelta(seconds=61))
    deliver()

    assert [state_of(done), state_of(undone)] == [State.CONFIRMED] * 2
    assert his.calls == ["read", "read", "save", "read"]
    assert tries_of(done) == [(Outcome.ANSWER_LOST, ""), (Outcome.CONFIRMED, "")]
    assert len(his.effects) == 2


def test_task_that_ran_long_ends_and_leaves_the_rest_free(his: MemoryHis) -> None:
    for number in range(3 * CHUNK):
        promise(f"1{number:03}")

    summary = deliver_due(gateway=his, seconds=0, lanes=1)

    assert summary.is_cut is True
    states = Counter(Message.objects.order_by("id").values_list("state", flat=True))
    done = len(his.effects)
    assert states == {"CONFIRMED": done, "WAITING": 3 * CHUNK - done}
    # The lane may have begun the next chunk before it was stopped.
    assert CHUNK <= done <= 2 * CHUNK
    assert Message.objects.filter(claim__isnull=False).count() == 0


def test_lanes_side_by_side_deliver_everything_once(his: MemoryHis) -> None:
    messages = [promise(f"1{number:03}") for number in range(80)]

    deliver_due(gateway=his, lanes=4)

    assert {state_of(message) for message in messages} == {State.CONFIRMED}
    assert sorted(effect.payload()["emp_no"] for effect in his.effects) == [
        f"1{number:03}" for number in range(80)
    ]
    assert Attempt.objects.count() == 80


def test_success_after_an_outage_calls_back_what_waits_for_its_next_try(
    his: MemoryHis, deliver: Deliver, clock: Clock
) -> None:
    message = promise("1001")
    his.is_down = True
    for _try in range(9):
        deliver()
        message.refresh_from_db()
        assert message.due_at is not None
        clock.move_to(message.due_at)
    deliver()
    his.is_down = False

    promise("1002")
    deliver()

    assert state_of(message) == State.CONFIRMED


def test_his_that_is_back_is_found_by_a_ping_long_before_the_next_try(
    his: MemoryHis, deliver: Deliver, clock: Clock
) -> None:
    message = promise("1001")
    his.is_down = True
    for _try in range(9):
        deliver()
        message.refresh_from_db()
        assert message.due_at is not None
        clock.move_to(message.due_at)
    deliver()
    his.is_down = False

    clock.shift(timedelta(seconds=9))
    deliver()
    assert state_of(message) == State.WAITING
    clock.shift(timedelta(seconds=2))
    deliver()

    assert state_of(message) == State.CONFIRMED
