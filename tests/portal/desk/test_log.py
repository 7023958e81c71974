"""变更日志: who reads it, what each entry says, and how it is found."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from time_machine import Traveller

from permissions import services
from permissions.models import GrantEvent, GrantState
from portal.accounts import services as accounts
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.outbox import services as outbox
from portal.outbox.models import Attempt, Message, State
from portal.parameters.registry import LOCK_MINUTES
from portal.parameters.services import change
from tests.cast import PASSWORD, lin, make_practitioner, make_user, sign_in, su, wang
from tests.pages import CheckedClient
from tests.permissions.conftest import catalogue
from tests.permissions.ledger import granted, propose

__all__ = ["catalogue", "lin", "su", "wang"]
pytestmark = pytest.mark.usefixtures("catalogue")
LOG = "/log/"
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> None:
    cache.clear()


@pytest.fixture
def auditor(db: None) -> User:
    """谭, the auditor: reads accounts too."""
    return make_user("2090", "谭审", Role.AUDITOR)


@pytest.fixture
def state(lin: User, su: User) -> GrantState:
    """罗's right to one procedure."""
    luo = make_practitioner("1055", "罗景文", initials="ljw", pinyin="luo jing wen")
    return granted(lin, su, luo, "SG03", item="51.2300", valid_to=date(2027, 11, 22))


def suspended(state: GrantState, by: User, **given: Any) -> GrantEvent:
    asked: dict[str, Any] = {
        "at": timezone.now(),
        "reason_code": "08",
        "reason": "年度评估未提交",
        **given,
    }
    return services.suspend(state=state, by=by, **asked)


def texts(page: Any) -> list[str]:
    return [row.text for row in page.context["list"].rows]


def keys(page: Any) -> set[str]:
    return {row.key[0] for row in page.context["list"].rows}


RIGHT = "罗景文 · 三级手术 51.2300 腹腔镜下胆囊切除术"


def test_log_says_who_when_what_why_and_delivery(
    client: CheckedClient, lin: User, state: GrantState, clock: Traveller
) -> None:
    clock.shift(timedelta(seconds=5))
    suspended(state, lin)
    sign_in(client, lin)

    page = client.get(LOG)

    assert texts(page) == [
        f"{RIGHT}：生效 → 暂停",
        f"{RIGHT}：无 → 生效",
        f"{RIGHT}：待审批 → 已同意",
        f"{RIGHT}：无 → 待审批",
    ]
    row = page.context["list"].rows[0]
    assert (row.at, row.actor, row.actor_place) == (
        "11-23 10:00:05",
        "林若川",
        "医务科 2031",
    )
    assert (str(row.chip.text), row.reason) == ("暂停", "08 评估超期：年度评估未提交")
    assert (row.doc_no, str(row.arrival.text)) == ("〔2026〕59号", "排队中")


# --- each source ----------------------------------------------------------------------


def test_every_decision_on_an_application_is_an_entry(
    client: CheckedClient, lin: User, su: User
) -> None:
    luo = make_practitioner("1055", "罗景文")
    why: dict[str, Any] = {"at": timezone.now(), "reason": "材料不全，请补齐"}
    services.return_(application=propose(lin, luo, "RX01"), by=su, **why)
    services.reject(application=propose(lin, luo, "RX03"), by=su, **why)
    services.withdraw(application=propose(lin, luo, "RX05"), by=lin, **why)
    sign_in(client, lin)

    rows = client.get(LOG, {"view": "applications"}).context["list"].rows

    assert [(str(row.chip.text), row.actor, row.change) for row in rows] == [
        ("撤回", "林若川", "待审批 → 已撤回"),
        ("提交申请", "林若川", "无 → 待审批"),
        ("不同意", "苏晓岚", "待审批 → 已驳回"),
        ("提交申请", "林若川", "无 → 待审批"),
        ("退回", "苏晓岚", "待审批 → 已退回"),
        ("提交申请", "林若川", "无 → 待审批"),
    ]
    assert rows[4].reason == "材料不全，请补齐"
    assert rows[4].text == "罗景文 · 普通处方权 RX01：待审批 → 已退回"


def test_ends_of_a_right_say_what_stood_before(
    client: CheckedClient, lin: User, su: User, state: GrantState
) -> None:
    luo = state.practitioner
    other = granted(lin, su, luo, "RX01")
    suspended(state, lin)
    services.restore(state=state, by=su, at=timezone.now(), reason="评估补交合格")
    suspended(state, lin)
    why: dict[str, Any] = {"by": su, "at": timezone.now(), "reason": "按规定办理"}
    services.revoke(state=state, reason_code="05", **why)
    services.void(state=other, **why)
    sign_in(client, lin)

    page = client.get(LOG, {"view": "grants"})

    assert texts(page)[:5] == [
        "罗景文 · 普通处方权 RX01：生效 → 作废",
        f"{RIGHT}：暂停 → 取消",
        f"{RIGHT}：生效 → 暂停",
        f"{RIGHT}：暂停 → 生效",
        f"{RIGHT}：生效 → 暂停",
    ]


