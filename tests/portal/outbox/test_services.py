"""Promise, deliver again, stop; a refused act leaves nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from portal import bell
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.outbox.delivery import Summary
from portal.outbox.models import Message, State
from portal.outbox.services import NotPossible, retry, stop
from tests.portal.outbox.conftest import promise, state_of
from tests.portal.outbox.memory_his import MemoryHis, priv_save

pytestmark = pytest.mark.django_db
Deliver = Callable[[], Summary]
Clock = time_machine.Traveller


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The bell, counted."""
    heard: list[str] = []
    monkeypatch.setattr(
        "celery.app.base.Celery.send_task",
        lambda _app, name, **_options: heard.append(name),
    )
    return heard


def again(message: Message, by: User, reason: str = "已核对") -> Message:
    return retry(message=message, by=by, at=timezone.now(), reason=reason)


def give_up(message: Message, by: User, reason: str = "人工处理") -> Message:
    return stop(message=message, by=by, at=timezone.now(), reason=reason)


def snapshot() -> list[dict[str, Any]]:
    return [dict(row) for row in Message.objects.order_by("id").values()]


def test_enqueue_keeps_the_whole_call_under_its_own_request_id() -> None:
    message = promise(op="SUSPEND")

    expected = priv_save(op="SUSPEND", request_id=str(message.request_id))
    assert message.payload == expected.payload()
    assert (message.state, message.takes_away) == (State.WAITING, True)
    assert (message.stream, message.tries) == ("practitioner:1188", 0)
    assert message.due_at == message.not_before == timezone.now()


def test_enqueue_in_a_transaction_that_fails_leaves_nothing(rings: list[str]) -> None:
    def act() -> None:
        with transaction.atomic():
            promise()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()

    assert Message.objects.count() == 0
    assert rings == []


@pytest.mark.django_db(transaction=True)
def test_enqueue_rings_once_for_a_transaction(rings: list[str]) -> None:
    with transaction.atomic():
        promise()
        promise()
        assert rings == []

    assert rings == ["outbox.deliver_due"]


def test_enqueue_supersedes_what_waits_for_its_day_on_the_same_line() -> None:
    in_eight_days = timezone.now() + timedelta(days=8)
    enable = promise(not_before=in_eight_days)
    other_line = promise(priv_code="AB02", not_before=in_eight_days)

    promise(op="REVOKE")

    assert (state_of(enable), enable.due_at) == (State.STOPPED, None)
    assert enable.last_text == "已由后来的变更取代"
    assert state_of(other_line) == State.WAITING


def test_enqueue_for_a_later_day_keeps_what_waits_for_an_earlier_one() -> None:
    enable = promise(not_before=timezone.now() + timedelta(days=8))
    promise(op="REVOKE", not_before=timezone.now() + timedelta(days=365))

    assert state_of(enable) == State.WAITING


def test_enqueue_supersedes_nothing_that_was_promised_for_at_once(
    clock: time_machine.Traveller,
) -> None:
    """Another server's clock, or this one set back, is a little behind."""
    grant = promise()
    clock.shift(timedelta(seconds=-2))
    promise(op="SUSPEND")

    assert state_of(grant) == State.WAITING


