"""The cast of the shell's tests."""

from __future__ import annotations

from typing import Any

import pytest

from portal.accounts.capabilities import Role
from portal.accounts.models import RoleAssignment, User
from portal.audit.acting import acting
from tests.pages import CheckedClient

BACKEND = "django.contrib.auth.backends.ModelBackend"


def user_with(staff_no: str, name: str, role: Role) -> User:
    with acting(by=None, reason="测试"):
        user: User = User.objects.create(staff_no=staff_no, name=name, office="医务科")
        RoleAssignment.objects.create(
            user=user, role=role, state=RoleAssignment.State.ACTIVE
        )
    return user


@pytest.fixture
def lin(client: CheckedClient, settings: Any) -> User:
    """林, medical affairs, signed in; the lock-out is not tested here."""
    settings.AXES_ENABLED = False
    lin = user_with("2031", "林若川", Role.OFFICER)
    client.force_login(lin, backend=BACKEND)
    return lin


@pytest.fixture
def chen(client: CheckedClient, settings: Any) -> User:
    """陈, department head, signed in: sees, but may not export."""
    settings.AXES_ENABLED = False
    chen = user_with("1027", "陈景行", Role.DEPARTMENT_HEAD)
    client.force_login(chen, backend=BACKEND)
    return chen
