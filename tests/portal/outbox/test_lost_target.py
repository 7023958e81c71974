"""Messages to a target that was taken out of the settings: told of, and to be stopped."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.outbox.delivery import Summary
from portal.outbox.models import Attempt, Message, State
from portal.outbox.replaying import replay
from portal.outbox.services import NotPossible, retry, stop
from portal.watch.models import Alert
from portal.watch.presenters import words_of
from tests.cast import make_user, sign_in
from tests.pages import CheckedClient
from tests.portal.outbox.conftest import promise, state_of, tries_of
from tests.portal.outbox.memory_his import MemoryHis

pytestmark = pytest.mark.django_db
PLATFORM = '[platform]\ntitle = "集成平台"\ndsn = "mllp://127.0.0.1:2575"\n'
WORDS = (
    "对接目标 platform 已不在设置中，还有 2 条变更没有送达，也不会再送。"
    "请把它放回 HIS_TARGETS，或逐条停止。"
)


@pytest.fixture
def gao(db: None) -> User:
    return make_user("2051", "高远", Role.INFORMATION_CENTER)


@pytest.fixture
def lost(settings: Any) -> list[Message]:
    """Two promised to the platform, of which one was under way as it went away."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    settings.HIS_TARGETS = PLATFORM
    cache.clear()
    promise()
    found = [promise(emp_no, target="platform") for emp_no in ("1001", "1002")]
    Message.objects.filter(pk=found[1].pk).update(
        state=State.SENDING,
        claim=uuid.uuid4(),
        lease_until=timezone.now() + timedelta(seconds=60),
    )
    settings.HIS_TARGETS = ""
    return found


def given_up(message: Message, by: User) -> Message:
    message.refresh_from_db()
    return stop(message=message, by=by, at=timezone.now(), reason="平台已下线")


def test_page_says_that_nobody_tells_them_and_what_to_do(
    client: CheckedClient, gao: User, lost: list[Message]
) -> None:
    sign_in(client, gao)

    tiles = client.get(reverse("desk:his-tiles")).content.decode()
    page = client.get("/his/?view=open&target=platform").content.decode()

    assert WORDS in tiles
    assert "/his/?view=open&amp;target=platform" in tiles
    assert 'value="platform"' in page
    shown = [one.pk for one in Message.objects.order_by("pk") if f"#{one.pk} " in page]
    assert shown == [one.pk for one in lost]
    assert "platform（已不在设置中）" in page


def test_page_is_silent_where_every_target_is_set_up(
    client: CheckedClient, gao: User, lost: list[Message], settings: Any
) -> None:
    settings.HIS_TARGETS = PLATFORM
    sign_in(client, gao)

    assert "已不在设置中" not in client.get(reverse("desk:his-tiles")).content.decode()
    assert "已不在设置中" not in client.get("/his/?view=open").content.decode()


def test_terminal_counts_and_names_them(lost: list[Message]) -> None:
    status, listed = StringIO(), StringIO()

    call_command("outbox", "--json", "status", stdout=status)
    call_command("outbox", "list", "--target", "platform", stdout=listed)

    assert json.loads(status.getvalue())["without_target"] == {"platform": 2}
    assert [line.split()[1] for line in listed.getvalue().splitlines()] == [
        "platform",
        "platform",
    ]


def test_alert_says_what_to_do() -> None:
    alert = Alert(rule=Alert.Rule.UNCONFIRMED, target="platform", amount=2)
    of_the_his = Alert(rule=Alert.Rule.UNCONFIRMED, target="his", amount=2)

    more = words_of(alert).removeprefix(words_of(of_the_his))

    assert more == (
        "对接目标 platform 已不在设置中，请把它放回 HIS_TARGETS，或停止这些变更。"
    )


