"""用户与角色: who sees it, what it lists, and what each role brings."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.urls import reverse

from portal.accounts.capabilities import Capability, Role
from portal.accounts.models import RoleAssignment, User
from portal.audit.models import AuditEvent, EventKind
from portal.desk.roles_people import CAPABILITY_NAMES
from tests.cast import make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.portal.accounts.traces import everything
from tests.portal.desk.people import (
    HTMX,
    LIST,
    WAITING,
    an,
    lin,
    parameters_read_anew,
    qin,
    rows_of,
    shen,
    text_of,
    url,
    waiting,
    zhao,
)

__all__ = ["an", "lin", "parameters_read_anew", "qin", "shen", "waiting", "zhao"]
pytestmark = pytest.mark.django_db
State = RoleAssignment.State


# --- the list -----------------------------------------------------------------------


def test_list_shows_user_roles_state_and_last_login(
    client: CheckedClient, qin: User, waiting: RoleAssignment
) -> None:
    sign_in(client, qin)

    rows = rows_of(client.get(LIST))

    assert [
        (r.staff_no, r.name, r.office, r.roles, r.waiting, str(r.state.text))
        for r in rows
    ] == [
        ("3999", "赵无关", "后勤", "—", "医务科干事", "启用"),
        ("9001", "秦牧", "信息网络中心", "系统管理员", "", "启用"),
    ]
    assert [r.logged_in for r in rows] == ["未登录过", "11-23 10:00"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=赵", ["3999"]),
        ("q=39", ["3999"]),
        ("q=99", []),
        ("role=SYSTEM_ADMIN", ["9001"]),
        ("role=OFFICER", ["2031"]),
        ("role=NOBODY", ["2031", "2050", "3999", "9001"]),
        ("view=active", ["2031", "3999", "9001"]),
        ("view=inactive", ["2050"]),
        ("view=waiting", ["3999"]),
        ("sort=-staff_no", ["9001", "3999", "2050", "2031"]),
    ],
)
def test_list_finds_by_name_number_role_and_view(
    client: CheckedClient,
    qin: User,
    lin: User,
    waiting: RoleAssignment,
    query: str,
    found: list[str],
) -> None:
    make_user("2050", "吴某", Role.LEADER, is_active=False)
    sign_in(client, qin)

    response = client.get(f"{LIST}?{query}")

    assert [row.staff_no for row in rows_of(response)] == found


def test_list_counts_its_quick_views(
    client: CheckedClient, qin: User, lin: User, waiting: RoleAssignment
) -> None:
    make_user("2050", "吴某", is_active=False)
    sign_in(client, qin)

    context: Any = client.get(LIST).context

    assert [(str(t.label), t.count) for t in context["list"].tabs.items] == [
        ("全部", 4),
        ("启用", 3),
        ("停用", 1),
        ("角色待批准", 1),
    ]


def test_list_with_nothing_found_says_by_which_conditions(
    client: CheckedClient, qin: User
) -> None:
    sign_in(client, qin)

    html = text_of(client.get(f"{LIST}?q=没有此人&role=LEADER"))

    assert "没有符合条件的用户" in html
    assert "已按「院领导、没有此人」筛选。" in html


@pytest.mark.parametrize("count", [5, 50])
def test_list_keeps_its_query_budget(
    client: CheckedClient, qin: User, count: int
) -> None:
    for number in range(count):
        make_user(f"4{number:03}", "甲", Role.OFFICER, Role.COMMITTEE)
    sign_in(client, qin)
    client.get(LIST)

    with assert_queries(7):
        client.get(LIST)


def test_list_is_exported_by_the_auditor_and_leaves_a_trace(
    client: CheckedClient, shen: User, lin: User
) -> None:
    sign_in(client, shen)

    response: Any = client.get(f"{LIST}?export=xlsx")

    with ZipFile(BytesIO(b"".join(response.streaming_content))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "林若川" in sheet
    assert "医务科干事" in sheet
    event = AuditEvent.objects.get(kind=EventKind.EXPORTED)
    assert (event.by, event.subject_id, event.detail) == (shen, "users", {"rows": 2})


def test_list_is_not_exported_by_an_administrator(
    client: CheckedClient, qin: User
) -> None:
    sign_in(client, qin)

    assert client.get(f"{LIST}?export=xlsx").status_code == 403
    assert "导出" not in text_of(client.get(LIST))


# --- who may ------------------------------------------------------------------------

PAGES = ["user-list", "user-role-list", "user-role-overview"]
USER_ACTS = [
    "user-role",
    "user-password",
    "user-unlock",
    "user-deactivate",
    "user-activate",
]
DECISIONS = ["user-role-approve", "user-role-reject"]


def test_pages_are_closed_to_those_who_may_not_see_users(
    client: CheckedClient, lin: User, zhao: User
) -> None:
    sign_in(client, lin)

    for name in PAGES:
        assert client.get(reverse(f"desk:{name}")).status_code == 403
    assert client.get(url("user-detail", zhao.pk)).status_code == 403
    assert "用户与角色" not in text_of(client.get("/accounts/profile"))


@pytest.mark.parametrize("who", ["an", "shen", "lin"])
def test_acts_on_users_are_closed_to_all_but_the_system_administrator(
    client: CheckedClient, request: pytest.FixtureRequest, zhao: User, who: str
) -> None:
    sign_in(client, request.getfixturevalue(who))
    before = everything()["User"]

    for name in USER_ACTS:
        answer = client.post(url(name, zhao.pk), {"reason": "试试"}, **HTMX)
        assert answer.status_code == 403
    assert client.post(reverse("desk:user-new"), {}, **HTMX).status_code == 403
    assert everything()["User"] == before


@pytest.mark.parametrize("who", ["qin", "shen", "lin"])
def test_decisions_are_closed_to_all_but_the_security_administrator(
    client: CheckedClient,
    request: pytest.FixtureRequest,
    waiting: RoleAssignment,
    who: str,
) -> None:
    sign_in(client, request.getfixturevalue(who))

    for name in DECISIONS:
        answer = client.post(url(name, waiting.pk), {"reason": "试试"}, **HTMX)
        assert answer.status_code == 403
    waiting.refresh_from_db()
    assert waiting.state == State.PENDING


def test_ending_a_role_is_closed_to_the_auditor(
    client: CheckedClient, shen: User, lin: User
) -> None:
    sign_in(client, shen)
    item = lin.role_assignments.get()

    answer = client.post(url("user-role-end", item.pk), {"reason": "试试"}, **HTMX)

    assert answer.status_code == 403
    item.refresh_from_db()
    assert item.state == State.ACTIVE


def test_auditor_sees_no_buttons(
    client: CheckedClient, shen: User, lin: User, waiting: RoleAssignment
) -> None:
    sign_in(client, shen)

    assert "新增用户" not in text_of(client.get(LIST))
    page: Any = client.get(url("user-detail", lin.pk)).context["page"]
    assert page.acts == []
    assert [row.end_url for row in page.roles] == [""]
    assert [row.why_not for row in rows_of(client.get(WAITING))] == ["由安全管理员批准"]


# --- what each role brings ----------------------------------------------------------


def test_every_capability_has_a_name() -> None:
    assert set(CAPABILITY_NAMES) == set(Capability)


def test_role_table_shows_what_each_role_brings_and_who_holds_it(
    client: CheckedClient, shen: User, lin: User
) -> None:
    make_user("2050", "吴某", Role.OFFICER, is_active=False)
    sign_in(client, shen)

    with assert_queries(5):
        response = client.get("/users/roles/")

    context: Any = response.context
    table = context["table"]
    heads = {str(head.name): head.holders for head in table.heads}
    assert heads["医务科干事"] == 1
    assert heads["审计管理员"] == 1
    assert heads["院领导"] == 0
    approve = next(line for line in table.lines if str(line.name) == "批准角色")
    assert [
        str(head.name)
        for head, is_there in zip(table.heads, approve.is_there, strict=True)
        if is_there
    ] == ["安全管理员"]
