"""Where the hospital asks for two, the second proves it with a password of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from permissions import services
from permissions.models import GrantEvent, GrantState
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner
from tests.cast import PASSWORD, make_practitioner, make_user, sign_in
from tests.pages import CheckedClient
from tests.permissions.act_pages import (
    HTMX,
    TYPED,
    WHY,
    by_second,
    confirmed,
    opened,
    previewed,
    two_are_needed,
)
from tests.permissions.ledger import TODAY, granted, nothing_written

pytestmark = pytest.mark.usefixtures("catalogue")
ENDS = date(2027, 6, 30)
DIRECT: dict[str, Any] = {
    "privilege": "SG02",
    "kind": "TEMPORARY",
    "role": "OPERATE",
    "setting": "ALL",
    "valid_from": str(TODAY),
    "valid_to": "2026-12-31",
    "reason": "外请专家来院期间带教，临时授权",
}


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


@pytest.fixture
def state(lin: User, su: User, surgeon: Practitioner) -> GrantState:
    """A suspended line, in a hospital that asks for two."""
    made = granted(lin, su, surgeon, "SG03", item="51.2300", valid_to=ENDS)
    services.suspend(
        state=made, by=lin, at=timezone.now(), reason_code="08", reason=WHY
    )
    made.refresh_from_db()
    two_are_needed(lin)
    return made


@pytest.fixture
def lin_in(client: CheckedClient, lin: User) -> CheckedClient:
    sign_in(client, lin)
    return client


@contextmanager
def refused(field: str, words: str) -> Iterator[list[Any]]:
    """The answer put into the list says so at the field; nothing was written."""
    answers: list[Any] = []
    with nothing_written():
        yield answers
    [answer] = answers
    assert answer.status_code == 422
    assert answer.context["form"].errors == {field: [words]}
    assert PASSWORD not in answer.content.decode()


def test_acts_that_give_ask_for_two_and_those_that_take_do_not(
    lin_in: CheckedClient, state: GrantState
) -> None:
    asks = {
        act: "second_password" in opened(lin_in, state, act).context["form"].fields
        for act in ("renew", "suspend", "restore", "downgrade", "revoke", "void")
    }
    assert asks == {
        "renew": True,
        "suspend": False,
        "restore": True,
        "downgrade": False,
        "revoke": False,
        "void": False,
    }
    # The suspension is the last act: undone, the right is given back.
    assert opened(lin_in, state, "undo").context["form"].needs_second
    new = lin_in.get("/privileges/new/", **HTMX)
    assert new.context["form"].needs_second


def test_where_one_is_enough_nobody_is_asked_for(
    lin_in: CheckedClient, lin: User, su: User, surgeon: Practitioner
) -> None:
    made = granted(lin, su, surgeon, "SG02", valid_to=ENDS)
    assert not opened(lin_in, made, "renew").context["form"].needs_second


@pytest.mark.parametrize(
    ("act", "given"),
    [("restore", {}), ("renew", {"last_day": "2028-06-30"}), ("undo", {})],
)
def test_two_do_it_together_and_both_are_written_down(
    act: str,
    given: dict[str, str],
    lin_in: CheckedClient,
    lin: User,
    su: User,
    state: GrantState,
) -> None:
    answer = confirmed(lin_in, state, act, **given, **by_second(su))
    assert answer.status_code == 200
    event = GrantEvent.objects.latest("pk")
    assert (event.by, event.second) == (lin, su)


def test_direct_grant_is_given_by_two(
    lin_in: CheckedClient, lin: User, su: User, state: GrantState
) -> None:
    granted(lin, su, state.practitioner, "SG01", valid_to=ENDS)
    asked = {**DIRECT, "practitioner": "1027"}
    with nothing_written():
        answer = lin_in.post("/privileges/new/", asked, **HTMX)
    assert set(answer.context["form"].errors) == {"second_no", "second_password"}
    answer = lin_in.post("/privileges/new/", {**asked, **by_second(su)}, **HTMX)
    assert answer.status_code == 200
    event = GrantEvent.objects.latest("pk")
    assert (event.kind, event.by, event.second) == ("GRANT", lin, su)


def test_many_lines_are_restored_by_two(
    lin_in: CheckedClient, su: User, state: GrantState
) -> None:
    url, asked = "/privileges/many/restore/", {**TYPED, "id": str(state.pk)}
    with nothing_written():
        assert lin_in.post(url, asked, **HTMX).status_code == 422
    assert lin_in.post(url, {**asked, **by_second(su)}, **HTMX).status_code == 200
    assert GrantEvent.objects.latest("pk").second == su


def test_wrong_password_is_refused_and_counted_like_a_login(
    lin_in: CheckedClient, su: User, state: GrantState
) -> None:
    words = "工号或密码不对，还可以再试 {} 次，之后锁定 30 分钟。"
    for left in (4, 3, 2, 1):
        with refused("second_password", words.format(left)) as answers:
            answers.append(confirmed(lin_in, state, "restore", **by_second(su, "错")))
    locked = "这个工号已锁定 30 分钟。请换一位，或请系统管理员解除锁定。"
    with refused("second_password", locked) as answers:
        answers.append(confirmed(lin_in, state, "restore", **by_second(su, "错")))
    # Locked is locked, whatever is typed, here and at the login page.
    with refused("second_password", locked) as answers:
        answers.append(confirmed(lin_in, state, "restore", **by_second(su)))
    login = CheckedClient().post(
        reverse("accounts:login"), {"staff_no": su.staff_no, "password": PASSWORD}
    )
    assert login.status_code == 429
    kinds = AuditEvent.objects.filter(subject_id=str(su.pk)).values_list(
        "kind", flat=True
    )
    assert sorted(kinds).count(EventKind.LOGIN_FAILED) == 7
    assert EventKind.LOCKED in set(kinds)


def test_right_password_ends_the_counting(
    lin_in: CheckedClient, su: User, state: GrantState
) -> None:
    for _try in range(3):
        confirmed(lin_in, state, "restore", **by_second(su, "错"))
    assert confirmed(lin_in, state, "restore", **by_second(su)).status_code == 200
    services.suspend(
        state=state, by=su, at=timezone.now(), reason_code="08", reason=WHY
    )
    state.refresh_from_db()
    words = "工号或密码不对，还可以再试 4 次，之后锁定 30 分钟。"
    with refused("second_password", words) as answers:
        answers.append(confirmed(lin_in, state, "restore", **by_second(su, "错")))


def test_number_that_nobody_has_is_told_apart_by_nothing(
    lin_in: CheckedClient, state: GrantState
) -> None:
    words = "工号或密码不对，还可以再试 4 次，之后锁定 30 分钟。"
    unknown = {"second_no": "8888", "second_password": PASSWORD}
    with refused("second_password", words) as answers:
        answers.append(confirmed(lin_in, state, "restore", **unknown))


def test_second_person_is_not_the_first(
    lin_in: CheckedClient, lin: User, state: GrantState
) -> None:
    with refused("second_no", "第二人不能是办理人，请换一位。") as answers:
        answers.append(confirmed(lin_in, state, "restore", **by_second(lin)))
    assert not AuditEvent.objects.filter(kind=EventKind.LOGIN_FAILED).exists()


def test_second_person_is_not_the_doctor(
    lin_in: CheckedClient, surgeon: Practitioner, state: GrantState
) -> None:
    both = make_user("1027", "陈景行", Role.OFFICER, practitioner=surgeon)
    words = "第二人不能是办理人，也不能是医师本人。请换一位确认。"
    with refused("second_no", words) as answers:
        answers.append(confirmed(lin_in, state, "restore", **by_second(both)))


@pytest.mark.parametrize("role", [Role.DEPARTMENT_HEAD, Role.SECURITY_ADMIN, None])
def test_second_person_without_the_capability_is_refused_and_noted(
    role: Role | None, lin_in: CheckedClient, state: GrantState
) -> None:
    other = make_user("2099", "孔德明", *([role] if role else []))
    with refused("second_no", "这位没有办理这项操作的权限，请换一位。") as answers:
        answers.append(confirmed(lin_in, state, "restore", **by_second(other)))
    event = AuditEvent.objects.get(kind=EventKind.ACCESS_DENIED)
    assert (event.by, event.subject_id, event.detail) == (
        other,
        "permissions:grant-change",
        {"capability": "CHANGE_GRANT"},
    )


def test_second_person_whose_password_is_due_changes_it_first(
    lin_in: CheckedClient, state: GrantState
) -> None:
    other = make_user("2099", "孔德明", Role.OFFICER, must_change_password=True)
    words = "这位的密码须先修改：请本人登录本系统修改密码后再确认。"
    with refused("second_no", words) as answers:
        answers.append(confirmed(lin_in, state, "restore", **by_second(other)))


def test_second_person_who_was_deactivated_is_nobody(
    lin_in: CheckedClient, state: GrantState
) -> None:
    other = make_user("2099", "孔德明", Role.OFFICER, is_active=False)
    words = "工号或密码不对，还可以再试 4 次，之后锁定 30 分钟。"
    with refused("second_password", words) as answers:
        answers.append(confirmed(lin_in, state, "restore", **by_second(other)))


def test_password_is_asked_last_and_never_shown_again(
    lin_in: CheckedClient, su: User, state: GrantState
) -> None:
    """A form that is wrong otherwise costs nobody a try."""
    with nothing_written():
        answer = confirmed(lin_in, state, "restore", reason="短", **by_second(su))
        empty = confirmed(lin_in, state, "renew", reason="", **by_second(su, "错"))
    for page in (answer.content.decode(), empty.content.decode()):
        assert PASSWORD not in page
        assert 'value="错"' not in page
        assert f'value="{su.staff_no}"' in page
    assert not AuditEvent.objects.filter(kind=EventKind.LOGIN_FAILED).exists()


def test_preview_never_takes_the_password_along(
    lin_in: CheckedClient, state: GrantState
) -> None:
    page = opened(lin_in, state, "restore").content.decode()
    assert 'hx-params="id,seen,last_day,to,reason_code,effective_at"' in page
    new = lin_in.get("/privileges/new/", **HTMX).content.decode()
    params = [part.split('"')[0] for part in new.split('hx-params="')[1:]]
    assert params
    assert not any("second" in part for part in params)
    assert previewed(lin_in, state, "restore").status_code == 200


def test_drawer_opened_before_two_were_needed_says_so(
    lin_in: CheckedClient, lin: User, su: User, surgeon: Practitioner
) -> None:
    made = granted(lin, su, surgeon, "SG02", valid_to=ENDS)
    two_are_needed(lin)
    with nothing_written():
        answer = confirmed(lin_in, made, "renew", last_day="2027-12-31")
    assert answer.status_code == 422
    assert "第二人确认" in answer.content.decode()
