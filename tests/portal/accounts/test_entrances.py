"""Users nobody asked for: a doctor's first launch, an installation's first two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from portal.accounts import refusals, services
from portal.accounts.capabilities import Capability, Role
from portal.accounts.models import RoleAssignment, User
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner, PractitionerStatus
from tests.cast import make_practitioner, make_user
from tests.portal.accounts.traces import refused

pytestmark = pytest.mark.django_db
PASSWORD = "Ward-round@0730"


def doctor_of(user: User) -> Practitioner:
    return Practitioner.objects.get(user=user)


# --- a launch -----------------------------------------------------------------------


def test_first_launch_makes_a_doctor_without_password() -> None:
    practitioner = make_practitioner("1188", "王若谷")

    user = services.user_for_launch(practitioner=practitioner)

    assert (user.staff_no, user.name, user.office) == ("1188", "王若谷", "肝胆外科")
    assert user.practitioner == practitioner
    assert not user.has_usable_password()
    assert user.capabilities == {Capability.VIEW_OWN_PRIVILEGES}
    history = user.history.get()
    assert (history.history_user, history.history_change_reason) == (
        None,
        "从医生站首次进入",
    )
    kinds = AuditEvent.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == [EventKind.USER_CREATED, EventKind.ROLE_APPROVED]


def test_second_launch_finds_the_same_user_and_writes_nothing() -> None:
    practitioner = make_practitioner("1188", "王若谷")
    first = services.user_for_launch(practitioner=practitioner)
    events = AuditEvent.objects.count()

    assert services.user_for_launch(practitioner=practitioner) == first
    assert User.objects.count() == 1
    assert first.role_assignments.count() == 1
    assert AuditEvent.objects.count() == events


def test_launch_links_the_account_that_has_the_staff_number() -> None:
    chief = make_user("1027", "陈景行", Role.DEPARTMENT_HEAD)

    practitioner = make_practitioner("1027", "陈景行")
    user = services.user_for_launch(practitioner=practitioner)

    assert user.pk == chief.pk
    assert user.practitioner == practitioner
    assert user.roles == {Role.DEPARTMENT_HEAD, Role.DOCTOR}
    event = AuditEvent.objects.get(kind=EventKind.USER_CHANGED)
    assert (event.by, event.detail) == (None, {"code": "LINKED"})


@pytest.mark.parametrize(
    "status",
    [
        PractitionerStatus.AWAY_TRAINING,
        PractitionerStatus.SICK_LEAVE,
        PractitionerStatus.SUSPENDED,
        PractitionerStatus.LEFT,
    ],
)
def test_launch_of_one_who_does_not_practise_is_refused(
    status: PractitionerStatus,
) -> None:
    practitioner = make_practitioner("1188", "王若谷", status=status)

    with refused(refusals.PractitionerNotPractising):
        services.user_for_launch(practitioner=practitioner)


def test_launch_of_one_the_his_no_longer_shows_is_refused() -> None:
    practitioner = make_practitioner("1188", "王若谷", missing_since=timezone.now())

    with refused(refusals.PractitionerNotPractising):
        services.user_for_launch(practitioner=practitioner)


def test_launch_of_a_deactivated_user_is_refused(qin: User, wang: User) -> None:
    services.deactivate_user(user=wang, by=qin, reason="离职")

    with refused(refusals.UserInactive):
        services.user_for_launch(practitioner=doctor_of(wang))


def test_launch_does_not_give_back_the_role_that_was_taken_away(
    qin: User, wang: User
) -> None:
    services.end_role(assignment=wang.role_assignments.get(), by=qin, reason="停权")

    with refused(refusals.LaunchRoleEnded):
        services.user_for_launch(practitioner=doctor_of(wang))


def test_role_of_a_doctor_comes_back_by_two_people(
    qin: User, an: User, wang: User
) -> None:
    services.end_role(assignment=wang.role_assignments.get(), by=qin, reason="停权")
    item = services.request_role(user=wang, role=Role.DOCTOR, by=qin, reason="复权")
    services.approve_role(assignment=item, by=an, reason="核实")

    assert services.user_for_launch(practitioner=doctor_of(wang)) == wang


# --- an installation ----------------------------------------------------------------


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    return [
        "--system-no=9001",
        "--system-name=秦牧",
        f"--system-password-file={file}",
        "--security-no=9002",
        "--security-name=安宁",
        f"--security-password-file={file}",
    ]


def test_create_admin_makes_the_two_an_installation_begins_with(
    arguments: list[str], capsys: Any
) -> None:
    call_command("create_admin", *arguments)

    assert "系统管理员和安全管理员已建立" in capsys.readouterr().out
    people = {user.staff_no: user for user in User.objects.order_by("staff_no")}
    assert {no: set(user.roles) for no, user in people.items()} == {
        "9001": {Role.SYSTEM_ADMIN},
        "9002": {Role.SECURITY_ADMIN},
    }
    assert all(user.must_change_password for user in people.values())
    assert all(user.check_password(PASSWORD) for user in people.values())


def test_create_admin_a_second_time_is_refused(arguments: list[str]) -> None:
    call_command("create_admin", *arguments)

    with pytest.raises(CommandError, match="不再建立首批管理员"):
        call_command("create_admin", *arguments)
    assert RoleAssignment.objects.count() == 2


def test_create_admin_with_one_weak_password_makes_neither(
    arguments: list[str], tmp_path: Path
) -> None:
    weak = tmp_path / "weak"
    weak.write_text("12345678", encoding="utf-8")
    arguments[-1] = f"--security-password-file={weak}"

    with pytest.raises(CommandError, match="密码至少 10 位"):
        call_command("create_admin", *arguments)
    assert not User.objects.exists()
    assert not AuditEvent.objects.exists()


def test_create_admin_asks_for_what_is_missing(monkeypatch: Any) -> None:
    answers = iter(["9001", "秦牧", "9002", "安宁"])
    monkeypatch.setattr("builtins.input", lambda _question: next(answers))
    monkeypatch.setattr("getpass.getpass", lambda _question: PASSWORD)

    call_command("create_admin")

    assert User.objects.count() == 2


def test_set_password_from_the_server_serves_an_administrator(
    qin: User, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD, encoding="utf-8")

    call_command("set_password", "9001", f"--password-file={file}")

    qin.refresh_from_db()
    assert qin.check_password(PASSWORD)
    assert qin.must_change_password
    event = AuditEvent.objects.get(kind=EventKind.PASSWORD_CHANGED)
    assert (event.by, event.reason) == (None, "服务器上重设")


def test_set_password_of_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="没有这个工号的账户"):
        call_command("set_password", "9001", f"--password-file={tmp_path}")


def test_set_password_from_a_file_that_is_not_there_is_refused(qin: User) -> None:
    with pytest.raises(CommandError, match="/nowhere"):
        call_command("set_password", "9001", "--password-file=/nowhere")
