"""工作台: what needs doing, for whom, and where each number leads."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from time_machine import Traveller

from permissions.models import Application, GrantState
from portal.accounts import services as accounts
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.outbox.backoff import STUCK_AFTER
from portal.outbox.models import Message, State
from tests.cast import chen, lin, make_practitioner, make_user, sign_in, su, wang, zhao
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.catalogue_acts import draft, submit
from tests.permissions.conftest import catalogue
from tests.permissions.ledger import granted, propose

__all__ = ["catalogue", "chen", "lin", "su", "wang", "zhao"]
pytestmark = pytest.mark.usefixtures("catalogue")
HOME = "/"


@pytest.fixture(autouse=True)
def _no_his(settings: Any) -> None:
    """A HIS that is not there: asking it fails at once."""
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    cache.clear()


def page_of(client: CheckedClient, user: User) -> Any:
    sign_in(client, user)
    return client.get(HOME).context["page"]


def todos(page: Any) -> list[tuple[int, str, str]]:
    return [(todo.count, todo.title, todo.url) for todo in page.todos]


@pytest.fixture
def waiting(lin: User, su: User) -> list[Application]:
    """Two applications of 苏, one of 林, the oldest."""
    luo = make_practitioner("1055", "罗景文")
    return [
        propose(lin, luo, "RX01", at=timezone.now() - timedelta(hours=2)),
        propose(su, luo, "SG03", item="51.2300", valid_to=date(2027, 11, 1)),
        propose(su, luo, "RX03"),
    ]


def test_own_decisions_come_first_and_own_proposals_say_why_not(
    client: CheckedClient, lin: User, waiting: list[Application]
) -> None:
    page = page_of(client, lin)

    assert todos(page) == [
        (2, "授权申请待我审", "/applications/?view=waiting&state=SUBMITTED"),
        (1, "我提出的申请待审批", "/applications/?view=mine&state=SUBMITTED"),
    ]
    assert page.todos[1].note == "本人提交的不能自己审批，由另一人办理"
    assert page.todos[1].when == "最早 11-23 08:00"
    assert [(row.what, row.is_own) for row in page.waiting] == [
        ("腹腔镜下胆囊切除术", False),
        ("儿科处方权", False),
        ("普通处方权", True),
    ]
    assert page.waiting_count == 3
    assert client.get(HOME).content.decode().count("本人提交的不能自己审批<") == 1


def test_only_what_still_waits_is_shown(
    client: CheckedClient, lin: User, su: User
) -> None:
    granted(lin, su, make_practitioner("1055", "罗景文"), "RX01")
    page = page_of(client, lin)
    assert (page.waiting, page.waiting_count) == ([], 0)
    assert "没有待审批的申请。" in client.get(HOME).content.decode()


def test_a_department_head_sees_what_waits_but_decides_nothing(
    client: CheckedClient, chen: User, waiting: list[Application]
) -> None:
    page = page_of(client, chen)
    assert todos(page) == [
        (3, "授权申请待审批", "/applications/?view=waiting&state=SUBMITTED")
    ]
    assert page.today is None  # the log is not theirs to read
    assert page.has_his is False
    assert "新增授权" not in client.get(HOME).content.decode()


@pytest.fixture
def troubles(lin: User, su: User) -> None:
    """A refused, a differing, a stuck and two doubtful messages, and one that arrived."""
    luo = make_practitioner("1055", "罗景文")
    for code in ("RX01", "RX03", "RX05", "RX06", "ND01", "ND02"):
        granted(lin, su, luo, code, valid_to=date(2027, 11, 1))
    now = timezone.now()
    changes: list[dict[str, Any]] = [
        {"state": State.REJECTED, "due_at": None, "last_code": "2004"},
        {"state": State.DELIVERED, "mismatch": [], "due_at": None},
        {"state": State.WAITING, "tries": STUCK_AFTER},
        {"state": State.UNKNOWN},
        {"state": State.UNKNOWN, "tries": STUCK_AFTER},
        {"state": State.CONFIRMED, "due_at": None, "confirmed_at": now},
    ]
    rows = list(Message.objects.order_by("pk"))
    for row, change in zip(rows, changes, strict=True):
        Message.objects.filter(pk=row.pk).update(**change)


def test_every_number_is_the_number_of_its_rows(
    client: CheckedClient,
    lin: User,
    waiting: list[Application],
    clock: Traveller,
    su: User,
) -> None:
    han = make_practitioner("1058", "韩书屏")
    for code, last in (("ND01", 10), ("ND02", 20)):
        granted(lin, su, han, code, valid_to=date(2026, 12, last))
    for row, state in zip(
        Message.objects.order_by("pk"), (State.REJECTED, State.UNKNOWN), strict=True
    ):
        Message.objects.filter(pk=row.pk).update(state=state, due_at=None)
    page = page_of(client, lin)

    assert [todo.title for todo in page.todos] == [
        "授权申请待我审",
        "我提出的申请待审批",
        "HIS 拒收",
        "HIS 未知与不一致",
        "30 天内到期的授权",
    ]
    for todo in page.todos:
        rows = client.get(todo.url).context["list"]
        assert rows.pager.total == todo.count, todo.title
    for url, count in (
        (page.waiting_url, page.waiting_count),
        (page.ending_url, page.ending_count),
        (page.today.url, page.today.count),
        (page.today.open_url, page.today.open_count),
    ):
        assert client.get(url).context["list"].pager.total == count, url


def test_troubles_at_the_his_are_counted_by_its_tabs(
    client: CheckedClient, lin: User, troubles: None
) -> None:
    page = page_of(client, lin)
    assert todos(page) == [
        (1, "HIS 拒收", "/his/?view=rejected"),
        (3, "HIS 未知与不一致", "/his/?view=doubt"),
        (2, "HIS 卡住", "/his/?view=stuck"),
    ]
    for todo in page.todos:
        assert client.get(todo.url).context["list"].pager.total == todo.count
    assert (page.today.count, page.today.open_count) == (6, 5)


def test_todays_changes_show_the_newest_with_their_arrival(
    client: CheckedClient, lin: User, su: User, clock: Traveller
) -> None:
    luo = make_practitioner("1055", "罗景文")
    granted(lin, su, luo, "RX06", at=timezone.now() - timedelta(days=1))
    for code in ("RX01", "RX03", "RX05", "ND01"):
        granted(lin, su, luo, code, valid_to=date(2027, 11, 1))
        clock.shift(timedelta(seconds=1))
    page = page_of(client, lin)
    assert page.today.count == 4
    assert [row.text for row in page.today.rows] == [
        "罗景文 · 麻醉药品处方权 ND01：无 → 生效",
        "罗景文 · 进修/规培医师处方权 RX05：无 → 生效",
        "罗景文 · 儿科处方权 RX03：无 → 生效",
    ]
    assert [str(row.arrival.text) for row in page.today.rows] == ["排队中"] * 3


def test_rights_that_end_say_whether_renewal_was_asked_for(
    client: CheckedClient, lin: User, su: User, clock: Traveller
) -> None:
    luo = make_practitioner("1055", "罗景文")
    ends = {"ND01": date(2026, 12, 10), "ND02": date(2026, 12, 9)}
    for code, last in {**ends, "RX01": date(2027, 6, 1)}.items():
        granted(lin, su, luo, code, valid_to=last)
    propose(su, luo, "ND01", valid_from=date(2026, 12, 11), valid_to=date(2027, 6, 1))
    page = page_of(client, lin)
    assert [(row.remaining, row.is_asked_for) for row in page.ending] == [
        ("16 天", False),
        ("17 天", True),
    ]
    assert page.ending_count == 2


def test_administrators_see_the_roles_that_wait(client: CheckedClient) -> None:
    ma = make_user("2081", "马系统", Role.SYSTEM_ADMIN)
    an = make_user("2082", "安全", Role.SECURITY_ADMIN)
    cao = make_user("2035", "曹新")
    accounts.request_role(user=cao, role=Role.OFFICER, by=ma, reason="新入职")

    for user, note in ((an, "申请人不能批准自己的申请"), (ma, "由安全管理员批准")):
        page = page_of(client, user)
        assert [(todo.count, todo.title, todo.note) for todo in page.todos] == [
            (1, "角色申请待批准", note)
        ]
        rows = client.get(page.todos[0].url).context["list"]
        assert rows.pager.total == 1
        assert (page.today, page.waiting, page.ending) == (None, None, None)


def test_nothing_to_do_says_so(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)
    html = client.get(HOME).content.decode()
    assert "没有待办" in html
    assert "今天还没有变更。" in html
    assert "没有 30 天内到期的授权。" in html


def test_an_outsider_is_told_whom_to_ask(client: CheckedClient, zhao: User) -> None:
    sign_in(client, zhao)
    html = client.get(HOME).content.decode()
    assert "账户还没有角色" in html
    assert "请联系系统管理员申请角色" in html


def test_doctors_go_to_their_own_rights(client: CheckedClient, wang: User) -> None:
    sign_in(client, wang)
    own_rights = reverse("his_plugin:my-privileges")
    assert client.get(HOME).headers["Location"] == own_rights


def test_doctors_with_an_office_stay(client: CheckedClient) -> None:
    head = make_user("1099", "沈主任", Role.DOCTOR, Role.DEPARTMENT_HEAD)
    sign_in(client, head)
    assert client.get(HOME).status_code == 200


def test_home_of_nobody_is_the_login(client: CheckedClient) -> None:
    answer = client.get(HOME)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login")


def test_his_tile_says_when_nobody_answers(
    client: CheckedClient, lin: User, chen: User
) -> None:
    sign_in(client, lin)
    assert "未应答" in client.get("/home/his/").content.decode()
    sign_in(client, chen)
    assert client.get("/home/his/").status_code == 403


@pytest.mark.parametrize("count", [5, 50])
def test_home_asks_the_same_however_many_rows(
    client: CheckedClient, lin: User, su: User, count: int
) -> None:
    for place in range(count):
        doctor = make_practitioner(f"3{place:03}", f"医师{place}")
        granted(lin, su, doctor, "ND01", valid_to=date(2026, 12, 10))
        propose(su, doctor, "RX01")
    sign_in(client, lin)
    client.get(HOME)
    with assert_queries(15):
        page = client.get(HOME).context["page"]
    assert (page.ending_count, page.waiting_count) == (count, count)
    assert GrantState.objects.count() == count


def test_submitted_catalogue_waits_for_who_may_approve_it(
    client: CheckedClient, lin: User, su: User
) -> None:
    draft(lin, "SD06", validity_months=6)
    submit(lin)
    head = make_user("2003", "何科长", Role.OFFICE_HEAD)
    sign_in(client, head)
    [todo] = client.get("/").context["page"].todos
    assert (todo.count, todo.title) == (1, "权限字典新版本待审批")
    assert client.get(todo.url).context["list"].pager.total == 1
    sign_in(client, su)
    assert client.get("/").context["page"].todos == []
