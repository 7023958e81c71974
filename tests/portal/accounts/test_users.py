"""Users are made, shut out and let in again by an administrator, never by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from portal.accounts import refusals, services
from portal.accounts.capabilities import Role
from portal.accounts.models import LoginSession, User
from portal.audit.models import AuditEvent, EventKind
from tests.cast import make_user, sign_in
from tests.pages import CheckedClient
from tests.portal.accounts.traces import refused

pytestmark = pytest.mark.django_db
PASSWORD = "Ward-round@0730"
NEW: dict[str, Any] = {
    "staff_no": "2040",
    "name": "周新",
    "password": PASSWORD,
    "reason": "入职",
}


def test_create_user_makes_one_without_roles_who_must_change_the_password(
    qin: User,
) -> None:
    user = services.create_user(**NEW, office="医务科", by=qin)

    assert (user.staff_no, user.name, user.office) == ("2040", "周新", "医务科")
    assert user.is_active
    assert user.must_change_password
    assert user.roles == frozenset()
    assert user.check_password(PASSWORD)
    history = user.history.get()
    assert (history.history_user, history.history_change_reason) == (qin, "入职")
    event = AuditEvent.objects.get(kind=EventKind.USER_CREATED)
    assert (event.by, event.subject_id, event.reason) == (qin, str(user.pk), "入职")


def test_create_user_with_a_number_that_is_taken_is_refused(
    qin: User, lin: User
) -> None:
    with refused(refusals.StaffNumberTaken):
        services.create_user(**{**NEW, "staff_no": "2031"}, by=qin)


def test_create_user_with_a_weak_password_is_refused(qin: User) -> None:
    with refused(refusals.PasswordRefused):
        services.create_user(**{**NEW, "password": "12345678"}, by=qin)


@pytest.mark.parametrize(
    "role", [None, Role.OFFICER, Role.SECURITY_ADMIN, Role.AUDITOR, Role.LEADER]
)
def test_create_user_by_one_who_may_not_is_refused(role: Role | None) -> None:
    other = make_user("2050", "吴某", *([role] if role else []))

    with refused(refusals.NotAllowed):
        services.create_user(**NEW, by=other)


def test_create_user_by_a_deactivated_administrator_is_refused(qin: User) -> None:
    former = make_user("9009", "前任", Role.SYSTEM_ADMIN, is_active=False)

    with refused(refusals.NotAllowed):
        services.create_user(**NEW, by=former)


def test_deactivate_ends_the_session_and_keeps_the_roles(
    client: CheckedClient, qin: User, lin: User
) -> None:
    sign_in(client, lin)
    assert client.get("/accounts/profile").status_code == 200

    services.deactivate_user(user=lin, by=qin, reason="离职")

    assert client.get("/accounts/profile").status_code == 302
    lin.refresh_from_db()
    assert not lin.is_active
    assert lin.roles == {Role.OFFICER}
    assert lin.capabilities == frozenset()
    assert LoginSession.objects.get(user=lin).session_key == ""
    event = AuditEvent.objects.get(kind=EventKind.USER_CHANGED)
    assert (event.by, event.reason, event.detail) == (
        qin,
        "离职",
        {"code": "DEACTIVATED"},
    )


def test_activate_lets_the_user_in_with_the_roles_they_had(
    qin: User, lin: User
) -> None:
    services.deactivate_user(user=lin, by=qin, reason="离职")

    user = services.activate_user(user=lin, by=qin, reason="返聘")

    assert user.is_active
    assert user.roles == {Role.OFFICER}
    assert user.history.first().history_change_reason == "返聘"


def test_deactivate_twice_is_refused(qin: User, lin: User) -> None:
    services.deactivate_user(user=lin, by=qin, reason="离职")

    with refused(refusals.UserInactive):
        services.deactivate_user(user=lin, by=qin, reason="离职")


def test_activate_an_active_user_is_refused(qin: User, lin: User) -> None:
    with refused(refusals.UserActive):
        services.activate_user(user=lin, by=qin, reason="返聘")


def test_deactivate_oneself_is_refused(qin: User) -> None:
    with refused(refusals.OwnAccount):
        services.deactivate_user(user=qin, by=qin, reason="休假")


def test_deactivate_the_last_security_administrator_is_refused(
    qin: User, an: User
) -> None:
    with refused(refusals.LastAdministrator):
        services.deactivate_user(user=an, by=qin, reason="离职")


def test_deactivate_a_security_administrator_who_has_a_successor(
    qin: User, an: User
) -> None:
    make_user("9012", "安乐", Role.SECURITY_ADMIN)

    assert not services.deactivate_user(user=an, by=qin, reason="离职").is_active


def test_successor_who_is_deactivated_does_not_count(qin: User, an: User) -> None:
    make_user("9012", "安乐", Role.SECURITY_ADMIN, is_active=False)

    with refused(refusals.LastAdministrator):
        services.deactivate_user(user=an, by=qin, reason="离职")


@pytest.mark.parametrize("act", [services.deactivate_user, services.unlock_user])
def test_act_by_the_security_administrator_is_refused(
    an: User, lin: User, act: object
) -> None:
    with refused(refusals.NotAllowed):
        act(user=lin, by=an, reason="试试")  # type: ignore[operator]
