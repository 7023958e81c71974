"""The pages before one is signed in, and one's own account and password."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal.accounts.models import LoginSession, User
from portal.audit.models import AuditEvent, EventKind
from tests.cast import PASSWORD, make_user, sign_in
from tests.pages import CheckedClient

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login"
PROFILE = "/accounts/profile"
CHANGE = "/accounts/password"
NEW = "Ward-round@0730"
CREDENTIALS = {"staff_no": "2031", "password": PASSWORD}


def text_of(response: Any) -> str:
    html: str = response.content.decode()
    return html


def test_login_opens_the_page_that_was_asked_for(
    client: CheckedClient, lin: User
) -> None:
    asked: Any = client.get(PROFILE)
    assert asked.url == f"{LOGIN}?next=/accounts/profile"

    answer: Any = client.post(LOGIN, {**CREDENTIALS, "next": PROFILE})

    assert (answer.status_code, answer.url) == (302, PROFILE)
    key = client.session.session_key
    assert LoginSession.objects.get(user=lin).session_key == key
    event = AuditEvent.objects.get(kind=EventKind.LOGIN)
    assert (event.by, event.subject_id, event.address) == (
        lin,
        str(lin.pk),
        "127.0.0.1",
    )


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "javascript:alert(1)",
        "no-page-of-ours",
        "accounts:logout",
        "",
    ],
)
def test_login_leads_nowhere_but_here(
    client: CheckedClient, lin: User, onward: str
) -> None:
    answer: Any = client.post(LOGIN, {**CREDENTIALS, "next": onward})

    assert answer.url == "/"


def test_login_gives_the_session_another_key(client: CheckedClient, lin: User) -> None:
    client.get(LOGIN)
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    client.cookies["sessionid"] = session.session_key or ""

    client.post(LOGIN, {**CREDENTIALS, "next": PROFILE})

    assert client.session.session_key != session.session_key
    assert "planted" not in client.session


def test_login_without_a_number_asks_for_it(client: CheckedClient) -> None:
    response = client.post(LOGIN, {"staff_no": "", "password": "x"})

    assert "该字段是必填项。" in text_of(response)
    assert not AuditEvent.objects.exists()


def test_login_page_leads_on_whoever_is_in(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)

    answer: Any = client.get(f"{LOGIN}?next={PROFILE}")

    assert (answer.status_code, answer.url) == (302, PROFILE)


def test_login_page_shows_no_step_of_a_second_factor(client: CheckedClient) -> None:
    html = text_of(client.get(LOGIN))

    assert [word for word in ("动态", "验证码", "第二步") if word in html] == []


def test_logout_ends_the_session(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)

    answer: Any = client.post("/accounts/logout")

    assert answer.url == LOGIN
    assert client.get(PROFILE).status_code == 302
    assert LoginSession.objects.get(user=lin).session_key == ""
    event = AuditEvent.objects.get(kind=EventKind.LOGOUT)
    assert (event.by, event.detail) == (lin, {"code": "ASKED"})


def test_logout_by_a_link_is_refused(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)

    assert client.get("/accounts/logout").status_code == 405


# --- one's own account --------------------------------------------------------------


def test_profile_shows_roles_and_the_last_logins(
    client: CheckedClient, lin: User
) -> None:
    client.post(LOGIN, {**CREDENTIALS, "password": "Wrong-pass@1"})
    client.post(LOGIN, {**CREDENTIALS, "next": PROFILE})

    html = text_of(client.get(PROFILE))

    assert "医务科干事" in html
    assert "2026-11-23 修改，2027-02-21 到期" in html
    assert html.index("登录</span>") < html.index("登录失败</span>")


# --- one's own password -------------------------------------------------------------


def test_password_change_goes_on_in_the_same_session(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)

    answer: Any = client.post(CHANGE, {"old": PASSWORD, "new": NEW, "again": NEW})

    assert (answer.status_code, answer.url) == (302, "/")
    assert "密码已修改。" in text_of(client.get(PROFILE))
    lin.refresh_from_db()
    assert lin.check_password(NEW)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (
            {"old": "Wrong-pass@1"},
            "现在的密码不对，还可以再试 4 次，之后锁定 30 分钟。",
        ),
        ({"again": "Ward-round@0731"}, "两次输入的新密码不一致。"),
        ({"new": "short", "again": "short"}, "密码至少 10 位，现有 5 位。"),
        (
            {"new": PASSWORD, "again": PASSWORD},
            "不能与最近 5 次用过的密码相同。",
        ),
    ],
)
def test_password_change_refused_says_why_and_changes_nothing(
    client: CheckedClient, lin: User, typed: dict[str, str], words: str
) -> None:
    sign_in(client, lin)

    response = client.post(CHANGE, {"old": PASSWORD, "new": NEW, "again": NEW, **typed})

    assert words in text_of(response)
    lin.refresh_from_db()
    assert lin.check_password(PASSWORD)
    assert not AuditEvent.objects.filter(kind=EventKind.PASSWORD_CHANGED).exists()


def test_guessing_the_old_password_locks_the_account_and_ends_the_session(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    wrong = {"old": "Wrong-pass@1", "new": NEW, "again": NEW}

    answers = [client.post(CHANGE, wrong).status_code for _ in range(5)]

    assert answers == [200, 200, 200, 200, 429]
    assert client.get(PROFILE).status_code == 302
    lin.refresh_from_db()
    assert lin.check_password(PASSWORD)
    assert AuditEvent.objects.filter(kind=EventKind.LOCKED).count() == 1


def test_given_password_must_be_changed_before_anything_else(
    client: CheckedClient, db: None
) -> None:
    user = make_user("2040", "周新", must_change_password=True)
    sign_in(client, user)

    answer: Any = client.get(PROFILE)
    assert (answer.status_code, answer.url) == (302, CHANGE)
    fragment = client.get(PROFILE, headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (401, CHANGE)
    assert "现在的密码由管理员设置，改过之后才能继续使用。" in (
        text_of(client.get(CHANGE))
    )

    client.post(CHANGE, {"old": PASSWORD, "new": NEW, "again": NEW})

    assert client.get(PROFILE).status_code == 200


def test_expired_password_must_be_changed(
    client: CheckedClient, lin: User, clock: Any
) -> None:
    clock.shift(timedelta(days=90))
    sign_in(client, lin)

    answer: Any = client.get(PROFILE)

    assert answer.url == CHANGE
    assert "密码已到期，改过之后才能继续使用。" in text_of(client.get(CHANGE))


def test_whoever_must_change_the_password_may_leave(
    client: CheckedClient, db: None
) -> None:
    sign_in(client, make_user("2040", "周新", must_change_password=True))

    answer: Any = client.post("/accounts/logout")

    assert answer.url == LOGIN