def test_one_under_way_is_stopped_once_its_lease_is_over(
    client: CheckedClient,
    gao: User,
    lost: list[Message],
    time_machine: time_machine.TimeMachineFixture,
) -> None:
    waiting, sending = lost
    before = list(Message.objects.order_by("pk").values())
    with pytest.raises(NotPossible, match="这条正在送达，请稍候再试"):
        given_up(sending, gao)
    assert list(Message.objects.order_by("pk").values()) == before
    assert (Attempt.objects.count(), AuditEvent.objects.count()) == (0, 0)
    later = timezone.now() + timedelta(seconds=61)
    time_machine.move_to(later, tick=False)
    sign_in(client, gao)
    assert (
        reverse("desk:his-act", args=[sending.pk, "stop"])
        in client.get("/his/?view=open").content.decode()
    )

    assert given_up(sending, gao).state == State.STOPPED
    assert given_up(waiting, gao).state == State.STOPPED

    # Nobody knows whether the target took it, and that stays known.
    assert tries_of(sending) == [("ANSWER_LOST", "")]
    assert tries_of(waiting) == []


def test_one_given_up_under_way_counts_as_perhaps_taken(
    gao: User, settings: Any, time_machine: time_machine.TimeMachineFixture
) -> None:
    """An earlier grant of its line must not come back after it."""
    settings.HIS_TARGETS = PLATFORM
    rejected = promise("1001", target="platform")
    Message.objects.update(state=State.REJECTED, due_at=None)
    revocation = promise("1001", "REVOKE", target="platform")
    Message.objects.filter(pk=revocation.pk).update(
        state=State.SENDING, claim=uuid.uuid4(), lease_until=timezone.now()
    )
    time_machine.move_to(timezone.now() + timedelta(seconds=1), tick=False)
    given_up(revocation, gao)
    rejected.refresh_from_db()

    with pytest.raises(NotPossible, match="停止前可能已经生效，这条只能停止"):
        retry(message=rejected, by=gao, at=timezone.now(), reason="再试")

    assert state_of(rejected) == State.REJECTED


@pytest.mark.parametrize("act", [retry, replay])
def test_one_is_not_told_again_and_says_why(
    act: Callable[..., Message], gao: User, lost: list[Message]
) -> None:
    Message.objects.filter(pk=lost[0].pk).update(
        state=State.CONFIRMED if act is replay else State.REJECTED,
        confirmed_at=timezone.now() if act is replay else None,
        due_at=None,
    )
    before = list(Message.objects.order_by("pk").values())

    with pytest.raises(NotPossible, match="已不在设置中，不能再送"):
        act(message=lost[0], by=gao, at=timezone.now(), reason="再试")

    assert list(Message.objects.order_by("pk").values()) == before
    assert AuditEvent.objects.count() == 0


# --- where a message stands, in words ---------------------------------------------------


def test_one_behind_another_names_the_one_that_has_to_go_first(
    client: CheckedClient,
    gao: User,
    his: MemoryHis,
    deliver: Callable[[], Summary],
    settings: Any,
) -> None:
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    first = promise()
    his.save_faults = ["down"]
    deliver()
    second = promise(priv_code="AB02")
    assert (state_of(first), state_of(second)) == (State.WAITING, State.WAITING)
    sign_in(client, gao)

    page = client.get("/his/?view=open").content.decode()
    url = reverse("desk:his-message", args=[second.pk])
    drawer = client.get(url, headers={"HX-Request": "true"}).content.decode()

    assert page.count(f"等前一条 #{first.pk}<") == 1
    assert f"等前一条 #{first.pk}" in drawer
    assert reverse("desk:his-message", args=[first.pk]) in drawer


def test_act_opened_in_a_window_of_its_own_leads_to_the_message(
    client: CheckedClient, gao: User
) -> None:
    message = promise()
    sign_in(client, gao)

    response: Any = client.get(reverse("desk:his-act", args=[message.pk, "stop"]))

    assert (response.status_code, response.headers["Location"]) == (
        302,
        f"/his/?view=all&message={message.pk}",
    )
