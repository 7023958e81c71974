"""The page of one user: what it tells, and what its drawers do."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.accounts import refusals, services
from portal.accounts.capabilities import Role
from portal.accounts.models import RoleAssignment, User
from tests.cast import make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.portal.accounts.traces import everything
from tests.portal.desk.people import (
    HTMX,
    LIST,
    PASSWORD,
    an,
    lin,
    parameters_read_anew,
    qin,
    text_of,
    url,
    waiting,
    wang,
    zhao,
)

__all__ = ["an", "lin", "parameters_read_anew", "qin", "waiting", "wang", "zhao"]
pytestmark = pytest.mark.django_db
State = RoleAssignment.State


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


def test_doctor_from_a_launch_is_shown_as_the_his_keeps_them(
    client: CheckedClient, qin: User, wang: User
) -> None:
    sign_in(client, qin)

    page: Any = client.get(url("user-detail", wang.pk)).context["page"]

    assert page.practitioner == "HIS 医师，由 HIS 维护"
    assert [str(row.role) for row in page.roles] == ["医师"]
    assert timezone.now() == wang.password_changed_at
