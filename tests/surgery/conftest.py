"""The cast and a few procedures for the tests of the surgery room."""

from __future__ import annotations

import pytest

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from tests.cast import chen, lin, make_user, su, wang, zhao

__all__ = ["chen", "lin", "su", "wang", "zhao"]


@pytest.fixture
def he(db: None) -> User:
    """何, head of the office: records what the committee decided."""
    return make_user("2003", "何静宜", Role.OFFICE_HEAD)


@pytest.fixture
def procedures(db: None) -> None:
    from tests.permissions.ledger import make_procedures

    make_procedures()
