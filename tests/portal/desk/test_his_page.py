"""HIS 对接: who sees it, what it shows, and what a person may do there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import SyncRun
from portal.outbox.models import Attempt, Message, State
from tests.cast import chen, lin, make_practitioner, make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.portal.outbox.conftest import promise

__all__ = ["chen", "lin"]
pytestmark = pytest.mark.django_db
URL = "/his/"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _no_his(settings: Any) -> None:
    """A HIS that is not there: asking it fails at once."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()


@pytest.fixture
def gao(db: None) -> User:
    """高, of the information center: operates the HIS connection."""
    return make_user("2051", "高远", Role.INFORMATION_CENTER)


@pytest.fixture
def rejected() -> Message:
    """Wang's right, refused by the HIS."""
    make_practitioner("1188", "王若谷")
    message = promise()
    Message.objects.filter(pk=message.pk).update(
        state=State.REJECTED,
        due_at=None,
        tries=1,
        last_code="2004",
        last_text="项目不存在",
    )
    Attempt.objects.create(
        message=message,
        started_at=timezone.now(),
        duration_ms=12,
        outcome=Attempt.Outcome.REJECTED,
        code="2004",
        text="项目不存在",
    )
    message.refresh_from_db()
    return message


def text_of(response: Any) -> str:
    html: str = response.content.decode()
    return html


def test_page_lists_messages_with_name_state_and_reason(
    client: CheckedClient, lin: User, rejected: Message
) -> None:
    sign_in(client, lin)

    html = text_of(client.get(URL))

    assert "王若谷 RX01" in html
    assert f"新增 1188 #{rejected.pk}" in html
    assert "2004 项目不存在" in html
    assert "重新送达" not in html


@pytest.mark.parametrize(
    ("query", "is_shown"),
    [
        ("q=1188", True),
        ("q=11", True),
        ("q=9999", False),
        ("view=rejected", True),
        ("view=waiting", False),
        ("view=stuck", False),
        ("state=REJECTED", True),
        ("state=CONFIRMED", False),
    ],
)
def test_page_finds_by_staff_number_and_state(
    client: CheckedClient, lin: User, rejected: Message, query: str, is_shown: bool
) -> None:
    sign_in(client, lin)

    html = text_of(client.get(f"{URL}?{query}"))

    assert ("王若谷 RX01" in html) is is_shown


def test_page_offers_acts_to_those_who_operate_the_connection(
    client: CheckedClient, gao: User, rejected: Message
) -> None:
    sign_in(client, gao)

    html = text_of(client.get(URL))

    assert reverse("desk:his-act", args=[rejected.pk, "retry"]) in html
    assert reverse("desk:his-act", args=[rejected.pk, "stop"]) in html
    assert "立即拉取" in html


def test_page_is_closed_to_a_department_head(client: CheckedClient, chen: User) -> None:
    sign_in(client, chen)

    assert client.get(URL).status_code == 403
    assert client.get(reverse("desk:his-tiles")).status_code == 403


@pytest.mark.parametrize("count", [5, 50])
def test_page_keeps_its_query_budget(
    client: CheckedClient, gao: User, count: int
) -> None:
    for number in range(count):
        make_practitioner(f"1{number:03}", "王若谷")
        promise(f"1{number:03}")
    sign_in(client, gao)
    client.get(URL)

    with assert_queries(9):
        client.get(URL)


def test_tiles_count_and_say_that_the_his_does_not_answer(
    client: CheckedClient, gao: User, rejected: Message
) -> None:
    at = timezone.now()
    stuck = promise("1001")
    Message.objects.filter(pk=stuck.pk).update(
        tries=3, due_at=at + timedelta(minutes=1)
    )
    promise("1002")
    SyncRun.objects.create(
        view="V_YW_DOCTOR", started_at=at, ended_at=at, state="TAKEN", read=1126
    )
    sign_in(client, gao)
    client.get(reverse("desk:his-tiles"))  # opens the alert of what was refused

    with assert_queries(18):
        response = client.get(reverse("desk:his-tiles"))

    context: Any = response.context
    assert [str(tile.value) for tile in context["tiles"]] == [
        *["2", "未应答", "0", "—", "2", "1", "0"]
    ]
    assert str(context["tiles"][5].note) == "拒收 1，未知 0，不一致 0"
    assert str(context["tiles"][4].note) == "卡住 1，最早的已等 0 秒"
    assert "1,126 行" in text_of(response)
    assert "yw:changed" not in response.headers.get("HX-Trigger-After-Settle", "")


def test_his_that_is_away_is_noted_once_for_all_interfaces(
    client: CheckedClient, gao: User
) -> None:
    at = timezone.now()
    words = {"V_YW_DOCTOR": "连接不上", "V_YW_DRUG": "连续失败，稍候再试"}
    for view, why in words.items():
        SyncRun.objects.create(
            view=view,
            started_at=at,
            ended_at=at,
            state=SyncRun.State.FAILED,
            error=f"HIS 未应答：{why}",
        )
    sign_in(client, gao)

    context: Any = client.get(reverse("desk:his-tiles")).context

    assert [str(note.text) for note in context["notes"]] == [
        "药品属性查询等 2 项接口：HIS 未应答：连续失败，稍候再试"
    ]
    assert str(context["tiles"][0].note) == "2 项需要查看"


