"""系统设置: what it shows, who may change it, and that a change counts at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.parameters.models import ParameterValue
from portal.parameters.registry import LOGIN_TRIES, PARAMETERS
from portal.parameters.services import change
from tests.cast import lin, make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.portal.accounts.conftest import an, parameters_read_anew, shen

__all__ = ["an", "lin", "parameters_read_anew", "shen"]
pytestmark = pytest.mark.django_db
PAGE = "/parameters/"
CHANGE = "/parameters/LOGIN_TRIES/change/"
PREVIEW = "/parameters/LOGIN_TRIES/preview/"
HISTORY = "/parameters/LOGIN_TRIES/history/"
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}
TYPED = {"value": "3", "seen": "5", "reason": "检查要求"}


def text_of(response: Any) -> str:
    html: str = response.content.decode()
    return html


def row_of(client: Client, key: str) -> Any:
    context: Any = client.get(PAGE).context
    return next(row for row in context["rows"] if row.key == key)


def test_page_shows_every_parameter(client: CheckedClient, an: User) -> None:
    sign_in(client, an)

    context: Any = client.get(PAGE).context

    assert [row.key for row in context["rows"]] == list(PARAMETERS)


def test_page_shows_value_range_default_and_origin(
    client: CheckedClient, an: User
) -> None:
    sign_in(client, an)
    untouched = row_of(client, "LOGIN_TRIES")
    assert (untouched.value, untouched.range, untouched.default) == (
        "5 次",
        "3 至 10",
        "5 次",
    )
    assert (untouched.since, untouched.by, untouched.reason) == ("安装时", "—", "—")

    change(parameter=LOGIN_TRIES, value=3, by=an, reason="检查要求")

    row = row_of(client, "LOGIN_TRIES")
    assert (row.value, row.default, row.is_default) == ("3 次", "5 次", False)
    assert (row.since, row.by, row.reason) == (
        "2026-11-23 10:00",
        "安宁 9002",
        "检查要求",
    )


def test_page_keeps_its_query_budget(client: CheckedClient, an: User) -> None:
    for value in range(3, 10):
        if value != LOGIN_TRIES.default:
            change(parameter=LOGIN_TRIES, value=value, by=an, reason="调整")
    sign_in(client, an)
    client.get(PAGE)

    with assert_queries(4):
        client.get(PAGE)


# --- who may ------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.OFFICE_HEAD])
def test_viewers_see_no_button_and_may_not_change(
    client: CheckedClient, role: Role
) -> None:
    sign_in(client, make_user("2050", "吴某", role))

    html = text_of(client.get(PAGE))
    assert "只读。修改由安全管理员办理" in html
    assert CHANGE not in html
    assert HISTORY in html
    assert client.get(CHANGE, **HTMX).status_code == 403
    assert client.get(PREVIEW, **HTMX).status_code == 403
    assert client.post(CHANGE, TYPED, **HTMX).status_code == 403
    assert not ParameterValue.objects.exists()


def test_page_is_closed_to_an_officer(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)

    for path in (PAGE, CHANGE, PREVIEW, HISTORY):
        assert client.get(path, **HTMX).status_code == 403


def test_parameter_that_is_none_is_not_found(client: CheckedClient, an: User) -> None:
    sign_in(client, an)

    for act in ("change", "preview", "history"):
        path = f"/parameters/NONSENSE/{act}/"
        assert client.get(path, **HTMX).status_code == 404


# --- the drawer ---------------------------------------------------------------------


def test_drawer_shows_range_basis_and_preview(client: CheckedClient, an: User) -> None:
    sign_in(client, an)

    html = text_of(client.get(CHANGE, **HTMX))

    assert "3 至 10 次，依据：等保三级 8.1.4.1 b：登录失败处理" in html
    assert 'min="3"' in html
    assert "变更预览" in html
    assert "确认修改 1 项" in html


def test_change_by_drawer_closes_it_and_has_the_page_read_anew(
    client: CheckedClient, an: User
) -> None:
    sign_in(client, an)

    response = client.post(CHANGE, TYPED, **HTMX)

    assert response.status_code == 200
    trigger = response.headers["HX-Trigger-After-Settle"]
    assert "yw:close-drawer" in trigger
    assert "yw:changed" in trigger
    table = client.get(PAGE, HTTP_HX_TARGET="parameters-body")
    assert "<b>3 次</b>" in text_of(table)
    assert "<html" not in text_of(table)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"value": "2"}, "须在 3 至 10 次之间，现填 2。"),
        ({"value": "11"}, "须在 3 至 10 次之间，现填 11。"),
        ({"value": "99999999999999999999"}, "填整数。"),
        ({"value": "3.5"}, "填整数。"),
        ({"value": "三"}, "填整数。"),
        ({"value": ""}, "该字段是必填项。"),
        ({"value": "5"}, "与现在的值相同，没有修改。"),
        ({"seen": "4"}, "刚才已有人改过，现为 5 次。核对后再提交。"),
        ({"reason": ""}, "该字段是必填项。"),
        ({"reason": "。"}, "至少 2 个字，现有 1 个。"),
    ],
)
def test_refused_change_says_why_and_leaves_nothing(
    client: CheckedClient, an: User, typed: dict[str, str], words: str
) -> None:
    sign_in(client, an)

    response = client.post(CHANGE, {**TYPED, **typed}, **HTMX)

    assert response.status_code == 422
    assert words in text_of(response)
    assert not ParameterValue.objects.exists()
    assert not ParameterValue.history.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("value", "change_shown"),
    [
        ("3", ("5 次", "3 次")),
        ("5", ("5 次", "5 次")),
        ("10", ("5 次", "10 次")),
        ("11", None),
        ("2", None),
        ("", None),
        ("abc", None),
        ("-3", None),
        ("9" * 5000, None),
        ("³", None),
    ],
)
def test_preview_shows_before_and_after_while_one_types(
    client: CheckedClient, an: User, value: str, change_shown: Any
) -> None:
    sign_in(client, an)

    context: Any = client.get(PREVIEW, {"value": value}, **HTMX).context

    diff = context["preview"]
    shown = (diff.changes[0].before, diff.changes[0].after) if diff else None
    assert shown == change_shown


def test_drawer_opened_as_a_page_leads_to_the_list(
    client: CheckedClient, an: User
) -> None:
    sign_in(client, an)

    for path in (CHANGE, HISTORY):
        answer: Any = client.get(path)
        assert (answer.status_code, answer.url) == (302, PAGE)


def test_history_drawer_tells_each_change_with_what_was_before(
    client: CheckedClient, an: User, shen: User, clock: Any
) -> None:
    sign_in(client, shen)
    assert "还没有改过，一直是出厂值 5 次。" in text_of(client.get(HISTORY, **HTMX))
    change(parameter=LOGIN_TRIES, value=3, by=an, reason="检查要求")
    clock.shift(60)
    change(parameter=LOGIN_TRIES, value=8, by=None, reason="安装")

    context: Any = client.get(HISTORY, **HTMX).context

    assert [(m.at, m.text, m.detail) for m in context["timeline"].moments] == [
        ("2026-11-23 10:01:00", "3 次 改为 8 次", "系统：安装"),
        ("2026-11-23 10:00:00", "5 次 改为 3 次", "安宁 9002：检查要求"),
    ]


# --- it counts at once --------------------------------------------------------------


def test_tries_changed_on_the_page_lock_at_three(
    client: CheckedClient, an: User, lin: User
) -> None:
    sign_in(client, an)
    assert client.post(CHANGE, TYPED, **HTMX).status_code == 200
    other = CheckedClient()
    wrong = {"staff_no": "2031", "password": "Wrong-pass@1"}

    answers = [other.post("/accounts/login", wrong).status_code for _n in range(3)]

    assert answers == [200, 200, 429]


def test_idle_limit_changed_on_the_page_ends_other_sessions(
    client: CheckedClient, an: User, lin: User, clock: Any
) -> None:
    other = CheckedClient()
    sign_in(other, lin)
    assert other.get("/accounts/profile").status_code == 200
    sign_in(client, an)
    typed = {"value": "5", "seen": "15", "reason": "检查要求"}
    path = "/parameters/IDLE_MINUTES/change/"
    assert client.post(path, typed, **HTMX).status_code == 200
    clock.shift(5 * 60)

    assert other.get("/accounts/profile").status_code == 302
