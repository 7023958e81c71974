"""The password policy, and the two ways a password changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from portal.accounts import refusals, services
from portal.accounts.capabilities import Role
from portal.accounts.models import LoginSession, User
from portal.accounts.passwords import is_expired, problems_of
from portal.audit.models import AuditEvent, EventKind
from portal.parameters.registry import PASSWORD_DAYS, PASSWORD_HISTORY, PASSWORD_LENGTH
from portal.parameters.services import change
from tests.cast import PASSWORD, make_user, sign_in
from tests.pages import CheckedClient
from tests.portal.accounts.traces import refused

pytestmark = pytest.mark.django_db
NEW = "Ward-round@0730"


@pytest.mark.parametrize(
    ("password", "problems"),
    [
        (NEW, []),
        ("Ab1-efghij", []),
        ("Ab1-efghi", ["密码至少 10 位，现有 9 位。"]),
        ("ward-round@0730", ["还缺大写字母。"]),
        ("WARD-ROUND@0730", ["还缺小写字母。"]),
        ("Ward-round@sunny", ["还缺数字。"]),
        ("WardRound0730", ["还缺符号。"]),
        ("Ward round 0730", ["还缺符号。"]),
        ("wardround", ["密码至少 10 位，现有 9 位。", "还缺大写字母、数字、符号。"]),
        ("Doctor@2031-x", ["密码不能包含工号。"]),
        ("Aa1-林若川-2026", ["密码不能包含姓名。"]),
        ("", ["密码至少 10 位，现有 0 位。", "还缺大写字母、小写字母、数字、符号。"]),
    ],
)
def test_policy_names_every_rule_that_is_broken(
    password: str, problems: list[str]
) -> None:
    found = problems_of(password, minimum=10, staff_no="2031", name="林若川")

    assert found == problems


def test_change_password_by_oneself(lin: User) -> None:
    user = services.change_password(user=lin, old=PASSWORD, new=NEW)

    assert user.check_password(NEW)
    assert not user.must_change_password
    assert user.password_changed_at == timezone.now()
    history = user.history.first()
    assert (history.history_user, history.history_change_reason) == (
        lin,
        "本人修改密码",
    )
    event = AuditEvent.objects.get(kind=EventKind.PASSWORD_CHANGED)
    assert (event.by, event.subject_id) == (lin, str(lin.pk))


def test_history_is_in_the_language_of_the_hospital(lin: User) -> None:
    with translation.override("en"):
        user = services.change_password(user=lin, old=PASSWORD, new=NEW)

    assert user.history.first().history_change_reason == "本人修改密码"


def test_history_and_event_log_hold_no_password(lin: User) -> None:
    user = services.change_password(user=lin, old=PASSWORD, new=NEW)

    names = {field.name for field in User.history.model._meta.get_fields()}
    assert names.isdisjoint({"password", "password_history"})
    rows = [str(row) for row in AuditEvent.objects.order_by("pk").values()]
    assert [row for row in rows if NEW in row or user.password in row] == []


def test_change_password_with_a_wrong_old_one_is_refused(lin: User) -> None:
    with refused(refusals.WrongPassword):
        services.change_password(user=lin, old="Something@else1", new=NEW)


@pytest.mark.parametrize("new", ["short", PASSWORD, "Password@2031", "password"])
def test_change_password_against_the_policy_is_refused(lin: User, new: str) -> None:
    with refused(refusals.PasswordRefused):
        services.change_password(user=lin, old=PASSWORD, new=new)


def test_common_password_is_refused_although_it_has_all_kinds(
    lin: User, an: User
) -> None:
    change(parameter=PASSWORD_LENGTH, value=8, by=an, reason="统一口径")

    with refused(refusals.PasswordRefused):
        services.change_password(user=lin, old=PASSWORD, new="P@ssw0rd")


def test_last_five_passwords_do_not_come_back_but_the_sixth_does(lin: User) -> None:
    used = [PASSWORD]
    for number in range(5):
        new = f"Ward-round@{number}730"
        services.change_password(user=lin, old=used[-1], new=new)
        used.append(new)

    for known in used[-5:]:
        with refused(refusals.PasswordRefused):
            services.change_password(user=lin, old=used[-1], new=known)
    services.change_password(user=lin, old=used[-1], new=used[0])


def test_length_and_history_are_what_the_hospital_set(lin: User, an: User) -> None:
    change(parameter=PASSWORD_LENGTH, value=16, by=an, reason="加强")
    with refused(refusals.PasswordRefused):
        services.change_password(user=lin, old=PASSWORD, new=NEW)

    change(parameter=PASSWORD_LENGTH, value=10, by=an, reason="恢复")
    change(parameter=PASSWORD_HISTORY, value=1, by=an, reason="放宽")
    services.change_password(user=lin, old=PASSWORD, new=NEW)
    services.change_password(user=lin, old=NEW, new=PASSWORD)


def test_password_expires_after_the_days_the_hospital_set(
    lin: User, an: User, clock: Any
) -> None:
    clock.shift(timedelta(days=90) - timedelta(seconds=1))
    assert not is_expired(lin)
    clock.shift(timedelta(seconds=1))
    assert is_expired(lin)

    change(parameter=PASSWORD_DAYS, value=120, by=an, reason="放宽")
    assert not is_expired(lin)


def test_set_password_ends_the_session_and_must_be_changed(
    client: CheckedClient, qin: User, lin: User
) -> None:
    sign_in(client, lin)

    user = services.set_password(user=lin, password=NEW, by=qin, reason="忘记")

    assert user.check_password(NEW)
    assert user.must_change_password
    assert LoginSession.objects.get(user=lin).session_key == ""
    assert client.get("/accounts/profile").status_code == 302
    event = AuditEvent.objects.get(kind=EventKind.PASSWORD_CHANGED)
    assert (event.by, event.reason) == (qin, "忘记")


def test_set_ones_own_password_is_refused(qin: User) -> None:
    with refused(refusals.OwnAccount):
        services.set_password(user=qin, password=NEW, by=qin, reason="忘记")


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR])
def test_set_password_of_an_administrator_is_refused_unless_from_the_server(
    qin: User, role: Role
) -> None:
    other = make_user("9020", "旁人", role)
    with refused(refusals.AdministratorPassword):
        services.set_password(user=other, password=NEW, by=qin, reason="忘记")

    changed = services.set_password(user=other, password=NEW, by=None, reason="服务器")
    assert changed.check_password(NEW)


def test_set_password_by_one_who_may_not_is_refused(lin: User, zhao: User) -> None:
    with refused(refusals.NotAllowed):
        services.set_password(user=zhao, password=NEW, by=lin, reason="忘记")
