"""A doctor of the HIS who was never here, and what a station would send for them."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.cache import cache

from permissions.importers import load_catalogue
from portal.accounts.models import User
from portal.directory.models import Practitioner
from tests.cast import chen, lin, make_department, make_practitioner, su, wang, zhao
from tests.his_plugin.station import CHOLE, token_of
from tests.pages import CheckedClient
from tests.permissions.ledger import granted, make_procedures

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


@pytest.fixture
def rights(catalogue: None, lin: User, su: User, luo: Practitioner) -> Practitioner:
    """罗 may do grade 2, and 51.2300 of grade 3 until the end of next year."""
    granted(lin, su, luo, "SG02", valid_to=date(2027, 11, 22))
    granted(lin, su, luo, "SG03", item=CHOLE, valid_to=date(2027, 11, 22))
    return luo


@pytest.fixture
def token(client: CheckedClient, rights: Practitioner) -> str:
    return token_of(client)
