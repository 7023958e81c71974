"""权限维护: what the list shows, and what each drawer does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from permissions import services
from permissions.models import Application, GrantState
from permissions.queries.grants import Standing, standing_condition, standing_of
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.outbox.models import Message, State
from tests.cast import make_department, make_practitioner, make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.ledger import granted, nothing_written, propose

pytestmark = pytest.mark.usefixtures("catalogue")
LIST = "/privileges/"
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def _no_department_is_remembered() -> None:
    cache.clear()


@pytest.fixture
def state(lin: User, su: User) -> GrantState:
    surgeon = make_practitioner(
        "1027", "陈景行", title_code="231", initials="cjx", pinyin="chen jing xing"
    )
    return granted(
        lin, su, surgeon, "SG04", item="50.2205", valid_to=date(2027, 11, 22)
    )


def confirm_all() -> None:
    Message.objects.update(
        state=State.CONFIRMED,
        due_at=None,
        delivered_at=timezone.now(),
        confirmed_at=timezone.now(),
    )


def test_list_shows_a_grant_as_the_ledger_has_it(
    client: CheckedClient, lin: User, state: GrantState
) -> None:
    sign_in(client, lin)
    confirm_all()
    page = client.get(LIST)
    assert page.status_code == 200
    [row] = page.context["list"].rows
    assert (row.name, row.emp_no, row.department, row.title) == (
        "陈景行",
        "1027",
        "肝胆外科",
        "主任医师",
    )
    assert (row.what, row.codes) == ("腹腔镜下肝部分切除术", "50.2205 · SG04")
    assert row.grade.text == "四级"
    assert (row.setting, row.starts_on, row.ends_on) == (
        "全部",
        "2026-11-23",
        "2027-11-22",
    )
    assert row.standing.text == "生效"
    assert row.arrival.text == "已批 10:00 · HIS 10:00:00 · 回读一致"
    assert row.arrival.every_seconds == 0
    assert row.doc_no == "〔2026〕59号"
    assert [act.label for act in row.acts] == ["续期", "暂停", "降级", "取消", "作废"]


def test_waiting_arrival_asks_for_itself_until_it_is_confirmed(
    client: CheckedClient, lin: User, state: GrantState
) -> None:
    sign_in(client, lin)
    url = reverse("permissions:grant-arrival", args=[state.pk])
    waiting = client.get(url).content.decode()
    assert f'hx-get="{url}"' in waiting
    assert 'hx-trigger="every 2s"' in waiting
    confirm_all()
    settled = client.get(f"{url}?long=1").content.decode()
    assert "hx-get" not in settled
    assert "已批 10:00 · HIS 10:00:00 · 回读一致" in settled


@pytest.mark.parametrize("count", [5, 50])
def test_list_takes_seven_queries_whatever_its_length(
    count: int, client: CheckedClient, lin: User, su: User
) -> None:
    for number in range(count):
        person = make_practitioner(f"5{number:03}", "陈景行")
        granted(lin, su, person, "RX01")
    sign_in(client, lin)
    client.get(LIST)  # the departments are remembered for a minute
    with assert_queries(7):
        page = client.get(LIST)
    assert page.context["list"].pager.total == count


TABS = {
    "all": {"now", "soon", "future", "suspended", "ended", "revoked", "void"},
    "expiring": {"soon"},
    "future": {"future"},
    "suspended": {"suspended"},
}


@pytest.fixture
def many(lin: User, su: User, clock: time_machine.Traveller) -> dict[str, GrantState]:
    """One grant of every standing; all but the suspended one confirmed."""
    person = make_practitioner(
        "1043", "林若川", initials="lrc", department=make_department("0302", "胃肠外科")
    )
    clock.move_to(datetime(2026, 10, 1, 2, 0, tzinfo=UTC))
    first: dict[str, Any] = {"valid_from": date(2026, 10, 1)}
    made = {
        "now": granted(lin, su, person, "RX01", **first),
        "soon": granted(lin, su, person, "ND01", valid_to=date(2026, 12, 10), **first),
        "future": granted(lin, su, person, "RX03", valid_from=date(2026, 12, 1)),
        "suspended": granted(lin, su, person, "RX05", **first),
        "ended": granted(lin, su, person, "ND02", valid_to=date(2026, 11, 1), **first),
        "revoked": granted(lin, su, person, "RX06", **first),
        "void": granted(lin, su, person, "SG07", valid_to=date(2027, 1, 1), **first),
    }
    clock.move_to(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    why: dict[str, Any] = {"by": su, "at": timezone.now(), "reason": "按规定办理"}
    services.revoke(state=made["revoked"], reason_code="05", **why)
    services.void(state=made["void"], **why)
    confirm_all()
    services.suspend(state=made["suspended"], reason_code="08", **why)
    return {
        name: GrantState.objects.select_related("last_event").get(pk=one.pk)
        for name, one in made.items()
    }


def ids(page: Any) -> set[int]:
    return {row.id for row in page.context["list"].rows}


@pytest.mark.parametrize("view", [*TABS, "his"])
def test_tabs_count_what_they_show(
    view: str, client: CheckedClient, lin: User, many: dict[str, GrantState]
) -> None:
    sign_in(client, lin)
    names = TABS.get(view, {"suspended"})
    page = client.get(LIST, {"view": view})
    assert ids(page) == {many[name].pk for name in names}
    counts = {str(tab.label): tab.count for tab in page.context["list"].tabs.items}
    assert counts == {
        "全部": 7,
        "30 天内到期": 1,
        "待生效": 1,
        "已暂停": 1,
        "四级评估超期": 0,
        "HIS 未一致": 1,
    }


def test_standing_is_the_same_in_python_and_in_the_database(
    many: dict[str, GrantState],
) -> None:
    now = timezone.now()
    for standing in Standing:
        found = GrantState.objects.filter(standing_condition(standing, now))
        by_python = {s.pk for s in many.values() if standing_of(s, now) is standing}
        assert set(found.values_list("pk", flat=True)) == by_python, standing
        assert by_python != set()


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"q": "lrc"}, TABS["all"]),
        ({"q": "1043"}, TABS["all"]),
        ({"q": "林若"}, TABS["all"]),
        ({"q": "麻醉药品"}, {"soon"}),
        ({"q": "mzyp"}, {"soon"}),
        ({"q": "SG07"}, {"void"}),
        ({"q": "没有"}, set()),
        ({"dept": "0302"}, TABS["all"]),
        ({"category": "ND"}, {"soon", "ended"}),
        ({"state": "REVOKED"}, {"revoked"}),
        ({"state": "EXPIRED"}, {"ended"}),
        ({"his": "open"}, {"suspended"}),
        ({"his": "same"}, TABS["all"] - {"suspended"}),
        ({"category": "RX", "state": "IN_FORCE"}, {"now"}),
    ],
)
def test_filters_and_search_narrow_the_list(
    given: dict[str, str],
    names: set[str],
    client: CheckedClient,
    lin: User,
    many: dict[str, GrantState],
) -> None:
    sign_in(client, lin)
    assert ids(client.get(LIST, given)) == {many[name].pk for name in names}


def test_export_writes_all_rows_and_a_trace(
    client: CheckedClient, lin: User, many: dict[str, GrantState]
) -> None:
    sign_in(client, lin)
    answer: Any = client.get(LIST, {"export": "xlsx", "category": "ND"})
    book = ZipFile(BytesIO(b"".join(answer.streaming_content)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("林若川 1043") == 2
    event = AuditEvent.objects.get(kind=EventKind.EXPORTED)
    assert (event.by, event.subject_id, event.detail) == (lin, "grants", {"rows": 2})


def change_url(state: GrantState, act: str) -> str:
    return reverse("permissions:grant-change", args=[state.pk, act])


def test_drawer_shows_object_fields_and_preview(
    client: CheckedClient, lin: User, state: GrantState
) -> None:
    sign_in(client, lin)
    answer = client.get(change_url(state, "suspend"), **HTMX)
    preview = answer.context["preview"]
    title = answer.context["words"].title
    assert (title, preview.confirm) == ("暂停授权", "确认暂停 1 项")
    assert [
        (change.field, change.before, change.after) for change in preview.diff.changes
    ] == [
        ("授权状态", "生效", "暂停"),
        ("停止时间", "2027-11-22", "2026-11-23 10:00"),
        ("HIS 主刀状态", "有效", "暂停"),
        ("HIS 主刀到期日期", "2027-11-22", "2027-11-22"),
        ("HIS 开单状态", "有效", "暂停"),
        ("HIS 开单到期日期", "2027-11-22", "2027-11-22"),
    ]
    text = answer.content.decode()
    assert "陈景行" in text
    assert "保存后即送 HIS" in text


def test_revoke_preview_says_the_last_day_in_the_his(
    client: CheckedClient, lin: User, state: GrantState
) -> None:
    sign_in(client, lin)
    answer = client.get(change_url(state, "revoke"), **HTMX)
    change = answer.context["preview"].diff.changes[3]
    assert (change.field, change.after) == ("HIS 主刀到期日期", "2026-11-23")


def post(client: CheckedClient, state: GrantState, act: str, **given: Any) -> Any:
    asked = {
        "seen": state.last_event_id,
        "reason_code": "08",
        "reason": "年度评估未提交",
        **given,
    }
    here = f"http://testserver{LIST}?view=all"
    return client.post(change_url(state, act), asked, HTTP_HX_CURRENT_URL=here, **HTMX)


def test_suspend_from_the_drawer_replaces_only_its_row(
    client: CheckedClient, lin: User, state: GrantState
) -> None:
    sign_in(client, lin)
    answer = post(client, state, "suspend")
    assert answer.status_code == 200
    text = answer.content.decode()
    assert text.strip().startswith(
        f'<tr id="grant-{state.pk}" class="fresh" hx-swap-oob="true">'
    )
    assert text.count("<tr") == 1
    assert "暂停" in text
    assert "已暂停 1 项授权" in answer.headers["HX-Trigger"].encode().decode(
        "unicode_escape"
    )
    state.refresh_from_db()
    assert (state.status, state.last_event.by) == ("SUSPENDED", lin)


def test_refused_act_keeps_what_was_typed(
    client: CheckedClient, lin: User, state: GrantState
) -> None:
    sign_in(client, lin)
    with nothing_written():
        answer = post(client, state, "suspend", reason="超期了", reason_code="")
    assert answer.status_code == 422
    form = answer.context["form"]
    assert form.errors == {"reason_code": ["该字段是必填项。"]}
    with nothing_written():
        answer = post(client, state, "suspend", reason="超期了")
    form = answer.context["form"]
    assert form.errors == {"reason": ["至少 5 个字，现有 3 个。写明依据和经过。"]}
    assert form["reason"].value() == "超期了"
    assert form["reason_code"].value() == "08"


def test_stale_drawer_is_refused(
    client: CheckedClient, lin: User, su: User, state: GrantState
) -> None:
    sign_in(client, lin)
    services.suspend(
        state=state, by=su, at=timezone.now(), reason_code="08", reason="年度评估未提交"
    )
    with nothing_written():
        answer = post(client, state, "revoke", reason_code="05")
    assert answer.status_code == 422
    assert "打开表单之后这项授权已被苏晓岚改动" in answer.content.decode()


@pytest.mark.parametrize("act", ["suspend", "revoke", "void"])
def test_each_act_of_the_menu_works(
    act: str, client: CheckedClient, lin: User, state: GrantState
) -> None:
    sign_in(client, lin)
    assert post(client, state, act).status_code == 200
    state.refresh_from_db()
    assert state.last_event.kind == act.upper()
    row = client.get(LIST).context["list"].rows[0]
    acts = [str(one.label) for one in row.acts]
    assert (
        acts
        == {
            "suspend": ["续期", "恢复", "降级", "撤销", "取消", "作废"],
            "revoke": ["撤销"],
            "void": [],
        }[act]
    )


def test_history_shows_who_why_when_and_delivery(
    client: CheckedClient, lin: User, state: GrantState
) -> None:
    sign_in(client, lin)
    post(client, state, "suspend")
    url = reverse("permissions:grant-history", args=[state.pk])
    moments = client.get(url, **HTMX).context["timeline"].moments
    assert [(one.at, one.text, one.detail) for one in moments] == [
        (
            "2026-11-23 10:00",
            "暂停",
            "林若川：08 评估超期：年度评估未提交 · 已批 10:00 · 排队中",
        ),
        (
            "2026-11-23 10:00",
            "新增",
            "苏晓岚：材料齐全，同意 · 已批 10:00 · 排队中",
        ),
    ]


def test_pages_are_shut_for_who_may_not(
    client: CheckedClient, wang: User, zhao: User, chen: User, state: GrantState
) -> None:
    pages = [
        LIST,
        "/applications/",
        "/doctors/",
        "/doctors/1027/",
        reverse("permissions:grant-history", args=[state.pk]),
        reverse("permissions:grant-arrival", args=[state.pk]),
    ]
    for user in (wang, zhao):
        sign_in(client, user)
        assert {client.get(url, **HTMX).status_code for url in pages} == {403}
    sign_in(client, chen)  # sees everything, changes nothing
    assert {client.get(url, **HTMX).status_code for url in pages} == {200}
    with nothing_written():
        assert post(client, state, "suspend").status_code == 403
        assert client.post("/applications/new/", {}, **HTMX).status_code == 403
    assert "暂停" not in client.get(LIST).content.decode().split("<tbody>")[1]


def test_unknown_addresses_are_not_found(
    client: CheckedClient, lin: User, state: GrantState
) -> None:
    sign_in(client, lin)
    for url in (
        "/privileges/999/suspend/",
        f"/privileges/{state.pk}/erase/",
        "/privileges/999/history/",
        "/privileges/999/arrival/",
        "/applications/999/",
        "/doctors/0000/",
    ):
        assert client.get(url, **HTMX).status_code == 404, url


def test_drawer_asked_for_as_a_page_leads_to_the_list(
    client: CheckedClient, lin: User, state: GrantState
) -> None:
    sign_in(client, lin)
    assert client.get(change_url(state, "suspend")).headers["Location"] == LIST
    assert client.get("/applications/new/").headers["Location"] == LIST


def test_expired_grant_offers_void_alone(
    client: CheckedClient, lin: User, su: User, clock: time_machine.Traveller
) -> None:
    person = make_practitioner("1043", "林若川")
    granted(lin, su, person, "RX01", valid_to=date(2026, 11, 24))
    clock.shift(timedelta(days=3))
    another = make_user("2033", "何静姝", Role.OFFICER)
    sign_in(client, another)
    row = client.get(LIST).context["list"].rows[0]
    assert [str(one.label) for one in row.acts] == ["作废"]
    assert Application.objects.count() == 1
    assert propose(lin, person, "RX03", valid_from=date(2026, 12, 1)).pk is not None
