"""Five wrong passwords lock the account for thirty minutes, from wherever they come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.test import Client
from django.utils import timezone

from portal.accounts import refusals, services
from portal.accounts.lockout import lock_ends
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.parameters.registry import LOCK_MINUTES, LOGIN_TRIES
from portal.parameters.services import change
from tests.cast import PASSWORD
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.portal.accounts.traces import refused

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login"


def try_login(
    client: Client, staff_no: str = "2031", password: str = "Wrong-pass@1", **extra: Any
) -> Any:
    typed = {"staff_no": staff_no, "password": password, "next": "/accounts/profile"}
    return client.post(LOGIN, typed, **extra)


def lock(client: Client, staff_no: str = "2031", tries: int = 5) -> Any:
    answers = [try_login(client, staff_no) for _number in range(tries)]
    return answers[-1]


def test_each_try_says_how_many_are_left(client: CheckedClient, lin: User) -> None:
    for left in (4, 3, 2, 1):
        html = try_login(client).content.decode()
        words = f"工号或密码不对，还可以再试 {left} 次，之后锁定 30 分钟。"
        assert words in html


def test_fifth_try_locks_and_the_right_password_does_not_help(
    client: CheckedClient, lin: User
) -> None:
    answer = lock(client)

    assert answer.status_code == 429
    assert "连续 5 次工号或密码不对，账户暂时锁定，还剩 30 分钟。" in (
        answer.content.decode()
    )
    assert try_login(client, password=PASSWORD).status_code == 429
    assert "_auth_user_id" not in client.session


def test_lock_is_in_the_event_log_once_with_every_try(
    client: CheckedClient, lin: User
) -> None:
    lock(client)
    try_login(client)

    codes = AuditEvent.objects.filter(kind=EventKind.LOGIN_FAILED).order_by("pk")
    assert [event.detail["code"] for event in codes] == ["PASSWORD"] * 5 + ["LOCKED"]
    event = AuditEvent.objects.get(kind=EventKind.LOCKED)
    assert (event.subject_id, event.is_ok) == (str(lin.pk), False)


def test_lock_ends_thirty_minutes_later_and_not_before(
    client: CheckedClient, lin: User, clock: Any
) -> None:
    lock(client)

    clock.shift(timedelta(minutes=29, seconds=59))
    assert "还剩 1 分钟" in try_login(client, password=PASSWORD).content.decode()
    clock.shift(timedelta(seconds=2))
    assert try_login(client, password=PASSWORD).status_code == 302


def test_trying_while_locked_does_not_make_it_longer(
    client: CheckedClient, lin: User, clock: Any
) -> None:
    lock(client)
    clock.shift(timedelta(minutes=20))
    assert try_login(client).status_code == 429

    clock.shift(timedelta(minutes=10, seconds=1))

    assert try_login(client, password=PASSWORD).status_code == 302


def test_login_in_time_forgets_the_failures(client: CheckedClient, lin: User) -> None:
    lock(client, tries=4)
    assert try_login(client, password=PASSWORD).status_code == 302
    client.post("/accounts/logout")

    assert "还可以再试 4 次" in try_login(client).content.decode()


def test_tries_from_many_addresses_and_browsers_count_together(lin: User) -> None:
    for number in range(4):
        try_login(
            Client(),
            REMOTE_ADDR=f"10.0.0.{number}",
            HTTP_USER_AGENT=f"browser {number}",
        )

    assert try_login(Client(), REMOTE_ADDR="10.0.0.9").status_code == 429


def test_another_account_at_the_same_address_is_not_locked(
    client: CheckedClient, lin: User, chen: User
) -> None:
    lock(client)

    assert try_login(client, "1027", PASSWORD).status_code == 302


def test_full_width_digits_are_the_same_account(
    client: CheckedClient, lin: User
) -> None:
    lock(client, "２０３１")

    assert try_login(client, password=PASSWORD).status_code == 429


def test_blanks_around_the_number_are_the_same_account(
    client: CheckedClient, lin: User
) -> None:
    lock(client)

    assert try_login(client, " 2031 ", PASSWORD).status_code == 429


def test_name_that_nobody_has_is_locked_as_any_other(client: CheckedClient) -> None:
    answer = lock(client, "8888")

    assert answer.status_code == 429
    assert "连续 5 次工号或密码不对" in answer.content.decode()
    event = AuditEvent.objects.get(kind=EventKind.LOCKED)
    assert (event.subject_type, event.subject_id) == ("", "")


def test_what_was_typed_is_written_down_nowhere(client: CheckedClient) -> None:
    lock(client, "My-Secret@1")

    rows = [
        *AccessAttempt.objects.order_by("pk").values(),
        *AuditEvent.objects.order_by("pk").values(),
    ]
    assert [row for row in map(str, rows) if "Secret" in row or "Wrong" in row] == []


def test_deactivated_account_is_told_apart_nowhere(
    client: CheckedClient, qin: User, lin: User
) -> None:
    services.deactivate_user(user=lin, by=qin, reason="离职")

    assert "还可以再试 4 次" in try_login(client, password=PASSWORD).content.decode()


def test_tries_and_minutes_are_what_the_hospital_set(
    client: CheckedClient, lin: User, an: User, clock: Any
) -> None:
    change(parameter=LOGIN_TRIES, value=3, by=an, reason="加强")
    change(parameter=LOCK_MINUTES, value=60, by=an, reason="加强")

    assert try_login(client).status_code == 200
    assert try_login(client).status_code == 200
    assert "还剩 60 分钟" in try_login(client).content.decode()
    clock.shift(timedelta(minutes=59))
    assert try_login(client, password=PASSWORD).status_code == 429
    clock.shift(timedelta(minutes=1, seconds=1))
    assert try_login(client, password=PASSWORD).status_code == 302


# --- who is locked, and letting them in ---------------------------------------------


def test_lock_ends_says_who_is_locked_until_when(
    client: CheckedClient, lin: User, chen: User, clock: Any
) -> None:
    lock(client)
    lock(client, "1027", tries=4)
    ends = timezone.now() + timedelta(minutes=30)

    with assert_queries(2):
        assert lock_ends(["2031", "1027", "3999"]) == {"2031": ends}
    clock.shift(timedelta(minutes=30, seconds=1))
    assert lock_ends(["2031", "1027", "3999"]) == {}


def test_unlock_lets_the_user_in_with_the_old_password(
    client: CheckedClient, qin: User, lin: User
) -> None:
    lock(client)

    services.unlock_user(user=lin, by=qin, reason="本人来电核实")

    event = AuditEvent.objects.get(kind=EventKind.USER_CHANGED)
    assert (event.by, event.reason, event.detail) == (
        qin,
        "本人来电核实",
        {"code": "UNLOCKED"},
    )
    assert event.subject_id == str(lin.pk)
    assert try_login(client, password=PASSWORD).status_code == 302


def test_unlock_of_one_who_is_not_locked_is_refused(
    client: CheckedClient, qin: User, lin: User
) -> None:
    lock(client, tries=4)

    with refused(refusals.NotLocked):
        services.unlock_user(user=lin, by=qin, reason="核实")


def test_unlock_by_one_who_may_not_is_refused(
    client: CheckedClient, an: User, lin: User
) -> None:
    lock(client)

    with refused(refusals.NotAllowed):
        services.unlock_user(user=lin, by=an, reason="核实")


def test_unlock_oneself_is_refused(client: CheckedClient, qin: User) -> None:
    lock(client, "9001")

    with refused(refusals.OwnAccount):
        services.unlock_user(user=qin, by=qin, reason="核实")


def test_new_password_unlocks(client: CheckedClient, qin: User, lin: User) -> None:
    lock(client)

    services.set_password(user=lin, password="Other-day@0900", by=qin, reason="忘记")

    assert lock_ends(["2031"]) == {}
    assert try_login(client, password="Other-day@0900").status_code == 302
