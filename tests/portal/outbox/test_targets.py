"""Several targets at once: each has streams, tries, limits and silence of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from portal.accounts.models import User
from portal.his.gateway import HisMisconfigured
from portal.outbox import tasks
from portal.outbox.delivery import Summary, deliver_due
from portal.outbox.models import Attempt, Message, State, TargetState
from portal.outbox.outcomes import Outcome
from portal.outbox.services import NotPossible, retry
from tests.portal.outbox.conftest import promise, state_of, tries_of
from tests.portal.outbox.memory_his import MemoryHis

pytestmark = pytest.mark.django_db
Deliver = Callable[[], Summary]
Clock = time_machine.Traveller
TARGETS = """
[platform]
dsn = "postgresql+psycopg://yw@127.0.0.1/platform"

[paper]
dsn = "mllp://127.0.0.1:2575"
"""


@pytest.fixture(autouse=True)
def _targets(settings: Any) -> None:
    settings.HIS_TARGETS = TARGETS


@pytest.fixture
def platform() -> MemoryHis:
    return MemoryHis()


def deliver_to(target: str, his: MemoryHis) -> Summary:
    return deliver_due(gateway=his, target=target, lanes=1)


def test_each_target_gets_what_was_promised_to_it(
    his: MemoryHis, platform: MemoryHis
) -> None:
    ours, theirs = promise(), promise(op="SUSPEND", target="platform")

    deliver_to("his", his)
    assert (state_of(ours), state_of(theirs)) == (State.CONFIRMED, State.WAITING)
    deliver_to("platform", platform)

    assert state_of(theirs) == State.CONFIRMED
    assert [effect.op for effect in his.effects] == ["ADD"]
    assert [effect.op for effect in platform.effects] == ["SUSPEND"]


def test_target_that_is_down_holds_up_no_other(
    his: MemoryHis, platform: MemoryHis
) -> None:
    ours, theirs = promise(), promise(target="platform")
    later, their_later = promise(op="SUSPEND"), promise(op="SUSPEND", target="platform")
    platform.is_down = True

    assert deliver_to("platform", platform).is_away is True
    deliver_to("his", his)

    assert [state_of(row) for row in (ours, later)] == [State.CONFIRMED] * 2
    assert [state_of(row) for row in (theirs, their_later)] == [State.WAITING] * 2
    assert TargetState.objects.get().name == "platform"


def test_rejected_message_of_one_target_holds_no_stream_of_another(
    his: MemoryHis, platform: MemoryHis
) -> None:
    refused, ours = promise(target="platform"), promise()
    behind, our_next = (
        promise(priv_code="AB02", target="platform"),
        promise(priv_code="AB02"),
    )
    platform.rejects = {"RX01": "2004"}

    deliver_to("platform", platform)
    deliver_to("his", his)

    assert (state_of(refused), state_of(behind)) == (State.REJECTED, State.WAITING)
    assert [state_of(row) for row in (ours, our_next)] == [State.CONFIRMED] * 2


def test_promise_supersedes_nothing_of_another_target() -> None:
    in_eight_days = timezone.now() + timedelta(days=8)
    theirs = promise(not_before=in_eight_days, target="platform")

    promise(op="REVOKE")

    assert state_of(theirs) == State.WAITING


def test_retry_looks_at_its_own_target_only(
    his: MemoryHis, platform: MemoryHis, lin: User
) -> None:
    """What another target was told later does not stand in the way."""
    rejected = promise()
    his.rejects = {"RX01": "2004"}
    deliver_to("his", his)
    promise(op="REVOKE", target="platform")
    deliver_to("platform", platform)
    rejected.refresh_from_db()

    retry(message=rejected, by=lin, at=timezone.now(), reason="目录已补")

    assert state_of(rejected) == State.WAITING


def test_worker_that_died_on_one_target_is_left_to_its_own_sweep(
    his: MemoryHis, platform: MemoryHis, clock: Clock
) -> None:
    message = promise(target="platform")
    at = timezone.now()
    Message.objects.update(
        state=State.SENDING, claim=uuid.uuid4(), lease_until=at + timedelta(seconds=60)
    )
    clock.shift(timedelta(seconds=61))

    deliver_to("his", his)
    assert state_of(message) == State.SENDING
    deliver_to("platform", platform)

    assert state_of(message) == State.CONFIRMED


def test_target_that_answers_again_calls_back_its_own_only(
    his: MemoryHis, platform: MemoryHis, clock: Clock
) -> None:
    ours, theirs = promise("1001"), promise("1001", target="platform")
    his.is_down = platform.is_down = True
    for _try in range(5):
        deliver_to("his", his)
        deliver_to("platform", platform)
        ours.refresh_from_db()
        assert ours.due_at is not None
        clock.move_to(ours.due_at)
    deliver_to("his", his)
    deliver_to("platform", platform)
    his.is_down = False

    promise("1002")
    deliver_to("his", his)

    assert (state_of(ours), state_of(theirs)) == (State.CONFIRMED, State.WAITING)


# --- a target that cannot be read back --------------------------------------------------


def test_target_without_views_is_believed(platform: MemoryHis) -> None:
    message = promise(target="paper")

    deliver_to("paper", platform)

    assert state_of(message) == State.CONFIRMED
    assert tries_of(message) == [(Outcome.ACCEPTED, "0")]
    assert platform.calls == ["save"]
    assert message.delivered_at == message.confirmed_at == timezone.now()


def test_lost_answer_of_a_target_without_views_is_asked_for_again_by_the_same_id(
    platform: MemoryHis,
) -> None:
    message = promise(target="paper")
    platform.save_faults = ["lost"]

    deliver_to("paper", platform)

    assert state_of(message) == State.CONFIRMED
    assert tries_of(message) == [(Outcome.ANSWER_LOST, ""), (Outcome.ACCEPTED, "0")]
    assert platform.calls == ["save", "save"]
    assert len(platform.effects) == 1


# --- a target that is away ------------------------------------------------------------


def test_target_that_is_away_is_asked_by_one_worker_at_a_time(
    platform: MemoryHis, clock: Clock
) -> None:
    message = promise(target="platform")
    platform.is_down = True
    deliver_to("platform", platform)
    clock.shift(timedelta(seconds=2))
    now = timezone.now()
    # Another worker is waiting for its answer.
    TargetState.objects.update(asked_until=now + timedelta(seconds=60))
    platform.calls.clear()

    assert deliver_to("platform", platform).is_shut is True
    assert platform.calls == []

    # It died.
    clock.shift(timedelta(seconds=61))
    platform.is_down = False
    deliver_to("platform", platform)

    assert state_of(message) == State.CONFIRMED
    state = TargetState.objects.get(name="platform")
    assert (state.away_since, state.asked_until) == (None, None)


def test_first_silence_is_when_a_target_went_away(
    platform: MemoryHis, clock: Clock
) -> None:
    promise(target="platform")
    platform.is_down = True
    since = timezone.now()
    deliver_to("platform", platform)
    clock.shift(timedelta(seconds=2))
    deliver_to("platform", platform)

    state = TargetState.objects.get(name="platform")
    assert (state.away_since, state.asked_until) == (since, None)


# --- doors ----------------------------------------------------------------------------


def test_sweep_delivers_to_the_his_and_wakes_a_task_for_each_other_target(
    monkeypatch: pytest.MonkeyPatch, his: MemoryHis
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(tasks, "nudge", rung.append)
    monkeypatch.setattr("portal.his.targets.Target.gateway", lambda _target: his)
    ours, theirs = promise(), promise(target="platform")

    tasks.deliver()
    assert rung == ["platform", "paper"]
    assert (state_of(ours), state_of(theirs)) == (State.CONFIRMED, State.WAITING)
    tasks.deliver("platform")

    assert rung == ["platform", "paper"]
    assert state_of(theirs) == State.CONFIRMED


LIMITED = "[his]\nper_second = 1\n" + TARGETS


@pytest.fixture
def delayed(monkeypatch: pytest.MonkeyPatch, his: MemoryHis) -> list[Any]:
    """What rings later, and the sweep's other tasks go nowhere."""
    rung: list[Any] = []

    def ring(given: tuple[str, ...], **options: Any) -> None:
        rung.append((given, options["countdown"], options["expires"]))

    monkeypatch.setattr(tasks, "nudge", lambda _target: None)
    monkeypatch.setattr("portal.his.targets.Target.gateway", lambda _target: his)
    monkeypatch.setattr(tasks.deliver, "apply_async", ring)
    return rung