def test_retry_of_a_rejected_message_goes_under_a_new_request_id(
    his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    message = promise()
    first_id = message.request_id
    his.rejects = {"RX01": "2004"}
    deliver()
    his.rejects = {}
    message.refresh_from_db()

    again(message, lin, "HIS 已补项目")

    message.refresh_from_db()
    assert (message.state, message.tries) == (State.WAITING, 0)
    assert message.request_id != first_id
    assert message.payload["request_id"] == str(message.request_id)
    event = AuditEvent.objects.get()
    assert (event.kind, event.by, event.reason, event.detail) == (
        EventKind.MESSAGE_RETRIED,
        lin,
        "HIS 已补项目",
        {"before": "REJECTED"},
    )
    assert (event.subject_type, event.subject_id) == (
        "outbox.message",
        str(message.pk),
    )
    deliver()
    assert state_of(message) == State.CONFIRMED
    assert len(his.effects) == 1


def test_retry_of_a_message_in_doubt_keeps_its_request_id(
    his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    message = promise()
    his.save_faults = ["cut"]
    his.change_by_hand(priv_save(), his_value="2")
    deliver()
    message.refresh_from_db()
    first_id = message.request_id

    again(message, lin)
    deliver()

    assert state_of(message) == State.CONFIRMED
    assert message.request_id == first_id
    assert len(his.effects) == 1


def test_retry_of_a_waiting_message_brings_its_next_try_forward(
    his: MemoryHis, deliver: Deliver, lin: User, clock: Clock
) -> None:
    message = promise()
    his.is_down = True
    deliver()
    clock.shift(timedelta(seconds=1))
    message.refresh_from_db()

    again(message, lin)

    message.refresh_from_db()
    assert (message.due_at, message.tries) == (timezone.now(), 0)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (State.SENDING, "这条正在送达，请稍候再试"),
        (State.UNKNOWN, "这条正在送达，请稍候再试"),
        (State.DELIVERED, "这条正在送达，请稍候再试"),
        (State.CONFIRMED, "这条已回读一致，不需要重新送达"),
        (State.STOPPED, "这条已停止，不再送达"),
    ],
)
def test_retry_where_nothing_is_wrong_is_refused_and_says_what_is(
    state: State, why: str, lin: User
) -> None:
    message = promise()
    now = timezone.now()
    Message.objects.update(
        state=state,
        due_at=None,
        confirmed_at=now if state == State.CONFIRMED else None,
        claim=message.request_id,
        lease_until=now + timedelta(seconds=60),
    )
    before = snapshot()
    message.refresh_from_db()

    with pytest.raises(NotPossible, match=why):
        again(message, lin)

    assert snapshot() == before
    assert AuditEvent.objects.count() == 0


def test_retry_of_what_was_overtaken_is_refused(
    his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    rejected = promise()
    his.rejects = {"RX01": "2004"}
    deliver()
    his.rejects = {}
    promise(op="REVOKE")
    deliver()
    before = snapshot()
    rejected.refresh_from_db()

    with pytest.raises(NotPossible, match="只能停止"):
        again(rejected, lin)

    assert snapshot() == before
    assert AuditEvent.objects.count() == 0


def test_retry_without_a_reason_is_refused(
    his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    message = promise()
    his.rejects = {"RX01": "2004"}
    deliver()
    before = snapshot()
    message.refresh_from_db()

    with pytest.raises(NotPossible, match="请填写原因"):
        again(message, lin, "  ")

    assert snapshot() == before
    assert AuditEvent.objects.count() == 0


def test_stop_lets_the_stream_go_on(
    his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    rejected, following = promise(), promise(priv_code="AB02")
    his.rejects = {"RX01": "2004"}
    deliver()
    rejected.refresh_from_db()

    give_up(rejected, lin, "HIS 手工处理")
    deliver()

    assert [state_of(row) for row in (rejected, following)] == ["STOPPED", "CONFIRMED"]
    assert rejected.last_text == "HIS 手工处理"
    event = AuditEvent.objects.get()
    assert (event.kind, event.by, event.reason, event.detail) == (
        EventKind.MESSAGE_STOPPED,
        lin,
        "HIS 手工处理",
        {"before": "REJECTED"},
    )


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.SENDING, "正在送达"),
        (State.CONFIRMED, "已经结束"),
        (State.STOPPED, "已经结束"),
    ],
)
def test_stop_of_a_message_under_way_or_done_is_refused(
    state: State, words: str, lin: User
) -> None:
    message = promise()
    now = timezone.now()
    Message.objects.update(
        state=state,
        due_at=None,
        confirmed_at=now if state == State.CONFIRMED else None,
        claim=message.request_id,
        lease_until=now + timedelta(seconds=60),
    )
    before = snapshot()
    message.refresh_from_db()

    with pytest.raises(NotPossible, match=words):
        give_up(message, lin)

    assert snapshot() == before
    assert AuditEvent.objects.count() == 0


@pytest.fixture(autouse=True)
def _bell_is_not_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bell, "_quiet_until", 0.0)
