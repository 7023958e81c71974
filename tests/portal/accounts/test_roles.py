"""A role is asked for by one person and put in force by another."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from portal.accounts import refusals, services
from portal.accounts.capabilities import SEPARATED, Capability, Role
from portal.accounts.models import RoleAssignment, User
from portal.audit.acting import acting
from portal.audit.models import AuditEvent, EventKind
from tests.cast import make_user
from tests.portal.accounts.traces import refused

pytestmark = pytest.mark.django_db
State = RoleAssignment.State


@pytest.fixture
def request_(qin: User, zhao: User) -> RoleAssignment:
    """Qin asks that Zhao becomes an officer."""
    return services.request_role(user=zhao, role=Role.OFFICER, by=qin, reason="调入")


def test_request_role_gives_nothing_yet(
    request_: RoleAssignment, qin: User, zhao: User
) -> None:
    assert (request_.state, request_.requested_by) == (State.PENDING, qin)
    assert (request_.decided_by, request_.decided_at) == (None, None)
    assert User.objects.get(pk=zhao.pk).capabilities == frozenset()
    event = AuditEvent.objects.get(kind=EventKind.ROLE_REQUESTED)
    assert (event.by, event.reason) == (qin, "调入")
    assert event.detail == {"role": "OFFICER", "assignment": request_.pk}


def test_approve_by_a_second_person_puts_the_role_in_force(
    request_: RoleAssignment, an: User, zhao: User
) -> None:
    decided = services.approve_role(assignment=request_, by=an, reason="核实")

    assert (decided.state, decided.decided_by) == (State.ACTIVE, an)
    assert decided.decided_at == timezone.now()
    assert Capability.PROPOSE_PRIVILEGE in User.objects.get(pk=zhao.pk).capabilities
    assert [
        (row.state, row.history_user, row.history_change_reason)
        for row in decided.history.order_by("history_id")
    ] == [
        (State.PENDING, request_.requested_by, "调入"),
        (State.ACTIVE, an, "核实"),
    ]
    assert AuditEvent.objects.filter(kind=EventKind.ROLE_APPROVED).count() == 1


def test_reject_ends_the_request_and_it_may_be_asked_again(
    request_: RoleAssignment, qin: User, an: User, zhao: User
) -> None:
    decided = services.reject_role(assignment=request_, by=an, reason="不属实")

    assert decided.state == State.REJECTED
    assert User.objects.get(pk=zhao.pk).roles == frozenset()
    again = services.request_role(user=zhao, role=Role.OFFICER, by=qin, reason="调入")
    assert again.pk != request_.pk


@pytest.mark.parametrize("act", [services.approve_role, services.reject_role])
def test_decide_by_the_one_who_asked_is_refused(
    request_: RoleAssignment, qin: User, act: Any
) -> None:
    """Even once they have become the security administrator."""
    with acting(by=None, reason="轮岗"):
        own = qin.role_assignments.get()
        own.state = State.ENDED
        own.save()
        RoleAssignment.objects.create(
            user=qin,
            role=Role.SECURITY_ADMIN,
            state=State.ACTIVE,
            decided_at=timezone.now(),
        )
    former = User.objects.get(pk=qin.pk)

    with refused(refusals.SamePerson):
        act(assignment=request_, by=former, reason="核实")


def test_refusal_of_the_one_who_asked_says_so() -> None:
    assert str(refusals.SamePerson.text) == "不能批准自己申请的角色，请由另一人办理。"


@pytest.mark.parametrize("act", [services.approve_role, services.reject_role])
def test_decide_on_ones_own_role_is_refused(qin: User, an: User, act: Any) -> None:
    item = services.request_role(user=an, role=Role.LEADER, by=qin, reason="兼任")

    with refused(refusals.OwnAccount):
        act(assignment=item, by=an, reason="核实")


@pytest.mark.parametrize("act", [services.approve_role, services.reject_role])
@pytest.mark.parametrize("role", [Role.SYSTEM_ADMIN, Role.AUDITOR, Role.OFFICE_HEAD])
def test_decide_by_one_who_may_not_is_refused(
    request_: RoleAssignment, role: Role, act: Any
) -> None:
    other = make_user("2050", "吴某", role)

    with refused(refusals.NotAllowed):
        act(assignment=request_, by=other, reason="核实")


def test_decide_twice_is_refused(request_: RoleAssignment, an: User) -> None:
    services.approve_role(assignment=request_, by=an, reason="核实")

    with refused(refusals.NotPending):
        services.reject_role(assignment=request_, by=an, reason="不属实")


def test_approve_for_a_user_deactivated_meanwhile_is_refused(
    request_: RoleAssignment, qin: User, an: User, zhao: User
) -> None:
    services.deactivate_user(user=zhao, by=qin, reason="离职")

    with refused(refusals.UserInactive):
        services.approve_role(assignment=request_, by=an, reason="核实")


def test_request_role_for_oneself_is_refused(qin: User) -> None:
    with refused(refusals.OwnAccount):
        services.request_role(user=qin, role=Role.OFFICER, by=qin, reason="兼任")


def test_request_role_by_the_security_administrator_is_refused(
    an: User, zhao: User
) -> None:
    with refused(refusals.NotAllowed):
        services.request_role(user=zhao, role=Role.OFFICER, by=an, reason="调入")


def test_request_role_that_waits_already_is_refused(
    request_: RoleAssignment, qin: User, zhao: User
) -> None:
    with refused(refusals.RoleAlreadyOpen):
        services.request_role(user=zhao, role=Role.OFFICER, by=qin, reason="调入")


def test_request_role_that_is_held_already_is_refused(qin: User, lin: User) -> None:
    with refused(refusals.RoleAlreadyOpen):
        services.request_role(user=lin, role=Role.OFFICER, by=qin, reason="调入")


def test_request_role_for_a_deactivated_user_is_refused(qin: User) -> None:
    former = make_user("2050", "吴某", is_active=False)

    with refused(refusals.UserInactive):
        services.request_role(user=former, role=Role.OFFICER, by=qin, reason="调入")


def test_request_role_of_a_doctor_for_somebody_the_his_does_not_know_is_refused(
    qin: User, zhao: User
) -> None:
    with refused(refusals.DoctorByLaunch):
        services.request_role(user=zhao, role=Role.DOCTOR, by=qin, reason="调入")


PAIRS = [(a, b) for a in sorted(SEPARATED) for b in sorted(SEPARATED) if a != b]


@pytest.mark.parametrize(("held", "asked"), PAIRS)
def test_separated_administrators_exclude_each_other(
    qin: User, held: Role, asked: Role
) -> None:
    other = make_user("9010", "兼任", held)

    with refused(refusals.RolesExclude):
        services.request_role(user=other, role=asked, by=qin, reason="兼任")


def test_separated_administrators_exclude_each_other_while_one_waits(
    qin: User, zhao: User
) -> None:
    services.request_role(user=zhao, role=Role.AUDITOR, by=qin, reason="调入")

    with refused(refusals.RolesExclude):
        services.request_role(user=zhao, role=Role.SYSTEM_ADMIN, by=qin, reason="调入")


def test_approve_of_what_has_come_to_exclude_is_refused(
    qin: User, an: User, zhao: User
) -> None:
    item = services.request_role(user=zhao, role=Role.AUDITOR, by=qin, reason="调入")
    with acting(by=None, reason="测试"):
        RoleAssignment.objects.create(
            user=zhao, role=Role.SYSTEM_ADMIN, state=State.ACTIVE
        )

    with refused(refusals.RolesExclude):
        services.approve_role(assignment=item, by=an, reason="核实")


@pytest.mark.parametrize("number", ["9001", "9002"])
def test_end_role_takes_it_away_at_once_by_either_administrator(
    qin: User, an: User, lin: User, number: str
) -> None:
    by = {"9001": qin, "9002": an}[number]

    ended = services.end_role(
        assignment=lin.role_assignments.get(), by=by, reason="调出"
    )

    assert ended.state == State.ENDED
    assert User.objects.get(pk=lin.pk).capabilities == frozenset()
    event = AuditEvent.objects.get(kind=EventKind.ROLE_ENDED)
    assert (event.by, event.reason, event.detail["role"]) == (by, "调出", "OFFICER")


def test_end_role_by_one_who_may_not_is_refused(shen: User, lin: User) -> None:
    with refused(refusals.NotAllowed):
        services.end_role(assignment=lin.role_assignments.get(), by=shen, reason="调出")


def test_end_ones_own_role_is_refused(qin: User) -> None:
    with refused(refusals.OwnAccount):
        services.end_role(assignment=qin.role_assignments.get(), by=qin, reason="调出")


def test_end_role_that_is_not_in_force_is_refused(
    request_: RoleAssignment, an: User
) -> None:
    with refused(refusals.NotInForce):
        services.end_role(assignment=request_, by=an, reason="调出")


def test_end_the_last_administrator_is_refused(qin: User, an: User) -> None:
    with refused(refusals.LastAdministrator):
        services.end_role(assignment=an.role_assignments.get(), by=qin, reason="轮岗")
    with refused(refusals.LastAdministrator):
        services.end_role(assignment=qin.role_assignments.get(), by=an, reason="轮岗")


def test_end_an_administrator_who_has_a_successor(qin: User, an: User) -> None:
    make_user("9011", "秦岭", Role.SYSTEM_ADMIN)

    ended = services.end_role(
        assignment=qin.role_assignments.get(), by=an, reason="轮岗"
    )

    assert ended.state == State.ENDED


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"role": Role.OFFICER}, "UNIQUE constraint failed"),
        (
            {"role": Role.LEADER, "requested_by": "an", "decided_by": "an"},
            "accounts_roleassignment_second_person",
        ),
        (
            {"role": Role.LEADER, "decided_by": "lin"},
            "accounts_roleassignment_not_own",
        ),
    ],
)
def test_database_forbids_what_must_never_be(
    lin: User, an: User, fields: dict[str, Any], constraint: str
) -> None:
    people = {"an": an, "lin": lin}
    fields = {key: people.get(value, value) for key, value in fields.items()}

    with (
        pytest.raises(IntegrityError, match=constraint),
        acting(by=None, reason="测试"),
    ):
        RoleAssignment.objects.create(user=lin, state=State.ACTIVE, **fields)
