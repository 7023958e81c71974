"""HIS 对接: many messages at once, replay, the archive, alerts, and what a drawer tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.desk import acts_his
from portal.outbox.archiving import archive
from portal.outbox.freezing import frozen
from portal.outbox.models import Attempt, Message, State
from tests.cast import chen, lin, make_practitioner, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.portal.desk.test_his_page import gao, text_of
from tests.portal.outbox.conftest import promise, state_of
from tests.portal.watch.conftest import standing

__all__ = ["chen", "gao", "lin"]
pytestmark = pytest.mark.django_db
URL = "/his/"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _no_his(settings: Any) -> None:
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()


@pytest.fixture
def mixed() -> list[Message]:
    """Two that were refused, and one that has arrived."""
    return [
        standing(State.REJECTED, "1001", last_code="2004", last_text="项目不存在"),
        standing(State.REJECTED, "1002"),
        standing(State.CONFIRMED, "1003"),
    ]


def many(act: str) -> str:
    return reverse("desk:his-many", args=[act])


def ids(messages: list[Message]) -> str:
    return ",".join(str(message.pk) for message in messages)


def test_ticked_messages_are_shown_before_they_are_retried(
    client: CheckedClient, gao: User, mixed: list[Message]
) -> None:
    sign_in(client, gao)

    html = text_of(
        client.get(many("retry"), {"selected": [one.pk for one in mixed[:2]]})
    )

    assert "确认重新送达 2 条" in html
    assert all(f"#{one.pk}" in html for one in mixed[:2])
    assert f"#{mixed[2].pk}" not in html


def test_everything_a_filter_finds_is_chosen(
    client: CheckedClient, gao: User, mixed: list[Message]
) -> None:
    sign_in(client, gao)

    html = text_of(client.get(many("stop"), {"all": "1", "view": "rejected"}))

    assert "确认停止 2 条" in html
    assert f'value="{mixed[1].pk},{mixed[0].pk}"' in html


def test_retry_of_many_tells_exactly_what_was_done(
    client: CheckedClient, gao: User, mixed: list[Message]
) -> None:
    sign_in(client, gao)

    response = client.post(many("retry"), {"ids": ids(mixed), "reason": "项目已补"})

    html = text_of(response)
    assert response.status_code == 200
    assert "2 条已重新排队，1 条不能办理" in html
    assert f"#{mixed[2].pk}" in html
    assert "这条已回读一致，不需要重新送达；HIS 退回旧数据时请用「重放」。" in html
    assert "yw:changed" in response.headers["HX-Trigger-After-Settle"]
    assert [state_of(one) for one in mixed] == ["WAITING", "WAITING", "CONFIRMED"]
    assert AuditEvent.objects.filter(kind="MESSAGE_RETRIED", by=gao).count() == 2


def test_stop_of_many_closes_the_drawer_when_all_was_done(
    client: CheckedClient, gao: User, mixed: list[Message]
) -> None:
    sign_in(client, gao)

    response = client.post(many("stop"), {"ids": ids(mixed[:2]), "reason": "人工处理"})

    assert "yw:close-drawer" in response.headers["HX-Trigger-After-Settle"]
    assert [state_of(one) for one in mixed] == ["STOPPED", "STOPPED", "CONFIRMED"]


@pytest.mark.parametrize("act", ["retry", "stop", "replay"])
@pytest.mark.parametrize("reason", ["", "  "])
def test_act_on_many_without_a_reason_is_refused_and_keeps_the_choice(
    client: CheckedClient, gao: User, mixed: list[Message], act: str, reason: str
) -> None:
    sign_in(client, gao)

    response = client.post(many(act), {"ids": ids(mixed), "reason": reason})

    assert response.status_code == 422
    assert f'value="{ids(mixed[::-1])}"' in text_of(response)
    assert [state_of(one) for one in mixed] == ["REJECTED", "REJECTED", "CONFIRMED"]
    assert not AuditEvent.objects.filter(subject_type="outbox.message").exists()


def test_act_on_many_by_one_who_only_looks_is_refused(
    client: CheckedClient, lin: User, mixed: list[Message]
) -> None:
    sign_in(client, lin)

    response = client.post(many("stop"), {"ids": ids(mixed), "reason": "试试"})

    assert response.status_code == 403
    assert [state_of(one) for one in mixed] == ["REJECTED", "REJECTED", "CONFIRMED"]
    assert 'name="selected"' not in text_of(client.get(URL))


def test_more_than_fit_into_one_request_are_refused_with_the_way_out(
    client: CheckedClient,
    gao: User,
    mixed: list[Message],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(acts_his, "MOST", 1)
    sign_in(client, gao)

    html = text_of(client.get(many("stop"), {"all": "1", "view": "rejected"}))

    assert "选了 2 条，页面一次最多办理 1 条。" in html
    assert "确认停止" not in html


@pytest.mark.parametrize("name", ["his-act", "his-many"])
def test_unknown_act_is_not_found(
    client: CheckedClient, gao: User, mixed: list[Message], name: str
) -> None:
    sign_in(client, gao)
    arguments = [mixed[0].pk, "drop"] if name == "his-act" else ["drop"]

    assert client.get(reverse(f"desk:{name}", args=arguments)).status_code == 404


def test_confirmed_message_is_replayed_from_its_drawer(
    client: CheckedClient, gao: User, mixed: list[Message]
) -> None:
    sign_in(client, gao)
    message = mixed[2]
    drawer = text_of(
        client.get(reverse("desk:his-message", args=[message.pk]), headers=HTMX)
    )
    url = reverse("desk:his-act", args=[message.pk, "replay"])
    assert url in drawer

    client.post(url, {"reason": "HIS 由备份恢复"})

    assert state_of(message) == State.WAITING
    event = AuditEvent.objects.get(kind="MESSAGE_REPLAYED")
    assert (event.by, event.reason) == (gao, "HIS 由备份恢复")


def test_views_show_what_arrived_within_a_day_and_everything(
    client: CheckedClient,
    gao: User,
    mixed: list[Message],
    clock: time_machine.Traveller,
) -> None:
    clock.shift(timedelta(hours=25))
    late = standing(State.CONFIRMED, "1004")
    sign_in(client, gao)

    def shown(view: str) -> list[int]:
        response: Any = client.get(f"{URL}?view={view}")
        return [row.id for row in response.context["list"].rows]

    assert shown("day") == [late.pk]
    assert shown("all") == [late.pk, *(one.pk for one in mixed[::-1])]
    assert shown("open") == [mixed[1].pk, mixed[0].pk]


def test_tabs_count_what_is_open_and_nothing_else(
    client: CheckedClient, gao: User, mixed: list[Message]
) -> None:
    sign_in(client, gao)

    response: Any = client.get(URL)

    tabs = response.context["list"].tabs.items
    assert [(str(tab.label), tab.count) for tab in tabs] == [
        ("待处理", 2),
        ("等待", 0),
        ("卡住", 0),
        ("拒收", 2),
        ("未知与不一致", 0),
        ("24 小时内已达", None),
        ("全部", None),
        ("归档", None),
    ]


def test_archived_message_is_found_and_opened(
    client: CheckedClient, gao: User, clock: time_machine.Traveller
) -> None:
    make_practitioner("1188", "王若谷")
    messages = [standing(State.CONFIRMED) for _each in range(2)]
    Attempt.objects.create(
        message=messages[0],
        started_at=timezone.now(),
        duration_ms=12,
        outcome=Attempt.Outcome.CONFIRMED,
        code="0",
    )
    clock.shift(timedelta(days=1))
    now = timezone.now()
    assert archive(before=now, at=now, counted=10**9).moved == 1
    sign_in(client, gao)

    html = text_of(client.get(f"{URL}?view=archive&month=2026-11&q=1188"))
    drawer = text_of(
        client.get(reverse("desk:his-message", args=[messages[0].pk]), headers=HTMX)
    )

    assert "王若谷 RX01" in html
    assert f"#{messages[0].pk}" in html
    assert f"#{messages[1].pk}" not in html
    assert "重放" not in drawer
    assert "已归档" in drawer
    assert "0，12 毫秒" in drawer
    stopped: Any = client.get(f"{URL}?view=archive&state=STOPPED")
    assert stopped.context["list"].rows == []
    assert (
        client.get(reverse("desk:his-message", args=[999]), headers=HTMX).status_code
        == 404
    )


def test_drawer_shows_the_change_against_what_was_told_before(
    client: CheckedClient, gao: User, lin: User
) -> None:
    first = promise()
    Message.objects.update(
        state=State.CONFIRMED, due_at=None, confirmed_at=timezone.now()
    )
    second = promise(op="UPDATE", his_value="2")
    sign_in(client, gao)

    response: Any = client.get(
        reverse("desk:his-message", args=[second.pk]), headers=HTMX
    )

    changes = response.context["diff"].changes
    assert [
        (str(one.field), one.before, one.after) for one in changes if one.is_changed
    ] == [("操作", "新增", "修改"), ("HIS 取值", "1", "2")]
    assert response.context["before"].pk == first.pk
    assert [at for _title, at in response.context["times"]] == [
        *("2026-11-23 10:00:00", "2026-11-23 10:00:00", "—", "—")
    ]
    assert response.context["log_url"] == "/log/G81/"


def test_alerts_stand_above_the_numbers(
    client: CheckedClient, gao: User, mixed: list[Message]
) -> None:
    sign_in(client, gao)

    html = text_of(client.get(reverse("desk:his-tiles")))

    assert "消息被拒收：2 条变更被 HIS 拒收" in html
    assert "/his/?view=rejected" in html


def test_numbers_tell_the_pace_of_the_last_hour(
    client: CheckedClient, gao: User, clock: time_machine.Traveller
) -> None:
    messages = [standing(State.CONFIRMED, f"100{n}") for n in range(4)]
    clock.shift(timedelta(seconds=8))
    for seconds, message in zip((1, 2, 3, 8), messages, strict=True):
        at = message.enqueued_at + timedelta(seconds=seconds)
        Message.objects.filter(pk=message.pk).update(confirmed_at=at)
    Message.objects.filter(pk=messages[0].pk).update(tries=2)
    sign_in(client, gao)

    response: Any = client.get(reverse("desk:his-tiles"))

    today, pace, queue, trouble = response.context["tiles"][2:6]
    assert (today.value, today.note) == ("4", "近 1 小时 4 条，首次成功 75.0%")
    assert (pace.value, pace.note) == ("2.0", "近 1 小时 4 条，99% 在 8.0 秒内")
    assert (queue.value, queue.note) == ("0", "没有等待的变更")
    assert (trouble.value, trouble.tone) == ("0", "")


@pytest.mark.parametrize("view", ["open", "day", "all", "archive"])
def test_every_view_keeps_the_query_budget(
    client: CheckedClient, gao: User, mixed: list[Message], view: str
) -> None:
    sign_in(client, gao)
    client.get(URL)

    with assert_queries(10):
        client.get(f"{URL}?view={view}")


def test_freeze_and_thaw_on_the_page(client: CheckedClient, gao: User) -> None:
    sign_in(client, gao)
    url = reverse("desk:his-freeze")
    assert "恢复推送" not in text_of(client.get(URL))
    refused = client.post(url, {"target": "*", "reason": " "})
    assert refused.status_code == 422
    assert frozen(timezone.now()) == []

    done = client.post(
        url, {"target": "*", "reason": "HIS 升级", "until": "2026-11-24T06:00"}
    )

    assert done.headers["HX-Redirect"] == URL
    [state] = frozen(timezone.now())
    assert (state.name, state.frozen_by, state.frozen_reason) == ("*", gao, "HIS 升级")
    assert state.frozen_until == datetime(2026, 11, 23, 22, tzinfo=UTC)
    assert "恢复推送" in text_of(client.get(URL))
    client.post(reverse("desk:his-thaw"), {"target": "*", "reason": "升级完成"})
    assert frozen(timezone.now()) == []


@pytest.mark.parametrize("name", ["his-freeze", "his-thaw"])
def test_who_only_looks_freezes_nothing(
    client: CheckedClient, lin: User, name: str
) -> None:
    sign_in(client, lin)

    answer = client.post(reverse(f"desk:{name}"), {"target": "*", "reason": "试试"})

    assert answer.status_code == 403
    assert frozen(timezone.now()) == []


def test_freeze_that_ends_before_it_began_is_refused_at_its_field(
    client: CheckedClient, gao: User
) -> None:
    sign_in(client, gao)
    typed = {"target": "*", "reason": "HIS 升级", "until": "2026-11-22T06:00"}

    refused: Any = client.post(reverse("desk:his-freeze"), typed)

    assert refused.status_code == 422
    assert refused.context["form"].errors == {"until": ["结束时间应晚于现在。"]}
    assert frozen(timezone.now()) == []
    assert not AuditEvent.objects.exists()
