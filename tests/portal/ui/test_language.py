"""The switch between Chinese and English: for everybody, this browser only."""

from __future__ import annotations

import pytest

from portal.accounts.models import User
from tests.cast import sign_in
from tests.pages import CheckedClient

pytestmark = pytest.mark.django_db
SWITCH = "/language"


def test_switch_on_the_login_page_turns_it_english_and_back(
    client: CheckedClient,
) -> None:
    page = client.get("/accounts/login")
    assert 'value="en" lang="en">English</button>' in page.content.decode()

    answer = client.post(SWITCH, {"language": "en", "next": "/accounts/login"})
    english = client.get("/accounts/login").content.decode()

    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/login")
    assert '<html lang="en">' in english
    assert 'value="zh-hans" lang="zh-CN">简体中文</button>' in english
    client.post(SWITCH, {"language": "zh-hans", "next": "/accounts/login"})
    assert '<html lang="zh-CN">' in client.get("/accounts/login").content.decode()


def test_switch_stands_in_the_menu_of_a_user(client: CheckedClient, lin: User) -> None:
    sign_in(client, lin)

    page = client.get("/accounts/profile").content.decode()

    assert 'value="en" lang="en">English</button>' in page


def test_switch_leads_to_no_foreign_page(client: CheckedClient) -> None:
    answer = client.post(SWITCH, {"language": "en", "next": "https://evil.example/"})

    assert answer.headers["Location"] == "/"


def test_unknown_language_changes_nothing(client: CheckedClient) -> None:
    answer = client.post(SWITCH, {"language": "xx", "next": "/accounts/login"})

    assert answer.status_code == 302
    assert "yw_language" not in answer.cookies


def test_switch_is_not_for_reading(client: CheckedClient) -> None:
    assert client.get(SWITCH).status_code == 405
