"""In doubt until a person judged it: had told again, it is looked for before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.his.gateway import HisPending, HisRejected, Told
from portal.his.messages import Answer
from portal.outbox.delivery import Summary, deliver_due
from portal.outbox.many import act_on
from portal.outbox.models import Message, State
from portal.outbox.replaying import replay
from portal.outbox.services import NotPossible, enqueue, retry
from tests.cast import make_user
from tests.portal.outbox.conftest import promise, state_of, tries_of
from tests.portal.outbox.memory_his import (
    Call,
    MemoryHis,
    grade_save,
    op_save,
    priv_save,
)

pytestmark = pytest.mark.django_db
Deliver = Callable[[], Summary]
Clock = time_machine.Traveller
NOT_SENT = "HIS 已与本系统一致，没有再送"


def left_to_a_person(message: Message, his: MemoryHis, deliver: Deliver) -> Message:
    """Sent, not answered to, and the HIS shows what neither of us left there."""
    his.save_faults = ["cut"]
    his.change_by_hand(priv_save(message.payload["emp_no"]), his_value="2")
    deliver()
    assert (state_of(message), message.due_at) == (State.UNKNOWN, None)
    his.calls.clear()
    return message


@pytest.fixture
def doubtful(his: MemoryHis, deliver: Deliver) -> Message:
    return left_to_a_person(promise(), his, deliver)


def again(message: Message, by: User) -> Message:
    message.refresh_from_db()
    return retry(message=message, by=by, at=timezone.now(), reason="已核对")


def stands(his: MemoryHis) -> None:
    """The line is as the message leaves it."""
    his.change_by_hand(priv_save(), his_value="1")


def by_many(message: Message, by: User) -> None:
    rows = Message.objects.filter(pk=message.pk)
    act_on(rows, "retry", by=by, at=timezone.now(), reason="已核对")


def by_the_command_line(message: Message, _by: User) -> None:
    make_user("3008", "高敏", Role.INFORMATION_CENTER)
    words = ("outbox", "retry", str(message.pk))
    call_command(*words, by="3008", reason="已核对", stdout=StringIO())


@pytest.mark.parametrize("door", [again, by_many, by_the_command_line])
def test_doubtful_one_that_stands_is_confirmed_and_not_sent(
    door: Callable[[Message, User], object],
    his: MemoryHis,
    deliver: Deliver,
    lin: User,
    doubtful: Message,
    clock: Clock,
) -> None:
    clock.shift(timedelta(hours=1))
    stands(his)
    door(doubtful, lin)
    deliver()

    assert state_of(doubtful) == State.CONFIRMED
    assert his.calls == ["read"]
    assert his.effects == []
    # Nobody knows when it came there; from now on it is known to be there.
    assert doubtful.delivered_at == doubtful.confirmed_at == timezone.now()
    last = doubtful.attempts.latest("id")
    assert (last.text, last.request_id) == (NOT_SENT, None)
    assert doubtful.reads_first is False


def test_doubtful_one_that_does_not_stand_is_sent_under_its_own_id(
    his: MemoryHis, deliver: Deliver, lin: User, doubtful: Message
) -> None:
    back = again(doubtful, lin)
    assert (back.state, back.reads_first) == (State.WAITING, True)
    assert back.request_id == doubtful.request_id
    deliver()

    assert state_of(doubtful) == State.CONFIRMED
    assert his.calls == ["read", "save", "read"]
    assert [call.request_id for call in his.effects] == [str(doubtful.request_id)]


def test_doubtful_one_of_a_his_that_cannot_be_read_now_is_not_sent(
    his: MemoryHis, deliver: Deliver, lin: User, doubtful: Message, clock: Clock
) -> None:
    again(doubtful, lin)
    his.read_faults = ["down"]
    deliver()
    assert (state_of(doubtful), doubtful.reads_first) == (State.WAITING, True)
    assert his.calls == ["read"]
    stands(his)

    clock.shift(timedelta(seconds=11))
    deliver()

    assert state_of(doubtful) == State.CONFIRMED
    assert his.effects == []


def test_doubtful_one_that_was_done_and_undone_is_answered_with_the_first_answer(
    his: MemoryHis, deliver: Deliver, lin: User, clock: Clock
) -> None:
    """It keeps its id, so the HIS does nothing twice; the person sees what it shows, and
    has it told under a new id only then."""
    message = promise()
    his.save_faults, his.read_faults = ["lost"], ["down"]
    deliver()
    his.change_by_hand(priv_save(), his_value="2")
    clock.shift(timedelta(seconds=61))
    deliver()
    assert (state_of(message), message.due_at) == (State.UNKNOWN, None)

    again(message, lin)
    for seconds in (0, 2, 6, 31):
        clock.shift(timedelta(seconds=seconds))
        deliver()
    assert (state_of(message), message.due_at) == (State.DELIVERED, None)
    assert message.has_mismatch
    assert len(his.effects) == 1

    again(message, lin)
    deliver()
    assert state_of(message) == State.CONFIRMED
    assert len(his.effects) == 2


def test_doubtful_one_whose_first_answer_was_a_refusal_is_rejected(
    his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    message = promise()
    his.rejects = {"RX01": "2004"}
    his.change_by_hand(priv_save(), his_value="2")
    his.save_faults = ["lost"]
    deliver()
    assert (state_of(message), message.due_at) == (State.UNKNOWN, None)
    his.rejects = {}

    again(message, lin)
    deliver()

    assert (state_of(message), message.last_code) == (State.REJECTED, "2004")
    assert (his.effects, message.delivered_at) == ([], None)


def test_fault_of_our_own_is_looked_at_before_it_is_sent_again(
    his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    """The program may have failed after the call."""
    message = promise()
    his.read_faults = ["bug"]
    deliver()
    assert (state_of(message), message.due_at) == (State.UNKNOWN, None)
    his.calls.clear()

    again(message, lin)
    deliver()

    assert state_of(message) == State.CONFIRMED
    assert his.calls == ["read"]


def test_target_that_shows_nothing_is_asked_again_by_the_same_id(
    settings: Any, his: MemoryHis, lin: User
) -> None:
    settings.HIS_TARGETS = '[paper]\ndsn = "sqlite:////nowhere"\nread_dsn = ""\n'
    message = promise(target="paper")
    his.save_faults = ["bug"]
    deliver_due(gateway=his, target="paper", lanes=1)
    assert (state_of(message), message.due_at) == (State.UNKNOWN, None)

    again(message, lin)
    deliver_due(gateway=his, target="paper", lanes=1)

    assert state_of(message) == State.CONFIRMED
    assert tries_of(message)[-1] == ("ACCEPTED", "0")
    assert [call.request_id for call in his.effects] == [str(message.request_id)]


class TableHis(MemoryHis):
    """A HIS that acts when it comes to it, as by intermediate tables."""

    at_once = 10

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, Call] = {}

    def save_privilege(self, message: Any) -> Answer:
        self.calls.append("put in")
        self.rows.setdefault(message.request_id, message)
        answer = self.answer_to(message)
        assert answer is not None
        return answer

    def answer_to(self, message: Any) -> Answer | None:
        self.calls.append("look")
        self._fault(self.read_faults)
        if message.request_id not in self.rows:
            return None
        answer = self.answers.get(message.request_id)
        if answer is None:
            raise HisPending("在表中，未处理")
        if isinstance(answer, HisRejected):
            raise answer
        return answer

    def work(self) -> None:
        for message in self.rows.values():
            self._answer(message, "")

    def tell_each(self, messages: Any) -> Iterator[Told]:
        return iter(())

    look_each = tell_each


@pytest.fixture
def table() -> TableHis:
    return TableHis()


def in_doubt_with_its_row(table: TableHis) -> Message:
    message = promise()
    deliver_due(gateway=table, lanes=1)
    Message.objects.update(state=State.UNKNOWN, due_at=None, delivered_at=None)
    table.calls.clear()
    return message


def test_row_that_still_waits_in_the_table_is_neither_sent_nor_believed_done(
    table: TableHis, lin: User
) -> None:
    """The line stands as ours already, and the HIS will still come to the row: what is
    told after it must wait until then."""
    message = in_doubt_with_its_row(table)
    table.change_by_hand(priv_save())

    again(message, lin)
    deliver_due(gateway=table, lanes=1)

    assert state_of(message) == State.DELIVERED
    assert tries_of(message)[-1] == ("PENDING", "")
    assert "put in" not in table.calls
    table.work()
    Message.objects.update(due_at=timezone.now())
    deliver_due(gateway=table, lanes=1)
    assert state_of(message) == State.CONFIRMED
    assert len(table.effects) == 1


def test_row_that_is_done_is_read_back_and_not_put_in_again(
    table: TableHis, lin: User
) -> None:
    message = in_doubt_with_its_row(table)
    table.work()

    again(message, lin)
    deliver_due(gateway=table, lanes=1)

    assert state_of(message) == State.CONFIRMED
    assert table.calls == ["look", "read"]


def test_row_that_is_not_there_is_put_in_where_the_line_does_not_stand(
    table: TableHis, lin: User
) -> None:
    message = in_doubt_with_its_row(table)
    table.rows.clear()

    again(message, lin)
    deliver_due(gateway=table, lanes=1)

    assert state_of(message) == State.DELIVERED
    assert table.calls[:3] == ["look", "read", "put in"]
    assert list(table.rows) == [str(message.request_id)]


def test_row_of_a_target_that_shows_nothing_is_believed_and_not_put_in_again(
    settings: Any, table: TableHis, lin: User
) -> None:
    settings.HIS_TARGETS = '[paper]\ndsn = "sqlite:////nowhere"\nread_dsn = ""\n'
    message = promise(target="paper")
    deliver_due(gateway=table, target="paper", lanes=1)
    table.work()
    Message.objects.update(state=State.UNKNOWN, due_at=None)
    table.calls.clear()

    again(message, lin)
    deliver_due(gateway=table, target="paper", lanes=1)

    assert state_of(message) == State.CONFIRMED
    assert table.calls == ["look"]


@pytest.mark.parametrize("call", [op_save(), grade_save()])
def test_every_kind_is_looked_for_first(
    call: Call, his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    message = enqueue(message=call, subject="test:1", at=timezone.now())
    his.read_faults = ["bug"]
    deliver()
    his.calls.clear()

    again(message, lin)
    deliver()

    assert state_of(message) == State.CONFIRMED
    assert his.calls == ["read"]


def test_second_of_two_people_who_press_at_once_is_refused(
    lin: User, doubtful: Message
) -> None:
    again(doubtful, lin)

    with pytest.raises(NotPossible, match="不需要重新送达"):
        again(doubtful, lin)


def test_update_promised_after_a_resend_does_not_take_its_place(
    his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    """It may be in the HIS: it is looked for first, and what follows waits."""
    message = left_to_a_person(promise(op="UPDATE"), his, deliver)
    again(message, lin)

    later = promise(op="UPDATE", his_value="3")
    deliver()

    assert [state_of(one) for one in (message, later)] == ["CONFIRMED", "CONFIRMED"]


def test_grade_promised_after_a_replay_does_not_take_its_place(
    his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    first = enqueue(
        message=grade_save(old_grade="3"), subject="test:1", at=timezone.now()
    )
    deliver()
    replay(message=first, by=lin, at=timezone.now(), reason="由备份恢复")

    second = enqueue(
        message=grade_save(old_grade="4", new_grade="2"),
        subject="test:2",
        at=timezone.now(),
    )
    deliver()

    assert [state_of(one) for one in (first, second)] == ["CONFIRMED", "CONFIRMED"]
    assert second.payload["old_grade"] == "4"
    assert len(his.effects) == 2
