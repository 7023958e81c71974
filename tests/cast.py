"""The cast of the tests: who they are, and what each may do.

Lin (林) and Su (苏) are officers of the medical-affairs office, Chen (陈) heads a
department, Wang (王) is a surgeon, Zhao (赵) is an outsider: active, without a role.
Further people come from ``make_user``. ``sign_in`` opens a portal session without the
login page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.accounts.capabilities import Role
from portal.accounts.models import LoginSession, RoleAssignment, User
from portal.audit.acting import acting
from portal.directory.models import Department, Practitioner, PractitionerStatus

BACKEND = "portal.accounts.backends.PortalBackend"
PASSWORD = "Cast-of-tests-2026"


def make_department(code: str = "0301", name: str = "肝胆外科") -> Department:
    """The department of this code, made once."""
    department, _is_new = Department.objects.get_or_create(
        code=code, defaults={"name": name}
    )
    return department


def make_practitioner(
    emp_no: str = "1188", name: str = "王若谷", **fields: Any
) -> Practitioner:
    """A practising doctor as a pull would have left them."""
    now = timezone.now()
    if "department" not in fields:
        fields["department"] = make_department()
    return Practitioner.objects.create(
        emp_no=emp_no,
        name=name,
        **{
            "his_emp_id": f"H{emp_no}",
            "initials": "wrg",
            "pinyin": "wang ruo gu",
            "title_code": "232",
            "status": PractitionerStatus.ACTIVE,
            "row_hash": emp_no,
            "first_seen_at": now,
            "changed_at": now,
            **fields,
        },
    )


def make_user(
    staff_no: str,
    name: str,
    *roles: Role,
    departments: Sequence[str] = (),
    **fields: Any,
) -> User:
    """An active user whose ``roles`` are in force, that of a head for ``departments``;
    the password is ``PASSWORD``."""
    fields = {"office": "医务科", "password_changed_at": timezone.now(), **fields}
    user = User(staff_no=staff_no, name=name, **fields)
    user.set_password(PASSWORD)
    with acting(by=None, reason="测试"):
        user.save()
        for role in roles:
            RoleAssignment.objects.create(
                user=user,
                role=role,
                departments=list(departments) if role == Role.DEPARTMENT_HEAD else [],
                state=RoleAssignment.State.ACTIVE,
                decided_at=timezone.now(),
            )
    return user


def sign_in(client: Client, user: User) -> None:
    """Open a portal session for ``user``; every further request is theirs."""
    client.force_login(user, backend=BACKEND)
    LoginSession.objects.update_or_create(
        user=user,
        defaults={
            "session_key": client.session.session_key or "",
            "logged_in_at": timezone.now(),
        },
    )


@pytest.fixture
def lin(db: None) -> User:
    """林, an officer of the medical-affairs office."""
    return make_user("2031", "林若川", Role.OFFICER)


@pytest.fixture
def su(db: None) -> User:
    """苏, the second officer: approves what Lin proposes."""
    return make_user("2032", "苏晓岚", Role.OFFICER)


@pytest.fixture
def chen(db: None) -> User:
    """陈, head of the department 0301, where the cast's doctors work."""
    return make_user(
        *("1027", "陈景行", Role.DEPARTMENT_HEAD),
        office="肝胆外科",
        departments=["0301"],
    )


@pytest.fixture
def wang(db: None) -> User:
    """王, a surgeon known to the HIS as 1188."""
    practitioner = make_practitioner("1188", "王若谷")
    return make_user(
        "1188", "王若谷", Role.DOCTOR, office="肝胆外科", practitioner=practitioner
    )


@pytest.fixture
def zhao(db: None) -> User:
    """赵, an outsider: active, without a role."""
    return make_user("3999", "赵无关", office="后勤")
