"""The cast, signed in."""

from __future__ import annotations

import pytest

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from tests.cast import make_user, sign_in, su
from tests.pages import CheckedClient

__all__ = ["chen", "lin", "su"]


@pytest.fixture
def lin(client: CheckedClient, db: None) -> User:
    """林, medical affairs, signed in."""
    lin = make_user("2031", "林若川", Role.OFFICER)
    sign_in(client, lin)
    return lin


@pytest.fixture
def chen(client: CheckedClient, db: None) -> User:
    """陈, department head, signed in: sees, but may not export."""
    chen = make_user("1027", "陈景行", Role.DEPARTMENT_HEAD)
    sign_in(client, chen)
    return chen
