"""Freeze, hours and limit: what stands between a promise and its target."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.his.targets import target_of
from portal.outbox.delivery import Summary, deliver_due
from portal.outbox.freezing import frozen
from portal.outbox.gate import Gate
from portal.outbox.lanes import CHUNK
from portal.outbox.models import EVERY_TARGET, Message, State, TargetState
from portal.outbox.services import NotPossible, freeze, thaw
from tests.harness import assert_queries
from tests.portal.outbox.conftest import promise, state_of
from tests.portal.outbox.memory_his import MemoryHis

pytestmark = pytest.mark.django_db
Deliver = Callable[[], Summary]
Clock = time_machine.Traveller
OTHER = '[other]\ndsn = "postgresql+psycopg://yw@127.0.0.1/other"\n'


@pytest.fixture(autouse=True)
def _targets(settings: Any) -> None:
    settings.HIS_TARGETS = OTHER


def stop_pushing(by: User, target: str = EVERY_TARGET, **given: Any) -> TargetState:
    return freeze(target=target, by=by, at=timezone.now(), reason="HIS 升级", **given)


def go_on(by: User, target: str = EVERY_TARGET) -> TargetState:
    return thaw(target=target, by=by, at=timezone.now(), reason="升级完成")


def deliver_to(target: str, his: MemoryHis) -> Summary:
    return deliver_due(gateway=his, target=target, lanes=1)


# --- freeze ---------------------------------------------------------------------------


def test_nothing_is_sent_while_all_is_frozen_and_all_of_it_afterwards(
    his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    before = promise("1001")
    stop_pushing(lin)
    meanwhile = promise("1002", "SUSPEND")

    assert deliver().is_shut is True
    assert deliver_to("other", his).is_shut is True
    assert (his.calls, his.effects) == ([], [])
    assert [state_of(row) for row in (before, meanwhile)] == [State.WAITING] * 2
    assert [row.tries for row in (before, meanwhile)] == [0, 0]
    go_on(lin)
    deliver()

    assert [state_of(row) for row in (before, meanwhile)] == [State.CONFIRMED] * 2


def test_frozen_target_leaves_the_others_alone(
    his: MemoryHis, deliver: Deliver, lin: User
) -> None:
    ours, theirs = promise(), promise(target="other")
    stop_pushing(lin, "other")

    deliver()
    deliver_to("other", his)

    assert (state_of(ours), state_of(theirs)) == (State.CONFIRMED, State.WAITING)


def test_freeze_with_an_end_is_over_by_itself(
    his: MemoryHis, deliver: Deliver, lin: User, clock: Clock
) -> None:
    message = promise()
    stop_pushing(lin, until=timezone.now() + timedelta(hours=4))

    clock.shift(timedelta(hours=4) - timedelta(seconds=1))
    assert (deliver().is_shut, len(frozen(timezone.now()))) == (True, 1)
    clock.shift(timedelta(seconds=1))
    deliver()

    assert state_of(message) == State.CONFIRMED
    assert frozen(timezone.now()) == []


def test_freeze_set_meanwhile_stops_a_worker_under_way(
    his: MemoryHis, lin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4 * CHUNK):
        promise(f"1{number:03}")
    gate_look = Gate.is_shut
    seen: list[int] = []

    def is_shut(gate: Gate, at: datetime) -> bool:
        seen.append(len(his.effects))
        if len(seen) == 2:
            stop_pushing(lin)
        return gate_look(gate, at)

    monkeypatch.setattr(Gate, "is_shut", is_shut)

    summary = deliver_due(gateway=his, lanes=1)

    assert summary.is_shut is True
    # One chunk was written down, another one was in the lane's hands.
    assert CHUNK <= len(his.effects) <= 2 * CHUNK
    left = Message.objects.filter(state=State.WAITING, claim__isnull=True).count()
    assert left == 4 * CHUNK - len(his.effects)


def test_freeze_and_thaw_are_events_with_who_when_why(lin: User) -> None:
    until = timezone.now() + timedelta(hours=4)
    row = stop_pushing(lin, until=until)
    assert (row.frozen_by, row.frozen_at, row.frozen_reason, row.frozen_until) == (
        lin,
        timezone.now(),
        "HIS 升级",
        until,
    )
    assert frozen(timezone.now()) == [row]

    row = go_on(lin)

    assert (row.frozen_by, row.frozen_at, row.frozen_reason, row.frozen_until) == (
        None,
        None,
        "",
        None,
    )
    events = AuditEvent.objects.order_by("id").values_list(
        "kind", "by", "subject_type", "subject_id", "reason", "detail"
    )
    of = ("outbox.target", "*")
    assert list(events) == [
        (
            EventKind.TARGET_FROZEN,
            lin.pk,
            *of,
            "HIS 升级",
            {"until": until.isoformat()},
        ),
        (EventKind.TARGET_THAWED, lin.pk, *of, "升级完成", {}),
    ]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"reason": "  "}, "请填写原因"),
        ({"target": "nowhere"}, "没有这个对接目标"),
        ({"until": datetime(2020, 1, 1, tzinfo=UTC)}, "结束时间应晚于现在"),
    ],
)
def test_refused_freeze_leaves_nothing(
    given: dict[str, Any], words: str, lin: User
) -> None:
    with pytest.raises(NotPossible, match=words):
        freeze(**{"by": lin, "at": timezone.now(), "reason": "升级", **given})

    assert TargetState.objects.count() == 0
    assert AuditEvent.objects.count() == 0


def test_freeze_of_what_is_frozen_and_thaw_of_what_is_not_are_refused(
    lin: User, chen: User
) -> None:
    with pytest.raises(NotPossible, match="没有冻结"):
        go_on(lin)
    stop_pushing(lin)
    with pytest.raises(NotPossible, match="已经冻结"):
        stop_pushing(chen)

    [state] = frozen(timezone.now())
    assert state.frozen_by == lin
    assert AuditEvent.objects.count() == 1


# --- hours ----------------------------------------------------------------------------


def test_target_is_told_in_its_hours_only(
    his: MemoryHis, clock: Clock, settings: Any
) -> None:
    settings.HIS_TARGETS = OTHER + 'window = "00:00-06:00"\n'
    clock.move_to(datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC))  # 23:59:59 here
    message = promise(target="other")

    assert deliver_to("other", his).is_shut is True
    assert (his.calls, state_of(message)) == ([], State.WAITING)
    clock.shift(timedelta(seconds=1))
    deliver_to("other", his)

    assert state_of(message) == State.CONFIRMED


# --- limit ----------------------------------------------------------------------------


def test_target_is_told_no_more_than_its_limit_in_a_second(
    his: MemoryHis, clock: Clock, settings: Any
) -> None:
    settings.HIS_TARGETS = OTHER + "per_second = 3\n"
    for number in range(7):
        promise(f"100{number}", target="other")

    told = []
    for _second in range(3):
        summary = deliver_to("other", his)
        told.append((len(his.effects), summary.is_limited))
        assert deliver_to("other", his).total == 0
        clock.shift(timedelta(seconds=1))

    assert told == [(3, True), (6, True), (7, False)]


def test_limit_counts_only_what_was_taken(
    his: MemoryHis, clock: Clock, settings: Any
) -> None:
    settings.HIS_TARGETS = OTHER + "per_second = 3\n"
    promise("1001", target="other")
    deliver_to("other", his)
    promise("1002", target="other")
    promise("1003", target="other")

    deliver_to("other", his)

    assert len(his.effects) == 3
    assert TargetState.objects.get(name="other").told == 3


def test_clock_set_back_does_not_hold_a_limited_target(
    his: MemoryHis, clock: Clock, settings: Any
) -> None:
    settings.HIS_TARGETS = OTHER + "per_second = 1\n"
    promise("1001", target="other")
    deliver_to("other", his)
    clock.shift(timedelta(hours=-1))
    promise("1002", target="other")

    deliver_to("other", his)

    assert len(his.effects) == 2


def test_two_workers_together_keep_the_limit(settings: Any) -> None:
    settings.HIS_TARGETS = OTHER + "per_second = 10\n"
    at = timezone.now()
    one, two = Gate(target_of("other")), Gate(target_of("other"))

    allowed = [one.allowance(at, 6), two.allowance(at, 6), one.allowance(at, 6)]
    assert allowed == [6, 4, 0]
    two.give_back(at, 3)
    assert one.allowance(at, 6) == 3


def test_gate_without_news_costs_one_query(his: MemoryHis) -> None:
    gate = Gate(target_of("his"))
    at = timezone.now()

    with assert_queries(1):
        assert gate.enter(at) is True
        gate.leave(at, is_away=False, has_answered=True)
    assert TargetState.objects.count() == 0
