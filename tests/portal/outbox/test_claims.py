"""Which messages may go: order within a stream, takers-away first, one in the air."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from portal.outbox import claims, delivery, freeing
from portal.outbox.delivery import Summary, deliver_due
from portal.outbox.lanes import CHUNK
from portal.outbox.models import Attempt, Message, State
from portal.outbox.outcomes import Outcome
from tests.harness import assert_queries
from tests.portal.outbox.conftest import promise, state_of
from tests.portal.outbox.memory_his import MemoryHis

pytestmark = pytest.mark.django_db
Deliver = Callable[[], Summary]
Clock = time_machine.Traveller


def claimed_now(limit: int = 50) -> list[int]:
    at = timezone.now()
    found = claims.claim_due(
        at, limit, claims.turns(at, limit, claims.overview(at)), uuid.uuid4()
    )
    return [message.pk for message in found]


def become(message: Message, state: State, **fields: object) -> None:
    Message.objects.filter(pk=message.pk).update(
        state=state, **({"due_at": None} | fields)
    )


def test_claim_takes_the_first_message_of_each_stream() -> None:
    first, _second, other = promise("1001"), promise("1001"), promise("1002")

    assert claimed_now() == [first.pk, other.pk]
    assert claimed_now() == []
    assert state_of(first) == State.SENDING


def test_claim_takes_no_more_than_asked() -> None:
    messages = [promise(emp_no) for emp_no in ("1001", "1002", "1003")]

    assert claimed_now(2) == [message.pk for message in messages[:2]]
    assert claimed_now(2) == [messages[2].pk]


def test_claim_begins_with_the_stream_in_which_a_right_is_taken_away() -> None:
    other = promise("1001")
    first, _suspension = promise("1002"), promise("1002", "SUSPEND")

    assert claimed_now(1) == [first.pk]
    assert claimed_now(1) == [other.pk]


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (State.SENDING, None),
        (State.UNKNOWN, None),
        (State.REJECTED, None),
        (State.DELIVERED, timedelta(seconds=1)),
        (State.WAITING, timedelta(seconds=1)),
    ],
)
def test_message_holds_what_comes_after_it(state: State, due: timedelta | None) -> None:
    now = timezone.now()
    first, _second = promise(), promise()
    lease = {"claim": uuid.uuid4(), "lease_until": now + timedelta(seconds=60)}
    become(
        first,
        state,
        due_at=now + due if due else None,
        **(lease if state == State.SENDING else {}),
    )

    assert claimed_now() == []


@pytest.mark.parametrize("state", [State.CONFIRMED, State.STOPPED, State.DELIVERED])
def test_settled_message_lets_the_next_one_go(state: State) -> None:
    first, second = promise(), promise()
    become(first, state, confirmed_at=timezone.now())

    assert claimed_now() == [second.pk]


def test_message_of_a_later_day_does_not_hold_its_stream(clock: Clock) -> None:
    later = promise(not_before=timezone.now() + timedelta(days=8))
    today = promise(priv_code="AB02")

    assert claimed_now() == [today.pk]
    become(today, State.CONFIRMED, confirmed_at=timezone.now())
    clock.shift(timedelta(days=8))
    assert claimed_now() == [later.pk]


def test_message_promised_for_at_once_holds_its_stream_when_the_clock_is_set_back(
    clock: Clock,
) -> None:
    first = promise()
    clock.shift(timedelta(seconds=-2))
    second = promise(op="SUSPEND")
    assert claimed_now() == []

    clock.shift(timedelta(seconds=2))

    assert claimed_now() == [first.pk]
    assert state_of(second) == State.WAITING


def test_taking_away_passes_a_rejected_message_and_what_waits_behind_it() -> None:
    rejected, _waiting = promise(), promise(priv_code="AB02")
    suspension, revocation = promise(op="SUSPEND"), promise(op="REVOKE")
    become(rejected, State.REJECTED)

    assert claimed_now() == [suspension.pk]
    become(suspension, State.CONFIRMED, confirmed_at=timezone.now())
    assert claimed_now() == [revocation.pk]


@pytest.mark.parametrize("state", [State.UNKNOWN, State.WAITING])
def test_taking_away_passes_nothing_else(state: State) -> None:
    first, suspension = promise(), promise(op="SUSPEND")
    become(first, state, due_at=timezone.now() + timedelta(minutes=1))

    assert claimed_now() == []
    assert state_of(suspension) == State.WAITING


def test_what_was_overtaken_on_its_line_is_never_sent(
    his: MemoryHis, deliver: Deliver
) -> None:
    rejected = promise(priv_code="RX09")
    renewal, other = promise(op="UPDATE"), promise(op="UPDATE", priv_code="AB02")
    revocation = promise(op="REVOKE")
    become(rejected, State.REJECTED)
    deliver()
    assert state_of(revocation) == State.CONFIRMED

    become(rejected, State.STOPPED)
    deliver()

    assert [state_of(row) for row in (renewal, other)] == ["STOPPED", "CONFIRMED"]
    assert renewal.last_text == "后来的变更已先送达，这条不再送达"
    assert [effect.op for effect in his.effects] == ["REVOKE", "UPDATE"]
    assert his.effects[1].payload()["priv_code"] == "AB02"
    assert not renewal.attempts.exists()


def test_claim_gives_back_what_a_person_put_behind_another_meanwhile() -> None:
    first, second = promise(), promise()
    become(first, State.REJECTED)
    token = uuid.uuid4()
    lease = timezone.now() + timedelta(seconds=60)
    become(second, State.SENDING, claim=token, lease_until=lease)
    become(first, State.WAITING, due_at=timezone.now())

    assert claims.claimed(token, [second.pk], timezone.now()) == []
    assert (state_of(second), second.claim) == (State.WAITING, None)


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN])
def test_nothing_goes_while_one_that_passed_it_is_undecided(state: State) -> None:
    """If the HIS takes the suspension it has overtaken the giver; if it refuses it,
    because there is nothing to suspend yet, the giver must still go."""
    rejected = promise(priv_code="RX09")
    giver, suspension = promise(), promise(op="SUSPEND")
    soon = timezone.now() + timedelta(seconds=60)
    lease = {"claim": uuid.uuid4(), "lease_until": soon}
    become(suspension, state, due_at=soon, **(lease if state == State.SENDING else {}))
    become(rejected, State.STOPPED)

    assert claimed_now() == []
    assert state_of(giver) == State.WAITING

    become(suspension, State.REJECTED, claim=None, lease_until=None)
    assert claimed_now() == [giver.pk]


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN])
def test_passer_behind_an_undecided_one_takes_no_place_of_another(state: State) -> None:
    """Put back in line by a person while the revocation after it was under way."""
    rejected, suspension, revocation = (
        promise(priv_code="RX09"),
        promise(op="SUSPEND"),
        promise(op="REVOKE"),
    )
    other = promise("1001")
    soon = timezone.now() + timedelta(seconds=60)
    lease = {"claim": uuid.uuid4(), "lease_until": soon}
    become(rejected, State.REJECTED)
    become(revocation, state, due_at=soon, **(lease if state == State.SENDING else {}))

    assert claims.passers(timezone.now(), 50, "his") == []
    assert claimed_now(1) == [other.pk]
    assert state_of(suspension) == State.WAITING

    become(revocation, State.REJECTED, claim=None, lease_until=None)
    assert claimed_now() == [suspension.pk]


def test_claim_gives_back_what_another_worker_has_passed_meanwhile() -> None:
    rejected = promise(priv_code="RX09")
    giver, suspension = promise(), promise(op="SUSPEND")
    token, other = uuid.uuid4(), uuid.uuid4()
    lease = timezone.now() + timedelta(seconds=60)
    become(rejected, State.STOPPED)
    become(giver, State.SENDING, claim=token, lease_until=lease)
    become(suspension, State.SENDING, claim=other, lease_until=lease)

    assert claims.claimed(token, [giver.pk], timezone.now()) == []
    assert (state_of(giver), giver.claim) == (State.WAITING, None)
    assert state_of(suspension) == State.SENDING


def test_dead_worker_is_noticed_after_its_lease(clock: Clock) -> None:
    message = promise()
    assert claimed_now() == [message.pk]

    clock.shift(timedelta(seconds=60))
    assert freeing.release_dead(timezone.now()) == 0
    clock.shift(timedelta(seconds=1))
    assert freeing.release_dead(timezone.now()) == 1

    assert (state_of(message), message.claim) == (State.UNKNOWN, None)
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.text) == (Outcome.ANSWER_LOST, "送达中断，先回读")


def test_worker_that_lost_its_lease_sends_no_more(
    his: MemoryHis, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = [promise(f"1{number:03}") for number in range(3 * CHUNK)]
    renew = claims.renew

    def renew_when_another_took_over(*given: Any) -> bool:
        Message.objects.filter(pk=messages[-1].pk).update(claim=uuid.uuid4())
        return renew(*given)

    monkeypatch.setattr(claims, "renew", renew_when_another_took_over)
    # Over at once, so that it is renewed after every group.
    monkeypatch.setattr(claims, "lease", lambda: timedelta(0))

    deliver_due(gateway=his, lanes=1)

    assert state_of(messages[-1]) == State.SENDING
    last = messages[-1].payload["emp_no"]
    assert last not in {effect.payload()["emp_no"] for effect in his.effects}


def test_claim_of_many_takes_few_queries() -> None:
    for number in range(60):
        promise(f"1{number:03}")

    with assert_queries(4):
        assert len(claimed_now(50)) == 50


def test_claim_leaves_what_an_earlier_one_refused_since_the_look_holds() -> None:
    earlier, giver = promise(), promise()
    become(earlier, State.WAITING, not_before=timezone.now() + timedelta(days=1))
    at = timezone.now()
    turns = claims.turns(at, 10, claims.overview(at))
    assert turns.sends == [giver.pk]

    become(earlier, State.REJECTED, not_before=at)

    assert claims.claim_due(timezone.now(), 10, turns, uuid.uuid4()) == []
    assert (state_of(giver), giver.claim) == (State.WAITING, None)


def test_claim_takes_of_the_turns_what_nobody_took_since_the_look() -> None:
    messages = [promise(emp_no) for emp_no in ("1001", "1002", "1003", "1004")]
    at = timezone.now()
    turns = claims.turns(at, 10, claims.overview(at))
    assert claimed_now(1) == [messages[0].pk]

    found = claims.claim_due(at, 2, turns, uuid.uuid4())
    rest = claims.claim_due(at, 9, turns, uuid.uuid4())

    assert [message.pk for message in found] == [messages[1].pk]
    assert [message.pk for message in rest] == [messages[2].pk, messages[3].pk]
    assert not turns


@pytest.mark.parametrize(("seconds", "looks"), [(60.0, 3), (-1.0, 5)])
def test_one_look_serves_several_claims_until_it_is_old(
    seconds: float,
    looks: int,
    his: MemoryHis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beside the two that find nothing more: before all is written, and after."""
    for number in range(3 * CHUNK):
        promise(str(1000 + number))
    asked: list[str] = []
    overview = claims.overview

    def counted(at: Any, target: str) -> claims.Overview:
        asked.append(target)
        return overview(at, target)

    monkeypatch.setattr(claims, "overview", counted)
    monkeypatch.setattr(delivery, "LOOK_SECONDS", seconds)

    summary = deliver_due(gateway=his, batch=CHUNK)

    assert summary.tried == {Outcome.CONFIRMED: 3 * CHUNK}
    assert len(asked) == looks


def test_what_takes_away_goes_first_from_the_next_look_on(
    his: MemoryHis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promised while the first is told, with all others in line already."""
    for number in range(3):
        promise(str(1000 + number))
    save = his.save_privilege

    def promising(message: Any) -> Any:
        if not his.effects:
            promise("2001", "REVOKE")
        return save(message)

    monkeypatch.setattr(his, "save_privilege", promising)
    monkeypatch.setattr(delivery, "LOOK_SECONDS", -1.0)

    deliver_due(gateway=his, batch=1, lanes=1)

    told = [effect.payload()["emp_no"] for effect in his.effects]
    assert told == ["1000", "2001", "1001", "1002"]
