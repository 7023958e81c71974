"""A session ends after fifteen idle minutes; a user has one portal session at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client

from portal.accounts.capabilities import ROLE_CAPABILITIES, Capability, Role
from portal.accounts.middleware import SessionLimitsMiddleware
from portal.accounts.models import LoginSession, User
from portal.accounts.sessions import LAUNCHED
from portal.audit.models import AuditEvent, EventKind
from portal.parameters.registry import IDLE_MINUTES
from portal.parameters.services import change
from tests.cast import BACKEND, PASSWORD, make_practitioner, make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient

pytestmark = pytest.mark.django_db
PROFILE = "/accounts/profile"
LOGIN = "/accounts/login"
STATION_PAGE = "/my/"


def log_in(client: Client, staff_no: str = "2031") -> None:
    typed = {"staff_no": staff_no, "password": PASSWORD, "next": PROFILE}
    assert client.post(LOGIN, typed).status_code == 302


def launch(client: Client, user: User) -> None:
    """What a launch leaves: a session that names its station."""
    client.force_login(user, backend=BACKEND)
    session = client.session
    session[LAUNCHED] = "INPATIENT"
    session.save()


def capabilities_in(client: Client, user: User) -> frozenset[Capability]:
    """What the middleware grants this session."""
    request: Any = HttpRequest()
    request.user, request.session = user, client.session
    SessionLimitsMiddleware(lambda _request: None)(request)  # type: ignore[arg-type, return-value]
    granted: frozenset[Capability] = request.capabilities
    return granted


# --- idle ---------------------------------------------------------------------------


def test_session_that_is_used_goes_on(
    client: CheckedClient, lin: User, clock: Any
) -> None:
    log_in(client)

    for _number in range(5):
        clock.shift(timedelta(minutes=14))
        assert client.get(PROFILE).status_code == 200


def test_session_ends_after_fifteen_idle_minutes_and_says_so(
    client: CheckedClient, lin: User, clock: Any
) -> None:
    log_in(client)
    clock.shift(timedelta(minutes=15))

    answer: Any = client.get(PROFILE, follow=True)

    assert answer.redirect_chain == [(f"{LOGIN}?next=/accounts/profile", 302)]
    assert "15 分钟未操作，已自动退出" in answer.content.decode()
    event = AuditEvent.objects.get(kind=EventKind.LOGOUT)
    assert (event.by, event.detail) == (lin, {"code": "IDLE"})
    assert LoginSession.objects.get(user=lin).session_key == ""


def test_session_lives_one_second_before_its_end(
    client: CheckedClient, lin: User, clock: Any
) -> None:
    log_in(client)
    clock.shift(timedelta(minutes=14, seconds=59))

    assert client.get(PROFILE).status_code == 200


def test_what_a_page_asks_for_by_itself_keeps_no_session(
    client: CheckedClient, lin: User, clock: Any
) -> None:
    log_in(client)
    for _number in range(14):
        clock.shift(timedelta(minutes=1))
        assert client.get(PROFILE, headers={"X-YW-Poll": "1"}).status_code == 200
    clock.shift(timedelta(minutes=1))

    assert client.get(PROFILE, headers={"X-YW-Poll": "1"}).status_code == 302


def test_fragment_of_an_ended_session_sends_the_whole_page_to_the_login(
    client: CheckedClient, lin: User, clock: Any
) -> None:
    log_in(client)
    clock.shift(timedelta(minutes=16))

    answer = client.get(
        PROFILE,
        headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{PROFILE}"},
    )

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == f"{LOGIN}?next=/accounts/profile"


def test_idle_limit_is_what_the_hospital_set(
    client: CheckedClient, lin: User, an: User, clock: Any
) -> None:
    log_in(client)
    change(parameter=IDLE_MINUTES, value=5, by=an, reason="加强")
    clock.shift(timedelta(minutes=5))

    answer = client.get(PROFILE, follow=True)

    assert "5 分钟未操作，已自动退出" in answer.content.decode()


def test_launched_session_ends_when_idle_too(
    client: CheckedClient, wang: User, clock: Any
) -> None:
    launch(client, wang)
    assert client.get(STATION_PAGE).status_code == 200
    clock.shift(timedelta(minutes=15))

    assert client.get(STATION_PAGE).status_code == 302


# --- one at a time ------------------------------------------------------------------


def test_second_login_ends_the_first_and_says_so(lin: User) -> None:
    first, second = CheckedClient(), CheckedClient()
    log_in(first)
    log_in(second)

    answer = first.get(PROFILE, follow=True)

    assert "账户已在别处登录，这里已退出" in answer.content.decode()
    assert second.get(PROFILE).status_code == 200
    event = AuditEvent.objects.get(kind=EventKind.LOGOUT)
    assert event.detail == {"code": "REPLACED"}


def test_logout_of_a_replaced_session_does_not_end_the_new_one(lin: User) -> None:
    first, second = CheckedClient(), CheckedClient()
    log_in(first)
    log_in(second)

    first.post("/accounts/logout")

    assert second.get(PROFILE).status_code == 200


def test_launched_session_neither_ends_nor_is_ended_by_a_portal_session(
    wang: User,
) -> None:
    portal, station, other_station = CheckedClient(), CheckedClient(), CheckedClient()
    launch(station, wang)
    log_in(portal, "1188")
    launch(other_station, wang)

    for client in (portal, station, other_station):
        assert client.get(STATION_PAGE).status_code == 200


def test_changing_the_password_keeps_this_session_and_ends_the_others(
    wang: User,
) -> None:
    portal, station = CheckedClient(), CheckedClient()
    launch(station, wang)
    log_in(portal, "1188")

    new = "Ward-round@0730"
    typed = {"old": PASSWORD, "new": new, "again": new}
    portal.post("/accounts/password", typed)

    assert portal.get(STATION_PAGE).status_code == 200
    assert station.get(STATION_PAGE).status_code == 302


# --- what a session may -------------------------------------------------------------


def test_session_has_what_the_roles_in_force_bring(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)

    assert capabilities_in(client, lin) == ROLE_CAPABILITIES[Role.OFFICER]


def test_launched_session_has_doctor_capabilities_only(client: CheckedClient) -> None:
    practitioner = make_practitioner("1027", "陈景行")
    chief = make_user(
        "1027",
        "陈景行",
        Role.DOCTOR,
        Role.OFFICE_HEAD,
        Role.SYSTEM_ADMIN,
        practitioner=practitioner,
    )
    launch(client, chief)

    assert capabilities_in(client, chief) == {Capability.VIEW_OWN_PRIVILEGES}
    assert client.get("/users/").status_code == 403


def test_launched_session_of_one_who_is_no_doctor_has_nothing(
    client: CheckedClient, lin: User
) -> None:
    launch(client, lin)

    assert capabilities_in(client, lin) == frozenset()


@pytest.mark.parametrize("path", [PROFILE, "/accounts/password"])
def test_launched_session_may_not_touch_the_account(
    client: CheckedClient, wang: User, path: str
) -> None:
    launch(client, wang)

    assert client.get(path).status_code == 403


def test_session_costs_three_queries_a_request(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    client.get("/users/")

    with assert_queries(4):  # the session, the user, the standing; the refusal's event
        assert client.get("/users/").status_code == 403