def test_parameters_show_their_default_and_each_value_after(
    client: CheckedClient, lin: User, auditor: User
) -> None:
    for value in (20, 45):
        change(parameter=LOCK_MINUTES, value=value, by=auditor, reason="按通知调整")
    sign_in(client, lin)

    page = client.get(LOG, {"view": "parameters"})

    assert texts(page) == [
        "医院参数 · 锁定时长：20 分钟 → 45 分钟",
        "医院参数 · 锁定时长：30 分钟（默认） → 20 分钟",
    ]


@pytest.fixture
def accounts_changed(db: None) -> User:
    """曹, whose account and roles were changed in every way."""
    ma = make_user("2081", "马系统", Role.SYSTEM_ADMIN)
    an = make_user("2082", "安全", Role.SECURITY_ADMIN)
    why: dict[str, Any] = {"by": ma, "reason": "新入职"}
    cao = accounts.create_user(
        staff_no="2035", name="曹新", password="Start-Word-2026", **why
    )
    accounts.set_password(user=cao, password="Other-Word-2026", **why)
    asked = accounts.request_role(user=cao, role=Role.OFFICER, **why)
    accounts.approve_role(assignment=asked, by=an, reason="同意")
    accounts.end_role(assignment=asked, by=an, reason="调岗")
    accounts.deactivate_user(user=cao, **why)
    return cao


def test_accounts_are_read_by_the_auditor(
    client: CheckedClient, auditor: User, accounts_changed: User
) -> None:
    sign_in(client, auditor)

    page = client.get(LOG)

    assert texts(page) == [
        "曹新 2035 · 账户：启用 → 停用",
        "曹新 2035 · 角色「医务科干事」：生效 → 已收回",
        "曹新 2035 · 角色「医务科干事」：待批准 → 生效",
        "曹新 2035 · 角色「医务科干事」：无 → 待批准",
        "曹新 2035 · 密码：已更换",
        "曹新 2035 · 账户：无 → 启用",
    ]


def test_passwords_never_appear(
    client: CheckedClient, auditor: User, accounts_changed: User
) -> None:
    sign_in(client, auditor)
    event = AuditEvent.objects.get(kind=EventKind.PASSWORD_CHANGED)

    pages = [client.get(LOG), client.get(f"{LOG}U{event.pk}/", **HTMX)]

    secrets = ["Start-Word", "Other-Word", "md5$", accounts_changed.password, PASSWORD]
    for page in pages:
        html = page.content.decode()
        assert [secret for secret in secrets if secret and secret in html] == []
    change_of = pages[1].context["entry"].diff.changes[0]
    assert (change_of.field, change_of.before, change_of.after) == (
        "密码",
        "—",
        "已更换",
    )


def test_accounts_are_not_there_for_others(
    client: CheckedClient, lin: User, accounts_changed: User
) -> None:
    sign_in(client, lin)
    event = AuditEvent.objects.filter(kind=EventKind.USER_CREATED).latest("pk")

    for view in ("all", "accounts", "access"):
        page = client.get(LOG, {"view": view})
        assert texts(page) == []
        assert "曹新" not in page.content.decode()
    assert "账户与角色" not in page.content.decode()
    assert client.get(f"{LOG}U{event.pk}/").status_code == 404
    assert client.get(f"{LOG}L{event.pk}/").status_code == 404


def test_logins_stand_in_their_own_tab(client: CheckedClient, auditor: User) -> None:
    login = {"staff_no": auditor.staff_no, "password": PASSWORD}
    client.post(reverse("accounts:login"), login)

    assert texts(client.get(LOG)) == []
    assert texts(client.get(LOG, {"view": "access"})) == ["谭审 2090 · 登录：成功"]


@pytest.fixture
def rejected(state: GrantState, lin: User) -> Message:
    """The suspension, refused by the HIS."""
    event = suspended(state, lin)
    message = Message.objects.filter(subject=event.subject).earliest("pk")
    Message.objects.filter(pk=message.pk).update(
        state=State.REJECTED, due_at=None, tries=1, last_code="2004"
    )
    Attempt.objects.create(
        message=message,
        started_at=timezone.now(),
        duration_ms=12,
        outcome=Attempt.Outcome.REJECTED,
        code="2004",
        text="无此项目",
    )
    message.refresh_from_db()
    return message


