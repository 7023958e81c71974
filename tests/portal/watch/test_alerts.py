"""Alerts: each rule opens once, calls the information center, and closes by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from portal.accounts.models import User
from portal.notices.models import Notice
from portal.outbox.models import Message, State
from portal.outbox.services import freeze, thaw
from portal.parameters.registry import Parameter
from portal.watch import services, tasks
from portal.watch.comparisons import Standing
from portal.watch.models import Alert, Sign
from portal.watch.presenters import alert_row
from portal.watch.queries import open_alerts, signs
from portal.watch.rules import BEAT, PARAMETERS, PUSH, WORKER, Rule
from portal.watch.services import alive, note, watch, watch_seldom
from tests.harness import assert_queries
from tests.portal.watch.conftest import Setter, compared, of_grades, standing

pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller


def opened() -> list[tuple[str, str, int]]:
    """What one look opens."""
    return [(one.rule, one.target, one.amount) for one in watch(timezone.now())]


def is_open() -> list[str]:
    return [alert.rule for alert in open_alerts()]


@pytest.mark.parametrize(
    ("state", "fields", "minutes", "rules"),
    [
        (State.WAITING, {"tries": 3}, 14, ["UNCONFIRMED"]),
        (State.WAITING, {"tries": 3}, 15, ["STUCK"]),
        (State.WAITING, {"tries": 1}, 9, []),
        (State.WAITING, {"tries": 1}, 10, ["UNCONFIRMED"]),
        (State.DELIVERED, {}, 10, ["UNCONFIRMED"]),
        (State.DELIVERED, {"mismatch": [{}]}, 10, ["UNCONFIRMED"]),
        (State.REJECTED, {}, 0, ["REJECTED"]),
        (State.REJECTED, {}, 600, ["REJECTED"]),
        (State.UNKNOWN, {}, 9, []),
        (State.UNKNOWN, {}, 10, ["UNKNOWN"]),
        (State.UNKNOWN, {"tries": 3}, 15, ["STUCK", "UNKNOWN"]),
        (State.CONFIRMED, {}, 600, []),
        (State.STOPPED, {}, 600, []),
    ],
)
def test_messages_open_the_alerts_of_their_state_and_age(
    state: State, fields: dict[str, Any], minutes: int, rules: list[str], clock: Clock
) -> None:
    standing(state, **fields)
    clock.shift(timedelta(minutes=minutes))

    watch(timezone.now())

    assert is_open() == rules


def test_unconfirmed_counts_what_no_other_alert_tells(clock: Clock) -> None:
    standing(State.REJECTED, "1001")
    standing(State.UNKNOWN, "1002")
    standing(State.WAITING, "1003", tries=3)
    standing(State.DELIVERED, "1004")
    standing(State.WAITING, "1005")
    clock.shift(timedelta(minutes=20))

    assert opened() == [
        ("STUCK", "his", 1),
        ("UNKNOWN", "his", 1),
        ("UNCONFIRMED", "his", 2),
        ("REJECTED", "his", 1),
    ]


@pytest.mark.parametrize(
    ("rule", "limit", "state", "tries"),
    [
        (Rule.REJECTED, 0, State.REJECTED, 1),
        (Rule.REJECTED, 2, State.REJECTED, 1),
        (Rule.UNKNOWN, 0, State.UNKNOWN, 1),
        (Rule.UNKNOWN, 30, State.UNKNOWN, 1),
        (Rule.STUCK, 0, State.WAITING, 3),
        (Rule.STUCK, 30, State.WAITING, 3),
    ],
)
def test_unconfirmed_counts_what_the_hospital_is_not_told_otherwise(
    rule: Rule, limit: int, state: State, tries: int, set_to: Setter, clock: Clock
) -> None:
    """A rule that is off, or not broken yet, tells of nothing."""
    set_to(PARAMETERS[rule], limit)
    standing(state, tries=tries)
    clock.shift(timedelta(minutes=20))

    assert opened() == [("UNCONFIRMED", "his", 1)]


def test_message_that_waits_for_its_day_is_not_late(clock: Clock) -> None:
    standing(State.WAITING, not_before=timezone.now() + timedelta(days=8))
    clock.shift(timedelta(days=7))

    assert opened() == []


def test_many_messages_are_one_alert_told_once(gao: User, clock: Clock) -> None:
    for emp_no in ("1001", "1002", "1003"):
        standing(State.REJECTED, emp_no)

    assert opened() == [("REJECTED", "his", 3)]
    standing(State.REJECTED, "1004")
    clock.shift(timedelta(minutes=1))
    assert opened() == []

    [alert] = open_alerts()
    assert alert.amount == 4
    notice = Notice.objects.get()
    assert (notice.recipient, notice.kind, notice.link) == (gao, "HIS", "/his/")
    assert notice.title == "HIS 对接告警：消息被拒收"
    assert notice.text == (
        "3 条变更被 HIS 拒收，最早的应于 2026-11-23 10:00:00 送达。"
        "请按 HIS 给出的原因处理。"
    )


def test_alert_closes_by_itself(gao: User, clock: Clock) -> None:
    message = standing(State.REJECTED)
    watch(timezone.now())
    clock.shift(timedelta(minutes=5))
    Message.objects.filter(pk=message.pk).update(state=State.STOPPED)

    assert opened() == []

    alert = Alert.objects.get()
    assert alert.closed_at == timezone.now()
    assert is_open() == []


@pytest.mark.parametrize(("minutes", "alerts"), [(29, 1), (31, 2)])
def test_alert_that_comes_back_soon_calls_nobody_again(
    minutes: int, alerts: int, gao: User, clock: Clock
) -> None:
    message = standing(State.REJECTED)
    watch(timezone.now())
    Message.objects.filter(pk=message.pk).update(state=State.STOPPED)
    watch(timezone.now())
    clock.shift(timedelta(minutes=minutes))
    standing(State.REJECTED, "1002")

    watch(timezone.now())

    assert is_open() == ["REJECTED"]
    assert Alert.objects.count() == Notice.objects.count() == alerts


@pytest.mark.parametrize("rule", PARAMETERS)
def test_rule_that_is_switched_off_opens_nothing(
    rule: Rule, set_to: Setter, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared(monkeypatch, of_grades(10, hours=31))
    standing(State.WAITING, "1001", tries=3)
    standing(State.REJECTED, "1002")
    standing(State.UNKNOWN, "1003")
    standing(State.DELIVERED, "1005")
    slow = standing(State.CONFIRMED, "1004")
    now = timezone.now()
    alive(BEAT, now)
    alive("his:his", now)
    clock.shift(timedelta(minutes=30))
    Message.objects.filter(pk=slow.pk).update(confirmed_at=timezone.now())
    note("his:his", timezone.now(), is_alive=False)
    if rule is Rule.WORKER_SILENT:
        alive(PUSH, now)
    watch(timezone.now())
    assert rule in is_open()

    set_to(PARAMETERS[rule], 0)
    watch(timezone.now())

    assert rule not in is_open()


def test_threshold_is_the_hospitals(set_to: Setter) -> None:
    parameter: Parameter = PARAMETERS[Rule.REJECTED]
    set_to(parameter, 2)
    standing(State.REJECTED, "1001")
    assert opened() == []

    standing(State.REJECTED, "1002")

    assert opened() == [("REJECTED", "his", 2)]


def test_slow_deliveries_of_the_last_hour_are_told(clock: Clock) -> None:
    message = standing(State.CONFIRMED)
    clock.shift(timedelta(seconds=121))
    Message.objects.filter(pk=message.pk).update(confirmed_at=timezone.now())

    assert opened() == [("LAG", "", 121)]
    clock.shift(timedelta(minutes=61))
    watch(timezone.now())
    assert is_open() == []


def test_silent_workers_are_told_alone(gao: User, clock: Clock) -> None:
    """Nobody could have heard the beat, or asked the HIS."""
    now = timezone.now()
    for name in (PUSH, WORKER, BEAT, "his:his"):
        alive(name, now)
    clock.shift(timedelta(minutes=20))

    assert opened() == [("WORKER_SILENT", "", 20)]
    notice = Notice.objects.get()
    assert notice.title == "HIS 对接告警：后台进程没有动静"
    assert "请在服务器检查 yiwu-push 和消息中间件。" in notice.text


def test_worker_that_delivers_is_missed_although_the_other_one_lives(
    clock: Clock,
) -> None:
    alive(PUSH, timezone.now())
    clock.shift(timedelta(minutes=5))

    tasks.look()

    assert [(alert.rule, alert.amount) for alert in open_alerts()] == [
        ("WORKER_SILENT", 5)
    ]
    assert set(signs()) == {PUSH, WORKER, BEAT, "his:his"}


@pytest.mark.parametrize("lives", [PUSH, WORKER])
def test_silent_beat_is_told_while_a_worker_lives(lives: str, clock: Clock) -> None:
    alive(WORKER, timezone.now())
    alive(BEAT, timezone.now())
    clock.shift(timedelta(minutes=10))
    alive(lives, timezone.now())

    assert opened() == [("BEAT_SILENT", "", 10)]


def test_his_that_is_away_is_told_after_so_long(clock: Clock) -> None:
    services.ask_his(timezone.now())
    clock.shift(timedelta(minutes=5))
    assert opened() == []  # nobody has asked again: nothing is known

    assert services.ask_his(timezone.now()) == ["his"]

    assert opened() == [("HIS_AWAY", "his", 5)]
    note("his:his", timezone.now(), is_alive=True)
    watch(timezone.now())
    assert is_open() == []


def test_parts_that_never_gave_a_sign_are_not_installed_yet(clock: Clock) -> None:
    clock.shift(timedelta(days=1))

    assert opened() == []
    assert Sign.objects.count() == 0


def test_two_who_look_at_once_open_one_alert(
    gao: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing(State.REJECTED)
    monkeypatch.setattr(services, "open_alerts", list)  # as the slower of two saw it
    watch(timezone.now())

    assert opened() == []

    assert Alert.objects.count() == Notice.objects.count() == 1


def test_requests_look_seldom() -> None:
    standing(State.REJECTED)
    watch_seldom(timezone.now())
    Alert.objects.all().delete()

    with assert_queries(0):
        watch_seldom(timezone.now())

    assert is_open() == []


def test_look_costs_at_most_nine_queries_when_nothing_changes() -> None:
    standing(State.REJECTED)
    watch(timezone.now())

    with assert_queries(9):
        watch(timezone.now())


@pytest.mark.parametrize(
    ("count", "alerts"), [(9, []), (10, [("DRIFT", "grades", 10)])]
)
def test_drifts_nobody_sees_to_are_told_by_part(
    count: int, alerts: list[Any], gao: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared(monkeypatch, of_grades(count, hours=1))

    assert opened() == alerts

    words = [one.text for one in Notice.objects.all()]
    assert words == [
        "手术级别与 HIS 有 10 项差异没有处理，最早的发现于 2026-11-21 10:00:00。"
        "请修复、提议采纳或注明不处理。"
    ] * len(alerts)


def test_night_without_a_look_is_told_and_over_with_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    never = Standing("rights", {"MISSING": 0}, None, None)
    compared(monkeypatch, never, of_grades(0, hours=29.9))
    assert opened() == []
    compared(monkeypatch, never, of_grades(0, hours=30))
    assert opened() == [("NOT_COMPARED", "grades", 30)]

    compared(monkeypatch, never, of_grades(0, hours=0))
    watch(timezone.now())

    assert is_open() == []


def test_alert_of_a_part_leads_to_its_drifts(monkeypatch: pytest.MonkeyPatch) -> None:
    compared(monkeypatch, of_grades(12, hours=1))
    (alert,) = watch(timezone.now())

    row = alert_row(alert, "/his/")

    assert (row.note.link_url, str(row.note.link_text)) == ("/drifts/", "查看差异")


def test_what_is_frozen_calls_nobody(gao: User, clock: Clock) -> None:
    standing(State.WAITING)
    freeze(by=gao, at=timezone.now(), reason="HIS 升级")
    clock.shift(timedelta(hours=1))
    assert opened() == []

    thaw(by=gao, at=timezone.now(), reason="升级完成")

    assert opened() == [("UNCONFIRMED", "his", 1)]
