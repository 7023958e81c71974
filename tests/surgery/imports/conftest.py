"""Who brings sheets of procedures, and who decides on grades."""

from __future__ import annotations

import pytest

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from tests.cast import lin, make_user, su, zhao

__all__ = ["head", "lin", "su", "zhao"]


@pytest.fixture
def head(db: None) -> User:
    """何, head of the medical-affairs office: decides on the catalogue."""
    return make_user("2003", "何建平", Role.OFFICE_HEAD)
