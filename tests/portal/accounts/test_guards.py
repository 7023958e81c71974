"""The door: who is led to the login, who is refused, and what the event log keeps."""

from __future__ import annotations

from typing import Any

import pytest

from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from tests.cast import sign_in
from tests.pages import CheckedClient

pytestmark = pytest.mark.django_db


def test_nobody_is_led_to_the_login_and_back(client: CheckedClient) -> None:
    answer: Any = client.get("/users/?q=2031")

    assert (answer.status_code, answer.url) == (
        302,
        "/accounts/login?next=/users/%3Fq%3D2031",
    )


def test_nobody_who_posts_is_led_back_to_the_page_they_saw(
    client: CheckedClient,
) -> None:
    answer: Any = client.post(
        "/users/new/", headers={"Referer": "http://testserver/users/"}
    )

    assert answer.url == "/accounts/login?next=/users/"


def test_way_back_leads_to_no_other_site(client: CheckedClient) -> None:
    answer: Any = client.post(
        "/users/new/", headers={"Referer": "https://evil.example/users/"}
    )

    assert answer.url == "/accounts/login?next="


def test_refused_access_is_in_the_event_log_without_a_name(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)

    assert client.get("/users/").status_code == 403

    event = AuditEvent.objects.get()
    assert (event.kind, event.by, event.is_ok) == (EventKind.ACCESS_DENIED, lin, False)
    assert (event.subject_type, event.subject_id) == ("view", "desk:user-list")
    assert event.detail == {"capability": "VIEW_USERS"}


def test_one_without_a_role_may_open_only_what_is_theirs(
    client: CheckedClient, zhao: User
) -> None:
    sign_in(client, zhao)

    assert client.get("/accounts/profile").status_code == 200
    for path in ("/users/", "/parameters/", "/privileges/", "/his/", "/log/"):
        assert client.get(path).status_code == 403
