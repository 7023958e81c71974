"""Replaying what was confirmed, and acting upon many: each done or refused for itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.outbox.delivery import Summary
from portal.outbox.many import Outcome, act_on
from portal.outbox.models import Message, State
from portal.outbox.replaying import replay
from portal.outbox.services import NotPossible
from tests.portal.outbox.conftest import promise, state_of, tries_of
from tests.portal.outbox.memory_his import MemoryHis

pytestmark = pytest.mark.django_db
Deliver = Callable[[], Summary]
REASON = "HIS 由备份恢复"


def once_more(message: Message, by: User, reason: str = REASON) -> Message:
    message.refresh_from_db()
    return replay(message=message, by=by, at=timezone.now(), reason=reason)


def many(messages: list[Message], act: str, by: User, reason: str = REASON) -> Outcome:
    rows = list(Message.objects.filter(pk__in=[one.pk for one in messages]))
    return act_on(rows, act, by=by, at=timezone.now(), reason=reason)


def snapshot() -> list[dict[str, Any]]:
    return [dict(row) for row in Message.objects.order_by("id").values()]


def restore(his: MemoryHis) -> None:
    """Its database is set back to before it heard of anything."""
    his.lines.clear()
    his.answers.clear()
    his.effects.clear()


def test_replay_tells_a_restored_his_again_under_a_new_request_id(
    his: MemoryHis, deliver: Deliver, lin: User, clock: time_machine.Traveller
) -> None:
    message = promise()
    deliver()
    first_id, confirmed_at = message.request_id, timezone.now()
    restore(his)
    clock.shift(timedelta(days=1))

    back = once_more(message, lin)

    assert (back.state, back.tries, back.confirmed_at) == (State.WAITING, 0, None)
    assert (back.not_before, back.due_at) == (timezone.now(), timezone.now())
    assert back.enqueued_at == confirmed_at
    assert back.request_id != first_id
    deliver()
    assert state_of(message) == State.CONFIRMED
    assert [call.request_id for call in his.effects] == [str(back.request_id)]
    assert tries_of(message) == [("CONFIRMED", "0"), ("CONFIRMED", "0")]
    event = AuditEvent.objects.get()
    assert (event.kind, event.by, event.reason) == (
        EventKind.MESSAGE_REPLAYED,
        lin,
        REASON,
    )
    assert event.detail == {
        "before": "CONFIRMED",
        "confirmed_at": confirmed_at.isoformat(),
    }


def test_replay_of_what_a_later_message_has_overtaken_is_refused(
    deliver: Deliver, lin: User
) -> None:
    grant, other = promise(), promise(priv_code="AB02")
    promise(op="REVOKE")
    deliver()
    before = snapshot()

    with pytest.raises(NotPossible, match="已经送达，这条不能重放；请重放后来的那一条"):
        once_more(grant, lin)

    assert snapshot() == before
    assert AuditEvent.objects.count() == 0
    assert once_more(other, lin).state == State.WAITING


@pytest.mark.parametrize(
    "state", [s for s in State if s not in {State.CONFIRMED, State.SENDING}]
)
def test_replay_of_what_is_not_confirmed_is_refused(state: State, lin: User) -> None:
    message = promise()
    Message.objects.update(state=state, due_at=None)
    before = snapshot()

    with pytest.raises(NotPossible, match="只有已回读一致的消息可以重放"):
        once_more(message, lin)

    assert snapshot() == before
    assert AuditEvent.objects.count() == 0


def test_replay_without_a_reason_is_refused(deliver: Deliver, lin: User) -> None:
    message = promise()
    deliver()
    before = snapshot()

    with pytest.raises(NotPossible, match="请填写原因"):
        once_more(message, lin, " ")

    assert snapshot() == before
    assert AuditEvent.objects.count() == 0


def test_whole_stream_is_replayed_in_its_order(
    his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    messages = [promise(op=op) for op in ("ADD", "SUSPEND", "RESTORE")]
    deliver()
    lines = dict(his.lines)
    restore(his)

    outcome = many(messages, "replay", lin)
    deliver()

    assert outcome == Outcome([message.pk for message in messages], [])
    assert [call.op for call in his.effects] == ["ADD", "SUSPEND", "RESTORE"]
    assert his.lines == lines
    assert [state_of(message) for message in messages] == ["CONFIRMED"] * 3


def test_act_on_many_says_of_each_why_it_was_not_done(
    his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    his.rejects = {"RX01": "2004"}
    refused = [promise("1001"), promise("1002")]
    good = promise("1003", priv_code="AB02")
    deliver()

    outcome = many([*refused, good], "retry", lin, "项目已补")

    assert outcome.done == [message.pk for message in refused]
    assert outcome.refused == [
        (good.pk, "这条已回读一致，不需要重新送达；HIS 退回旧数据时请用「重放」。")
    ]
    assert [state_of(message) for message in (*refused, good)] == [
        *("WAITING", "WAITING", "CONFIRMED")
    ]
    assert list(
        AuditEvent.objects.order_by("subject_id").values_list(
            "kind", "subject_id", "reason"
        )
    ) == [("MESSAGE_RETRIED", str(one.pk), "项目已补") for one in refused]


@pytest.mark.parametrize("act", ["retry", "stop", "replay"])
def test_act_on_many_without_a_reason_does_nothing(
    act: str, deliver: Deliver, lin: User
) -> None:
    messages = [promise("1001"), promise("1002")]
    before = snapshot()

    with pytest.raises(NotPossible, match="请填写原因"):
        many(messages, act, lin, "  ")

    assert snapshot() == before
    assert AuditEvent.objects.count() == 0
