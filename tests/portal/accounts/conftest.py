"""The people who manage accounts."""

from __future__ import annotations

import pytest

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from tests.cast import chen, lin, make_user, wang, zhao
from tests.portal.parameters.fresh import parameters_read_anew

__all__ = ["chen", "lin", "parameters_read_anew", "wang", "zhao"]


@pytest.fixture
def qin(db: None) -> User:
    """秦, the system administrator: makes users and asks for roles."""
    return make_user("9001", "秦牧", Role.SYSTEM_ADMIN, office="信息网络中心")


@pytest.fixture
def an(db: None) -> User:
    """安, the security administrator: approves roles, changes parameters."""
    return make_user("9002", "安宁", Role.SECURITY_ADMIN, office="信息网络中心")


@pytest.fixture
def shen(db: None) -> User:
    """审, the auditor: sees everything, changes nothing."""
    return make_user("9003", "审思齐", Role.AUDITOR, office="审计科")
