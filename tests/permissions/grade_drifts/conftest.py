"""The cast of grades: who proposes, who decides, who operates the HIS."""

from __future__ import annotations

import pytest

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from tests.cast import make_user
from tests.surgery.demo_his import database, filled, his

__all__ = ["database", "filled", "his"]


@pytest.fixture
def gao(db: None) -> User:
    """高, of the information center: operates the HIS connection."""
    return make_user("2051", "高远", Role.INFORMATION_CENTER, office="信息网络中心")


@pytest.fixture
def he(db: None) -> User:
    """何, head of the office: records what the committee decided."""
    return make_user("2003", "何静宜", Role.OFFICE_HEAD)
