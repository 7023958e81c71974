"""The cast, a few procedures, and a demo HIS of its own for each test that asks."""

from __future__ import annotations

import pytest

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from tests.cast import chen, lin, make_user, su, wang, zhao
from tests.surgery.demo_his import database, filled, his

__all__ = ["chen", "database", "filled", "his", "lin", "su", "wang", "zhao"]


@pytest.fixture
def he(db: None) -> User:
    """何, head of the office: records what the committee decided."""
    return make_user("2003", "何静宜", Role.OFFICE_HEAD)


@pytest.fixture
def procedures(db: None) -> None:
    from tests.permissions.ledger import make_procedures

    make_procedures()
