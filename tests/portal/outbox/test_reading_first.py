"""What the HIS had taken already is sent again only while it shows something else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.desk.presenters_his_message import times_of
from portal.outbox import claims, trying
from portal.outbox.delivery import Summary
from portal.outbox.many import act_on
from portal.outbox.models import Message, State
from portal.outbox.presenters import long_arrival
from portal.outbox.replaying import replay
from portal.outbox.services import retry, stop
from tests.cast import make_user
from tests.portal.outbox.conftest import promise, state_of, tries_of
from tests.portal.outbox.memory_his import MemoryHis, priv_save

pytestmark = pytest.mark.django_db
Deliver = Callable[[], Summary]
Clock = time_machine.Traveller
NOT_SENT = "HIS 已与本系统一致，没有再送"


@pytest.fixture
def differing(his: MemoryHis, deliver: Deliver, clock: Clock) -> Message:
    """Taken by the HIS, changed there by hand, read often enough: left to a person."""
    message = promise()
    his.read_faults = ["down"]
    deliver()
    his.change_by_hand(priv_save(), status="3")
    for seconds in (5, 2, 6, 31):
        clock.shift(timedelta(seconds=seconds))
        deliver()
    assert (state_of(message), message.due_at) == (State.DELIVERED, None)
    assert message.has_mismatch
    his.calls.clear()
    return message


def again(message: Message, by: User) -> Message:
    message.refresh_from_db()
    return retry(message=message, by=by, at=timezone.now(), reason="已核对")


def last_try(message: Message) -> tuple[str, str, Any]:
    attempt = message.attempts.latest("id")
    return attempt.outcome, attempt.text, attempt.request_id


def mend(his: MemoryHis) -> None:
    """Somebody set the line right in the HIS itself."""
    his.change_by_hand(priv_save(), status="1")


def test_retry_of_a_mismatch_that_is_gone_is_confirmed_and_not_sent(
    his: MemoryHis, deliver: Deliver, lin: User, differing: Message, clock: Clock
) -> None:
    delivered_at = differing.delivered_at
    mend(his)
    clock.shift(timedelta(hours=1))

    again(differing, lin)
    deliver()

    assert (state_of(differing), differing.mismatch) == (State.CONFIRMED, None)
    assert his.calls == ["read"]
    assert len(his.effects) == 1
    assert (differing.delivered_at, differing.confirmed_at) == (
        delivered_at,
        timezone.now(),
    )
    # Nothing went under the new request id.
    assert last_try(differing) == ("CONFIRMED", NOT_SENT, None)
    assert differing.reads_first is False


def test_retry_of_a_mismatch_that_stands_is_sent_under_a_new_request_id(
    his: MemoryHis, deliver: Deliver, lin: User, differing: Message, clock: Clock
) -> None:
    first_id, tries = differing.request_id, tries_of(differing)
    clock.shift(timedelta(hours=1))

    back = again(differing, lin)
    deliver()

    assert (back.state, back.reads_first, back.mismatch) == ("WAITING", True, None)
    assert back.request_id != first_id
    assert state_of(differing) == State.CONFIRMED
    assert his.calls == ["read", "save", "read"]
    assert [call.request_id for call in his.effects] == [
        str(first_id),
        str(back.request_id),
    ]
    assert differing.delivered_at == timezone.now()
    assert tries_of(differing) == [*tries, ("CONFIRMED", "0")]
    assert last_try(differing) == ("CONFIRMED", "成功", back.request_id)
    assert differing.reads_first is False


def test_retry_whose_sending_differs_again_is_only_read_after_it(
    his: MemoryHis, deliver: Deliver, lin: User, differing: Message, clock: Clock
) -> None:
    again(differing, lin)
    taken = his.save_privilege

    def undone(message: Any) -> Any:
        answer = taken(message)
        his.change_by_hand(priv_save(), status="3")
        return answer

    his.save_privilege = undone  # type: ignore[method-assign]
    deliver()
    for seconds in (2, 6, 31):
        clock.shift(timedelta(seconds=seconds))
        deliver()

    assert (state_of(differing), differing.due_at) == (State.DELIVERED, None)
    assert differing.reads_first is False
    assert his.calls.count("save") == 1


def test_retry_while_the_his_is_away_reads_first_when_it_is_back(
    his: MemoryHis, deliver: Deliver, lin: User, differing: Message, clock: Clock
) -> None:
    again(differing, lin)
    his.is_down = True
    deliver()
    assert (state_of(differing), differing.reads_first) == (State.WAITING, True)
    his.is_down = False
    mend(his)
    his.calls.clear()

    clock.shift(timedelta(seconds=11))
    deliver()

    assert state_of(differing) == State.CONFIRMED
    assert "save" not in his.calls


@pytest.mark.parametrize("fault", ["lost", "cut"])
def test_retry_whose_answer_is_lost_is_read_and_has_one_effect(
    fault: str, his: MemoryHis, deliver: Deliver, lin: User, differing: Message
) -> None:
    back = again(differing, lin)
    his.save_faults = [fault]
    deliver()

    assert state_of(differing) == State.CONFIRMED
    sent = [call.request_id for call in his.effects[1:]]
    assert sent == [str(back.request_id)]
    assert last_try(differing)[::2] == ("CONFIRMED", back.request_id)


def test_worker_that_died_on_it_leaves_it_to_be_read_first(
    his: MemoryHis, deliver: Deliver, lin: User, differing: Message, clock: Clock
) -> None:
    """Nobody knows whether it was sent: the HIS shows what only a person could judge."""
    back = again(differing, lin)
    at = timezone.now()
    token = Message().request_id
    assert claims.claim_due(at, 10, claims.turns(at, 10, claims.overview(at)), token)

    clock.shift(timedelta(seconds=61))
    deliver()

    assert state_of(differing) == State.CONFIRMED
    assert [call.request_id for call in his.effects[1:]] == [str(back.request_id)]


def test_retry_of_many_sends_those_alone_that_still_differ(
    his: MemoryHis, deliver: Deliver, lin: User, clock: Clock
) -> None:
    messages = [promise(emp_no) for emp_no in ("1001", "1002", "1003")]
    deliver()
    Message.objects.update(
        state=State.DELIVERED, confirmed_at=None, due_at=None, mismatch=[{}]
    )
    his.change_by_hand(priv_save("1002"), status="3")
    his.effects.clear()

    act_on(Message.objects.all(), "retry", by=lin, at=timezone.now(), reason="已核对")
    deliver()

    assert {state_of(message) for message in messages} == {State.CONFIRMED}
    assert [call.emp_no for call in his.effects] == ["1002"]  # type: ignore[union-attr]


def test_replay_of_what_the_his_still_shows_is_not_sent(
    his: MemoryHis, deliver: Deliver, lin: User, clock: Clock
) -> None:
    message = promise()
    deliver()
    delivered_at = Message.objects.get().delivered_at
    his.calls.clear()
    clock.shift(timedelta(days=1))

    back = replay(message=message, by=lin, at=timezone.now(), reason="由备份恢复")
    assert (back.state, back.reads_first) == (State.WAITING, True)
    deliver()

    assert state_of(message) == State.CONFIRMED
    assert his.calls == ["read"]
    assert (message.delivered_at, message.confirmed_at) == (
        delivered_at,
        timezone.now(),
    )
    assert last_try(message) == ("CONFIRMED", NOT_SENT, None)


def test_replay_that_is_refused_tells_of_its_earlier_delivery_as_such(
    his: MemoryHis, deliver: Deliver, lin: User, clock: Clock
) -> None:
    message = promise()
    deliver()
    message.refresh_from_db()
    approved_at = timezone.now()
    assert words_of(message, approved_at) == (
        "已批 10:00 · HIS 10:00:00 · 回读一致",
        "已送达 2026-11-23 10:00:00",
    )
    his.lines.clear()
    his.answers.clear()
    his.rejects = {"RX01": "2004"}
    clock.shift(timedelta(days=1))
    replay(message=message, by=lin, at=timezone.now(), reason="由备份恢复")

    deliver()

    assert state_of(message) == State.REJECTED
    assert words_of(message, approved_at) == (
        "已批 10:00 · 曾送达 11-23 10:00 · 拒收 2004",
        "曾送达 2026-11-23 10:00:00",
    )


def words_of(message: Message, approved_at: datetime) -> tuple[str, str]:
    title, at = times_of(message)[2]
    return long_arrival(message, approved_at), f"{title} {at}"


def test_retry_by_the_command_line_reads_first(
    his: MemoryHis, deliver: Deliver, differing: Message
) -> None:
    make_user("3008", "高敏", Role.INFORMATION_CENTER)
    mend(his)
    text = StringIO()

    call_command(
        *("outbox", "retry", str(differing.pk)),
        by="3008",
        reason="已核对",
        stdout=text,
    )
    deliver()

    assert state_of(differing) == State.CONFIRMED
    assert his.calls == ["read"]


def test_stop_after_a_retry_sends_nothing(
    his: MemoryHis, deliver: Deliver, lin: User, differing: Message
) -> None:
    again(differing, lin)
    stop(message=differing, by=lin, at=timezone.now(), reason="人工处理")
    deliver()

    assert (state_of(differing), his.calls) == (State.STOPPED, [])


class ManyAtOnce(MemoryHis):
    """A transport that would be told all of them without waiting."""

    at_once = 10

    def tell_each(self, messages: Any) -> Any:
        raise AssertionError("told together")


def test_what_is_read_first_is_not_told_together_with_others(
    deliver: Deliver, lin: User, differing: Message
) -> None:
    again(differing, lin)
    others = [promise("1001"), promise("1002")]
    now = timezone.now()
    Message.objects.update(
        state=State.SENDING, claim=differing.request_id, lease_until=now
    )
    rows = list(Message.objects.filter(pk__in=[one.pk for one in (differing, *others)]))
    rows.sort(key=lambda row: row.pk)

    assert trying.together(ManyAtOnce(), rows) == 0
    assert trying.together(ManyAtOnce(), rows[1:]) == 2
    assert trying.together(ManyAtOnce(), [*rows[1:], rows[0]]) == 2
