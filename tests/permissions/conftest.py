"""The cast and the catalogue for the tests of the permissions room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from permissions.importers import load_catalogue
from tests.cast import chen, lin, su, wang, zhao

__all__ = ["catalogue", "chen", "lin", "su", "wang", "zhao"]


@pytest.fixture(autouse=True)
def _parameters_are_read_anew() -> Iterator[None]:
    """What a test set is rolled back, but not in the cache."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def catalogue(db: None) -> None:
    """The seed catalogues of privileges and a few procedures."""
    from tests.permissions.ledger import make_procedures

    load_catalogue()
    make_procedures()


@pytest.fixture
def prerequisites_warn(_parameters_are_read_anew: None, db: None) -> Iterator[None]:
    """For acts that are about other things than what the catalogue demands before."""
    from tests.permissions.ledger import prerequisites_only_warn

    with prerequisites_only_warn():
        yield