def test_what_a_person_did_about_a_message_is_an_entry(
    client: CheckedClient, su: User, rejected: Message
) -> None:
    why: dict[str, Any] = {"by": su, "at": timezone.now()}
    outbox.retry(message=rejected, reason="目录已补", **why)
    outbox.stop(message=rejected, reason="改由人工登记", **why)
    sign_in(client, su)

    page = client.get(LOG, {"view": "his"})

    assert texts(page) == [
        "罗景文 · 执行（主刀） 51.2300：等待 → 已停止",
        "罗景文 · 执行（主刀） 51.2300：拒收 → 等待",
    ]
    rows = page.context["list"].rows
    assert [(str(row.chip.text), row.reason) for row in rows] == [
        ("停止送达", "改由人工登记"),
        ("重新送达", "目录已补"),
    ]


# --- the drawer -----------------------------------------------------------------------


def test_drawer_shows_every_field_every_try_and_where_it_leads(
    client: CheckedClient, lin: User, state: GrantState, rejected: Message
) -> None:
    sign_in(client, lin)
    row = client.get(LOG).context["list"].rows[0]

    answer = client.get(row.url, **HTMX)

    entry = answer.context["entry"]
    assert [(one.field, one.before, one.after) for one in entry.diff.changes] == [
        ("授权状态", "生效", "暂停"),
        ("场合", "全部", "全部"),
        ("生效日期", "2026-11-23", "2026-11-23"),
        ("到期日期", "2027-11-22", "2027-11-22"),
        ("原因代码", "无", "08 评估超期"),
    ]
    facts = dict(entry.facts)
    assert facts["HIS 请求号"] == str(rejected.request_id)
    assert facts["依据文号"] == "〔2026〕59号"
    assert facts["记录时间"] == "2026-11-23 10:00:00"
    assert [(one.text, one.detail) for one in entry.attempts.moments] == [
        ("拒收", "2004 无此项目，12 毫秒")
    ]
    assert str(row.arrival.text) == "拒收 2004"
    links = {link.label: (link.url, link.is_drawer) for link in entry.links}
    assert links == {
        "医师档案": ("/doctors/1055/", False),
        "授权历史": (f"/privileges/{state.pk}/history/", True),
        f"申请 #{state.grant.application_id}": (
            f"/applications/{state.grant.application_id}/",
            False,
        ),
        f"HIS 消息 #{rejected.pk}": (f"/his/messages/{rejected.pk}/", True),
    }


def test_a_new_right_had_nothing_before(
    client: CheckedClient, lin: User, state: GrantState
) -> None:
    sign_in(client, lin)
    event = GrantEvent.objects.get()
    changes = client.get(f"{LOG}G{event.pk}/", **HTMX).context["entry"].diff.changes
    assert [(one.field, one.before, one.after) for one in changes[:4]] == [
        ("授权状态", "无", "生效"),
        ("场合", "无", "全部"),
        ("生效日期", "无", "2026-11-23"),
        ("到期日期", "无", "2027-11-22"),
    ]


def test_a_revoked_right_ends_on_its_day(
    client: CheckedClient, lin: User, state: GrantState
) -> None:
    event = services.revoke(
        state=state,
        by=lin,
        at=timezone.now(),
        reason_code="05",
        reason="调离本院，收回",
    )
    sign_in(client, lin)
    changes = client.get(f"{LOG}G{event.pk}/", **HTMX).context["entry"].diff.changes
    assert (changes[3].before, changes[3].after) == ("2027-11-22", "2026-11-23")


def test_an_entry_has_an_address_of_its_own(
    client: CheckedClient, lin: User, state: GrantState
) -> None:
    sign_in(client, lin)
    event = GrantEvent.objects.get()
    html = client.get(f"{LOG}G{event.pk}/").content.decode()
    assert f"<h1>G-{event.pk:06}</h1>" in html
    assert f"{RIGHT}：无 → 生效" in html


@pytest.mark.parametrize("key", ["G999", "A999", "G0", "X1", "g1", "G1x", "Gx"])
def test_unknown_entries_are_not_found(
    key: str, client: CheckedClient, lin: User, state: GrantState
) -> None:
    sign_in(client, lin)
    assert client.get(f"{LOG}{key}/", **HTMX).status_code == 404


def test_links_lead_only_where_the_reader_may_go(
    client: CheckedClient, auditor: User, state: GrantState
) -> None:
    sign_in(client, auditor)  # reads the log and the HIS page, no rights
    event = GrantEvent.objects.get()
    entry = client.get(f"{LOG}G{event.pk}/", **HTMX).context["entry"]
    assert [link.label.split(" #")[0] for link in entry.links] == ["HIS 消息"]
