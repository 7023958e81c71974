"""用户与角色: who sees it, what it shows, and what its drawers do."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.accounts import refusals, services
from portal.accounts.capabilities import Capability, Role
from portal.accounts.models import RoleAssignment, User
from portal.audit.models import AuditEvent, EventKind
from portal.desk.roles_people import CAPABILITY_NAMES
from tests.cast import chen, lin, make_user, sign_in, wang, zhao
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.portal.accounts.conftest import an, parameters_read_anew, qin, shen
from tests.portal.accounts.traces import everything

__all__ = ["an", "chen", "lin", "parameters_read_anew", "qin", "shen", "wang", "zhao"]
pytestmark = pytest.mark.django_db
LIST = "/users/"
WAITING = "/users/requests/"
PASSWORD = "Ward-round@0730"
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}
State = RoleAssignment.State


def text_of(response: Any) -> str:
    html: str = response.content.decode()
    return html


def rows_of(response: Any) -> list[Any]:
    return list(response.context["list"].rows)


def url(name: str, pk: int) -> str:
    return reverse(f"desk:{name}", args=[pk])


@pytest.fixture
def waiting(qin: User, zhao: User) -> RoleAssignment:
    """Qin asks that Zhao becomes an officer."""
    return services.request_role(user=zhao, role=Role.OFFICER, by=qin, reason="调入")


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


# --- a new user ---------------------------------------------------------------------

NEW = {
    "staff_no": "2040",
    "name": "周新",
    "office": "医务科",
    "password": PASSWORD,
    "reason": "入职",
}


def test_new_user_drawer_makes_the_user_and_opens_their_page(
    client: CheckedClient, qin: User
) -> None:
    sign_in(client, qin)
    new = reverse("desk:user-new")
    assert "至少 10 位" in text_of(client.get(new, **HTMX))

    response = client.post(new, NEW, **HTMX)

    user = User.objects.get(staff_no="2040")
    assert response.headers["HX-Redirect"] == url("user-detail", user.pk)
    assert user.must_change_password
    html = text_of(client.get(url("user-detail", user.pk)))
    assert "已新增用户" in html
    assert "首次登录时须修改" in html
    assert "还没有角色。" in html


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"staff_no": "9001"}, "这个工号已有账户。"),
        ({"staff_no": "20 40"}, "工号只含数字和字母。"),
        ({"password": "abc"}, "密码至少 10 位，现有 3 位。"),
        ({"password": "Doctor-2040-x"}, "密码不能包含工号。"),
        ({"reason": "无"}, "至少 2 个字，现有 1 个。"),
        ({"name": ""}, "该字段是必填项。"),
    ],
)
def test_new_user_refused_says_why_and_leaves_nothing(
    client: CheckedClient, qin: User, typed: dict[str, str], words: str
) -> None:
    sign_in(client, qin)
    before = everything()

    response = client.post(reverse("desk:user-new"), {**NEW, **typed}, **HTMX)

    assert response.status_code == 422
    assert words in text_of(response)
    assert everything() == before


def test_new_user_drawer_opened_as_a_page_leads_to_the_list(
    client: CheckedClient, qin: User
) -> None:
    sign_in(client, qin)

    response: Any = client.get(reverse("desk:user-new"))

    assert (response.status_code, response.url) == (302, LIST)


# --- the page of one user -----------------------------------------------------------


def test_page_tells_what_happened_newest_first(
    client: CheckedClient, qin: User, an: User, clock: Any
) -> None:
    user = services.create_user(
        staff_no="2040", name="周新", password=PASSWORD, by=qin, reason="入职"
    )
    clock.shift(60)
    item = services.request_role(user=user, role=Role.OFFICER, by=qin, reason="调入")
    clock.shift(60)
    services.approve_role(assignment=item, by=an, reason="核实")
    clock.shift(60)
    services.set_password(user=user, password="Other-day@0900", by=qin, reason="忘记")
    clock.shift(60)
    services.end_role(assignment=item, by=an, reason="调出")
    clock.shift(60)
    services.deactivate_user(user=user, by=qin, reason="离职")
    sign_in(client, an)

    page: Any = client.get(url("user-detail", user.pk)).context["page"]

    assert [(m.at[-8:], str(m.text), m.detail) for m in page.history.moments] == [
        ("10:05:00", "停用账户", "秦牧 9001：离职"),
        ("10:04:00", "收回角色「医务科干事」", "安宁 9002：调出"),
        ("10:03:00", "修改密码", "秦牧 9001：忘记"),
        ("10:02:00", "角色「医务科干事」生效", "安宁 9002：核实"),
        ("10:01:00", "申请角色「医务科干事」", "秦牧 9001：调入"),
        ("10:00:00", "建立账户", "秦牧 9001：入职"),
    ]


def test_page_offers_what_fits_the_account(
    client: CheckedClient, qin: User, an: User, lin: User
) -> None:
    former = make_user("2050", "吴某", is_active=False)
    sign_in(client, qin)

    def acts(user: User) -> list[str]:
        page: Any = client.get(url("user-detail", user.pk)).context["page"]
        return [str(act.label) for act in page.acts]

    assert acts(lin) == ["停用", "重设密码", "申请角色"]
    assert acts(former) == ["启用", "重设密码"]
    assert acts(an) == ["停用", "申请角色"]
    assert acts(qin) == []


def test_page_of_oneself_says_who_acts(client: CheckedClient, qin: User) -> None:
    sign_in(client, qin)

    html = text_of(client.get(url("user-detail", qin.pk)))

    assert "本人的账户和角色由另一位管理员办理。" in html


def test_page_reads_its_body_again_after_an_act(
    client: CheckedClient, qin: User, lin: User
) -> None:
    sign_in(client, qin)

    response = client.get(url("user-detail", lin.pk), HTTP_HX_TARGET="user-body")

    html = text_of(response)
    assert "<html" not in html
    assert 'id="user-acts" hx-swap-oob="true"' in html


def test_page_of_nobody_is_not_found(client: CheckedClient, qin: User) -> None:
    sign_in(client, qin)

    assert client.get(url("user-detail", 99999)).status_code == 404


def test_page_keeps_its_query_budget(
    client: CheckedClient, qin: User, an: User, lin: User
) -> None:
    for role in [Role.COMMITTEE, Role.LEADER, Role.OFFICE_HEAD]:
        item = services.request_role(user=lin, role=role, by=qin, reason="兼任")
        services.approve_role(assignment=item, by=an, reason="核实")
    sign_in(client, qin)
    client.get(url("user-detail", lin.pk))

    with assert_queries(10):
        client.get(url("user-detail", lin.pk))


# --- acts on one user ---------------------------------------------------------------


def test_deactivate_and_activate_by_drawer(
    client: CheckedClient, qin: User, lin: User
) -> None:
    sign_in(client, qin)
    drawer = client.get(url("user-deactivate", lin.pk), **HTMX)
    assert "确认停用 1 个账户" in text_of(drawer)

    response = client.post(url("user-deactivate", lin.pk), {"reason": "离职"}, **HTMX)

    assert response.status_code == 200
    assert "yw:close-drawer" in response.headers["HX-Trigger-After-Settle"]
    lin.refresh_from_db()
    assert not lin.is_active
    client.post(url("user-activate", lin.pk), {"reason": "返聘"}, **HTMX)
    lin.refresh_from_db()
    assert lin.is_active


def test_deactivate_the_last_administrator_is_refused_visibly(
    client: CheckedClient, qin: User, an: User
) -> None:
    sign_in(client, qin)
    before = everything()

    response = client.post(url("user-deactivate", an.pk), {"reason": "离职"}, **HTMX)

    assert response.status_code == 422
    assert str(refusals.LastAdministrator.text) in text_of(response)
    assert everything() == before


def test_set_password_must_be_changed_at_the_next_login(
    client: CheckedClient, qin: User, lin: User
) -> None:
    sign_in(client, qin)

    typed = {"password": PASSWORD, "reason": "忘记"}
    response = client.post(url("user-password", lin.pk), typed, **HTMX)

    assert response.status_code == 200
    lin.refresh_from_db()
    assert lin.must_change_password
    assert lin.check_password(PASSWORD)


def test_set_password_of_an_administrator_is_refused_visibly(
    client: CheckedClient, qin: User, an: User
) -> None:
    sign_in(client, qin)
    before = everything()

    typed = {"password": PASSWORD, "reason": "忘记"}
    response = client.post(url("user-password", an.pk), typed, **HTMX)

    assert response.status_code == 422
    assert str(refusals.AdministratorPassword.text) in text_of(response)
    assert everything() == before


def test_role_drawer_offers_what_is_neither_held_nor_waiting(
    client: CheckedClient, qin: User, waiting: RoleAssignment, zhao: User
) -> None:
    sign_in(client, qin)

    form: Any = client.get(url("user-role", zhao.pk), **HTMX).context["form"]

    offered = {value for value, _label in form.fields["role"].choices}
    assert offered == set(Role.values) - {Role.OFFICER, Role.DOCTOR}


def test_role_is_requested_by_drawer(
    client: CheckedClient, qin: User, zhao: User
) -> None:
    sign_in(client, qin)

    typed = {"role": "LEADER", "reason": "任命"}
    response = client.post(url("user-role", zhao.pk), typed, **HTMX)

    assert response.status_code == 200
    item = zhao.role_assignments.get()
    assert (item.role, item.state, item.requested_by) == ("LEADER", State.PENDING, qin)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SYSTEM_ADMIN])
def test_second_separated_role_is_refused_visibly(
    client: CheckedClient, qin: User, an: User, role: Role
) -> None:
    sign_in(client, qin)
    before = everything()

    typed = {"role": role.value, "reason": "兼任"}
    response = client.post(url("user-role", an.pk), typed, **HTMX)

    assert response.status_code == 422
    assert str(refusals.RolesExclude.text) in text_of(response)
    assert everything() == before


def lock_out(number: str) -> None:
    wrong = {"staff_no": number, "password": "Wrong-pass@1"}
    for _try in range(5):
        CheckedClient().post("/accounts/login", wrong)


def test_locked_account_is_shown_and_unlocked_by_drawer(
    client: CheckedClient, qin: User, lin: User, clock: Any
) -> None:
    clock.shift(60)
    lock_out("2031")
    sign_in(client, qin)
    response: Any = client.get(url("user-detail", lin.pk))
    page = response.context["page"]
    assert str(page.state.text) == "已锁定"
    assert "连续登录失败，账户已锁定，2026-11-23 10:31 自动解锁。" in text_of(response)
    assert "解除锁定" in [str(act.label) for act in page.acts]
    clock.shift(60)

    typed = {"reason": "本人来电核实"}
    assert client.post(url("user-unlock", lin.pk), typed, **HTMX).status_code == 200

    page = client.get(url("user-detail", lin.pk)).context["page"]
    assert str(page.state.text) == "启用"
    assert [(str(m.text), m.detail) for m in page.history.moments[:2]] == [
        ("解除锁定", "秦牧 9001：本人来电核实"),
        ("账户锁定", "网络地址 127.0.0.1"),
    ]


def test_unlock_of_one_who_is_not_locked_is_refused_visibly(
    client: CheckedClient, qin: User, lin: User
) -> None:
    sign_in(client, qin)
    before = everything()

    response = client.post(url("user-unlock", lin.pk), {"reason": "核实"}, **HTMX)

    assert response.status_code == 422
    assert str(refusals.NotLocked.text) in text_of(response)
    assert everything() == before


def test_role_is_ended_by_drawer(client: CheckedClient, an: User, lin: User) -> None:
    sign_in(client, an)
    item = lin.role_assignments.get()
    end = url("user-role-end", item.pk)
    assert "确认收回 1 个角色" in text_of(client.get(end, **HTMX))

    assert client.post(end, {"reason": "调出"}, **HTMX).status_code == 200

    item.refresh_from_db()
    assert item.state == State.ENDED


def test_ending_the_last_administrator_is_refused_visibly(
    client: CheckedClient, qin: User, an: User
) -> None:
    sign_in(client, an)
    before = everything()
    end = url("user-role-end", qin.role_assignments.get().pk)

    response = client.post(end, {"reason": "轮岗"}, **HTMX)

    assert response.status_code == 422
    assert str(refusals.LastAdministrator.text) in text_of(response)
    assert everything() == before


# --- roles that wait ----------------------------------------------------------------


def test_waiting_list_shows_who_asked_and_why(
    client: CheckedClient, an: User, waiting: RoleAssignment
) -> None:
    sign_in(client, an)

    [row] = rows_of(client.get(WAITING))

    assert (row.name, row.staff_no, str(row.role)) == ("赵无关", "3999", "医务科干事")
    assert (row.requested, row.reason) == ("秦牧 11-23 10:00", "调入")
    assert (row.why_not, str(row.state.text)) == ("", "待批准")


def test_waiting_list_without_requests_says_so(client: CheckedClient, an: User) -> None:
    sign_in(client, an)

    assert "没有等待批准的角色" in text_of(client.get(WAITING))


def test_approve_by_drawer_leaves_the_decided_row(
    client: CheckedClient, an: User, waiting: RoleAssignment
) -> None:
    sign_in(client, an)
    approve = url("user-role-approve", waiting.pk)
    assert "确认同意 1 个角色" in text_of(client.get(approve, **HTMX))

    headers = {**HTMX, "HTTP_HX_CURRENT_URL": f"http://testserver{WAITING}"}
    response = client.post(approve, {"reason": "核实"}, **headers)

    html = text_of(response)
    assert f'<tr id="request-{waiting.pk}" class="fresh" hx-swap-oob="true">' in html
    assert "生效" in html
    assert "已办理" in html
    waiting.refresh_from_db()
    assert (waiting.state, waiting.decided_by) == (State.ACTIVE, an)


def test_reject_from_the_page_of_the_user_has_it_read_anew(
    client: CheckedClient, an: User, waiting: RoleAssignment
) -> None:
    sign_in(client, an)
    page = url("user-detail", waiting.user_id)

    response = client.post(
        url("user-role-reject", waiting.pk),
        {"reason": "不属实"},
        HTTP_HX_REQUEST="true",
        HTTP_HX_CURRENT_URL=f"http://testserver{page}",
    )

    assert "yw:changed" in response.headers["HX-Trigger-After-Settle"]
    waiting.refresh_from_db()
    assert waiting.state == State.REJECTED


def test_one_who_asked_sees_why_another_must_decide(
    client: CheckedClient, qin: User, waiting: RoleAssignment
) -> None:
    sign_in(client, qin)

    html = text_of(client.get(WAITING))

    assert "不能批准自己申请的角色，由另一人办理" in html
    assert url("user-role-approve", waiting.pk) not in html


def test_own_role_shows_why_another_must_decide_and_is_refused(
    client: CheckedClient, qin: User, an: User
) -> None:
    item = services.request_role(user=an, role=Role.LEADER, by=qin, reason="兼任")
    sign_in(client, an)
    assert "不能批准本人的角色，由另一人办理" in text_of(client.get(WAITING))
    before = everything()

    response = client.post(
        url("user-role-approve", item.pk), {"reason": "核实"}, **HTMX
    )

    assert response.status_code == 422
    assert str(refusals.OwnAccount.text) in text_of(response)
    assert everything() == before


def test_decision_that_came_too_late_says_so(
    client: CheckedClient, an: User, waiting: RoleAssignment
) -> None:
    services.approve_role(assignment=waiting, by=an, reason="核实")
    sign_in(client, an)

    response = client.post(
        url("user-role-reject", waiting.pk), {"reason": "不属实"}, **HTMX
    )

    assert response.status_code == 422
    assert str(refusals.NotPending.text) in text_of(response)


@pytest.mark.parametrize("count", [5, 50])
def test_waiting_list_keeps_its_query_budget(
    client: CheckedClient, qin: User, an: User, count: int
) -> None:
    for number in range(count):
        user = make_user(f"4{number:03}", "甲")
        services.request_role(user=user, role=Role.LEADER, by=qin, reason="任命")
    sign_in(client, an)
    client.get(WAITING)

    with assert_queries(7):
        client.get(WAITING)


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


def test_doctor_from_a_launch_is_shown_as_the_his_keeps_them(
    client: CheckedClient, qin: User, wang: User
) -> None:
    sign_in(client, qin)

    page: Any = client.get(url("user-detail", wang.pk)).context["page"]

    assert page.practitioner == "HIS 医师，由 HIS 维护"
    assert [str(row.role) for row in page.roles] == ["医师"]
    assert timezone.now() == wang.password_changed_at