def test_limited_his_is_rung_for_alone_in_the_next_second(
    settings: Any, delayed: list[Any]
) -> None:
    settings.HIS_TARGETS = LIMITED
    messages = [promise("1001"), promise("1002")]

    tasks.deliver()

    assert delayed == [(("his",), 1, 61)]
    assert [state_of(row) for row in messages] == [State.CONFIRMED, State.WAITING]


def test_run_that_found_the_second_used_up_rings_no_more(
    settings: Any, delayed: list[Any]
) -> None:
    """However many sweeps begin while a limited target has work: one chain goes on."""
    settings.HIS_TARGETS = LIMITED
    promise("1001"), promise("1002")
    tasks.deliver()
    delayed.clear()

    tasks.deliver()
    tasks.deliver("his")

    assert delayed == []


def test_target_that_is_not_set_up_is_said_to_be(his: MemoryHis) -> None:
    with pytest.raises(HisMisconfigured, match="没有名为 nowhere 的对接目标"):
        deliver_to("nowhere", his)


def test_try_keeps_under_which_id_it_was_sent(
    his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    message = promise()
    first = message.request_id
    his.rejects = {"RX01": "2004"}
    deliver()
    his.rejects = {}
    message.refresh_from_db()
    retry(message=message, by=lin, at=timezone.now(), reason="目录已补")
    message.refresh_from_db()
    deliver()

    sent = list(Attempt.objects.order_by("id").values_list("request_id", flat=True))
    assert sent == [first, message.request_id]
    assert first != message.request_id


# --- not proven in time -----------------------------------------------------------------


def test_refused_act_names_no_target_nobody_knows(lin: User) -> None:
    from portal.outbox.services import freeze

    with pytest.raises(NotPossible, match="没有这个对接目标"):
        freeze(target="nowhere", by=lin, at=timezone.now(), reason="升级")
    assert TargetState.objects.count() == 0
