"""Roles that wait: another person decides, and sees why they may not."""

from __future__ import annotations

import pytest

from portal.accounts import refusals, services
from portal.accounts.capabilities import Role
from portal.accounts.models import RoleAssignment, User
from tests.cast import make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.portal.accounts.traces import everything
from tests.portal.desk.people import (
    HTMX,
    WAITING,
    an,
    parameters_read_anew,
    qin,
    rows_of,
    text_of,
    url,
    waiting,
    zhao,
)

__all__ = ["an", "parameters_read_anew", "qin", "waiting", "zhao"]
pytestmark = pytest.mark.django_db
State = RoleAssignment.State


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
