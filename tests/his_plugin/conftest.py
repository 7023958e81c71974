"""A doctor of the HIS who was never here, and what a station would send for them."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from permissions.importers import load_catalogue
from portal.directory.models import Practitioner
from tests.cast import chen, lin, make_department, make_practitioner, su, wang, zhao
from tests.permissions.ledger import make_procedures

__all__ = ["chen", "lin", "su", "wang", "zhao"]


@pytest.fixture(autouse=True)
def _nothing_is_counted() -> None:
    """How often somebody asked is remembered in the cache."""
    cache.clear()


@pytest.fixture
def luo(db: None) -> Practitioner:
    """罗, a surgeon known to the HIS and not yet to the portal."""
    return make_practitioner(
        "1188",
        "罗景文",
        title_code="233",
        department=make_department("0401", "肝胆胰外科"),
    )


@pytest.fixture
def catalogue(db: None) -> None:
    load_catalogue()
    make_procedures()