def test_his_that_is_away_is_said_in_the_language_of_the_reader(
    client: CheckedClient, gao: User
) -> None:
    sign_in(client, gao)

    response = client.get(reverse("desk:his-tiles"), headers={"Accept-Language": "en"})

    context: Any = response.context
    assert context["tiles"][1].note == "HIS did not answer: no connection"


def test_tiles_polled_have_the_list_read_anew(client: CheckedClient, gao: User) -> None:
    sign_in(client, gao)

    response = client.get(reverse("desk:his-tiles"), headers={"X-YW-Poll": "1"})

    assert "yw:changed" in response.headers["HX-Trigger-After-Settle"]


def test_drawer_shows_call_answer_and_tries(
    client: CheckedClient, lin: User, rejected: Message
) -> None:
    sign_in(client, lin)

    html = text_of(
        client.get(reverse("desk:his-message", args=[rejected.pk]), headers=HTMX)
    )

    assert str(rejected.request_id) in html
    assert "2004 项目不存在，12 毫秒" in html
    assert "2026-11-23 10:00:00" in html


def test_message_opened_in_a_window_of_its_own_comes_with_its_page(
    client: CheckedClient, lin: User, rejected: Message
) -> None:
    sign_in(client, lin)
    address = reverse("desk:his-message", args=[rejected.pk])

    page = client.get(address, follow=True)

    assert page.redirect_chain == [(f"{URL}?view=all&message={rejected.pk}", 302)]
    assert f'hx-get="{address}" hx-target="#drawer" hx-trigger="load"' in text_of(page)


def test_one_behind_a_stuck_one_says_so_though_it_takes_away(
    client: CheckedClient, gao: User
) -> None:
    make_practitioner("1188", "王若谷")
    first, second = promise(), promise(op="SUSPEND")
    Message.objects.filter(pk=first.pk).update(
        tries=3, due_at=timezone.now() + timedelta(minutes=1), last_code=""
    )
    sign_in(client, gao)

    page: Any = client.get(URL)

    reasons = {row.id: row.reason for row in page.context["list"].rows}
    assert reasons[second.pk] == "前一条待处理"


def test_retry_puts_the_message_back_in_line(
    client: CheckedClient, gao: User, rejected: Message
) -> None:
    sign_in(client, gao)
    url = reverse("desk:his-act", args=[rejected.pk, "retry"])
    assert "确认重新送达 1 条" in text_of(client.get(url, headers=HTMX))

    response = client.post(url, {"reason": "项目已补"})

    assert response.status_code == 200
    assert "yw:close-drawer" in response.headers["HX-Trigger-After-Settle"]
    rejected.refresh_from_db()
    assert rejected.state == State.WAITING
    event = AuditEvent.objects.get(kind=EventKind.MESSAGE_RETRIED)
    assert (event.by, event.reason) == (gao, "项目已补")


def test_stop_gives_the_message_up(
    client: CheckedClient, gao: User, rejected: Message
) -> None:
    sign_in(client, gao)

    client.post(
        reverse("desk:his-act", args=[rejected.pk, "stop"]), {"reason": "人工处理"}
    )

    rejected.refresh_from_db()
    assert (rejected.state, rejected.last_text) == (State.STOPPED, "人工处理")


@pytest.mark.parametrize("name", ["retry", "stop", "replay"])
@pytest.mark.parametrize("reason", ["", "  "])
def test_act_without_a_reason_is_refused(
    client: CheckedClient, gao: User, rejected: Message, name: str, reason: str
) -> None:
    sign_in(client, gao)

    response = client.post(
        reverse("desk:his-act", args=[rejected.pk, name]), {"reason": reason}
    )

    assert response.status_code == 422
    rejected.refresh_from_db()
    assert rejected.state == State.REJECTED
    assert not AuditEvent.objects.filter(subject_type="outbox.message").exists()


@pytest.mark.parametrize("name", ["retry", "stop", "replay"])
def test_act_by_one_who_only_looks_is_refused(
    client: CheckedClient, lin: User, rejected: Message, name: str
) -> None:
    sign_in(client, lin)

    response = client.post(
        reverse("desk:his-act", args=[rejected.pk, name]), {"reason": "试试"}
    )

    assert response.status_code == 403
    rejected.refresh_from_db()
    assert rejected.state == State.REJECTED
    assert not AuditEvent.objects.filter(subject_type="outbox.message").exists()


def test_act_that_does_not_fit_any_more_says_why(
    client: CheckedClient, gao: User, rejected: Message
) -> None:
    sign_in(client, gao)
    Message.objects.update(state=State.STOPPED)

    response = client.post(
        reverse("desk:his-act", args=[rejected.pk, "retry"]), {"reason": "再试"}
    )

    assert response.status_code == 422
    assert "这条已停止，不再送达；请在「HIS 差异」比对后修复。" in text_of(response)
    # The list behind the drawer is of before, and reads itself anew.
    assert "yw:changed" in response.headers["HX-Trigger-After-Settle"]
