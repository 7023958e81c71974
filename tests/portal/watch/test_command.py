"""``manage.py outbox``: the acts of the page, its refusals, and the exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.outbox.archived import ArchivedMessage
from portal.outbox.freezing import frozen
from portal.outbox.models import Message, State
from portal.outbox.services import NOT_AGAIN
from portal.watch.tallies import COMPLETE_AFTER, fold
from tests.cast import lin
from tests.portal.outbox.conftest import deliver, his, promise, state_of
from tests.portal.watch.conftest import standing

__all__ = ["deliver", "his", "lin"]
pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller


def run(*words: object) -> tuple[int, str]:
    """The exit code and what was printed."""
    out = StringIO()
    try:
        call_command("outbox", *map(str, words), stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def told(*words: object) -> tuple[int, Any]:
    code, text = run("--json", *words)
    return code, json.loads(text)


def by(user: User, reason: str = "项目已补") -> tuple[str, ...]:
    return "--by", user.staff_no, "--reason", reason


def test_list_and_show_tell_of_messages(gao: User) -> None:
    message = standing(State.REJECTED, last_code="2004", last_text="项目不存在")
    promise("1002")

    code, found = told("list", "--view", "rejected")

    assert code == 0
    assert [(one["id"], one["state"], one["why"]) for one in found["messages"]] == [
        (message.pk, "REJECTED", "2004 项目不存在")
    ]
    assert run("list", "--state", "REJECTED") == (
        0,
        f"#{message.pk} practitioner:1188 拒收 2026-11-23T10:00:00+08:00"
        " 2004 项目不存在\n",
    )
    _code, whole = told("show", message.pk)
    assert (whole["payload"], whole["attempts"]) == (message.payload, [])


SEVERAL = '[platform]\ndsn = "mllp://127.0.0.1:2575"\n'


def test_list_of_one_target_leaves_out_the_others(settings: Any) -> None:
    settings.HIS_TARGETS = SEVERAL
    ours, theirs = promise("1001"), promise("1001", target="platform")

    code, found = told("list", "--target", "platform")

    assert (code, [one["id"] for one in found["messages"]]) == (0, [theirs.pk])
    assert run("list", "--target", "his") == (
        0,
        f"#{ours.pk} his practitioner:1001 等待 2026-11-23T10:00:00+08:00\n",
    )


def test_act_upon_one_target_leaves_the_others_alone(gao: User, settings: Any) -> None:
    settings.HIS_TARGETS = SEVERAL
    ours, theirs = promise("1001"), promise("1001", target="platform")
    choice = ("--all", "--target", "platform")

    with pytest.raises(CommandError, match="--all 必须加上"):
        run("stop", *choice, *by(gao))
    code, found = told("stop", *choice, "--state", "WAITING", *by(gao))

    assert (code, found["done"]) == (0, [theirs.pk])
    assert (state_of(ours), state_of(theirs)) == ("WAITING", "STOPPED")


def test_alert_says_at_which_of_several_targets(gao: User, settings: Any) -> None:
    settings.HIS_TARGETS = SEVERAL
    standing(State.REJECTED)

    code, text = run("alerts")

    assert code == 4
    assert text.startswith("2026-11-23T10:00:00+08:00 REJECTED his 1 条变更被 HIS 拒收")


def test_status_counts(gao: User) -> None:
    standing(State.REJECTED)
    promise("1002")

    assert told("status") == (
        0,
        {
            "waiting": 1,
            "stuck": 0,
            "rejected": 1,
            "unknown": 0,
            "different": 0,
            "oldest_at": "2026-11-23T10:00:00+08:00",
            "last_confirmed_at": None,
            "without_target": {},
        },
    )


def test_retry_of_some_that_cannot_exits_with_three(gao: User) -> None:
    rejected, done = standing(State.REJECTED), standing(State.CONFIRMED, "1002")

    code, found = told("retry", rejected.pk, done.pk, *by(gao))

    assert (code, found) == (
        3,
        {
            "act": "retry",
            "done": [rejected.pk],
            "refused": [{"id": done.pk, "why": NOT_AGAIN[State.CONFIRMED]}],
        },
    )
    assert state_of(rejected) == State.WAITING
    event = AuditEvent.objects.get(kind="MESSAGE_RETRIED")
    assert (event.by, event.reason) == (gao, "项目已补")


def test_act_that_is_refused_for_all_exits_with_one(gao: User) -> None:
    done = standing(State.CONFIRMED)

    code, text = run("stop", done.pk, *by(gao))

    assert code == 1
    assert text == f"0 条已办理，1 条不能办理\n#{done.pk} 这条已经结束，不能停止。\n"
    assert not AuditEvent.objects.filter(kind="MESSAGE_STOPPED").exists()


def test_replay_of_all_that_was_confirmed_since(
    gao: User, deliver: Callable[[], Any], clock: Clock
) -> None:
    old = promise("1001")
    deliver()
    clock.shift(timedelta(hours=1))
    lost = promise("1002")
    deliver()

    code, found = told(
        *("replay", "--all", "--state", "CONFIRMED", "--since", "2026-11-23T10:30"),
        *by(gao, "HIS 恢复到 10:30"),
    )

    assert (code, found["done"]) == (0, [lost.pk])
    assert (state_of(old), state_of(lost)) == ("CONFIRMED", "WAITING")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["retry", "1", "--by", "9999", "--reason", "试试"], "没有启用的账户 9999"),
        (["retry", "1", "--by", "2031", "--reason", "试试"], "2031 无权操作"),
        (["retry", "1", "--by", "2051", "--reason", "  "], "请填写原因"),
        (["retry", "7777", "--by", "2051", "--reason", "试试"], "没有消息 #7777"),
        (["stop", "--all", "--by", "2051", "--reason", "试试"], "--all 必须加上"),
        (["stop", "--by", "2051", "--reason", "试试"], "二者选一"),
        (["show", "7777"], "没有消息 #7777"),
    ],
)
def test_wrong_words_do_nothing(
    words: list[str], problem: str, gao: User, lin: User
) -> None:
    message = standing(State.REJECTED)
    words = [str(message.pk) if word == "1" else word for word in words]
    before = Message.objects.values().get()

    with pytest.raises(CommandError, match=problem) as refused:
        run(*words)

    assert refused.value.returncode == 1
    assert Message.objects.values().get() == before
    assert not AuditEvent.objects.filter(subject_type="outbox.message").exists()


def test_alerts_exits_with_four_while_one_is_open(gao: User) -> None:
    assert run("alerts") == (0, "没有告警\n")
    standing(State.REJECTED)

    code, found = told("alerts")

    assert code == 4
    assert [(one["rule"], one["amount"]) for one in found["alerts"]] == [
        ("REJECTED", 1)
    ]


def test_archive_moves_what_is_older_and_list_finds_it(
    deliver: Callable[[], Any], clock: Clock
) -> None:
    messages = [promise(op="SUSPEND"), promise(op="SUSPEND")]
    deliver()
    fold(timezone.now())
    clock.shift(COMPLETE_AFTER)
    clock.shift(timedelta(days=62))

    assert told("archive", "--months", "3") == (
        0,
        {"moved": 0, "streams": 0, "is_cut": False},
    )
    assert run("archive", "--months", "2") == (0, "归档 1 条\n")

    assert ArchivedMessage.objects.get().pk == messages[0].pk
    _code, found = told("list", "--archived")
    assert [one["id"] for one in found["messages"]] == [messages[0].pk]
    assert told("show", messages[0].pk)[1]["attempts"][0]["outcome"] == "CONFIRMED"


@pytest.mark.parametrize(
    ("months", "day"),
    [(1, "2026-10-23"), (11, "2025-12-23"), (12, "2025-11-23"), (24, "2024-11-23")],
)
def test_months_are_counted_by_the_calendar(months: int, day: str) -> None:
    from portal.watch.keeping import months_before

    assert months_before(timezone.now(), months).date().isoformat() == day


def test_freeze_and_thaw_by_the_command_line(gao: User) -> None:
    assert run("freeze", *by(gao, "HIS 升级")) == (0, "freeze *\n")
    with pytest.raises(CommandError, match="已经冻结"):
        run("freeze", *by(gao, "HIS 升级"))
    assert [state.frozen_reason for state in frozen(timezone.now())] == ["HIS 升级"]

    assert told("thaw", *by(gao, "升级完成")) == (0, {"act": "thaw", "target": "*"})

    assert frozen(timezone.now()) == []
    assert list(
        AuditEvent.objects.filter(by=gao).order_by("id").values_list("kind", flat=True)
    ) == ["TARGET_FROZEN", "TARGET_THAWED"]


@pytest.mark.parametrize("limit", ["-1", "0", "many"])
def test_list_is_of_one_at_least(limit: str) -> None:
    with pytest.raises(CommandError, match="--limit"):
        run("list", "--limit", limit)
