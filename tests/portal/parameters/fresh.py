"""The clock stands, so what was read of the parameters would never be forgotten."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def parameters_read_anew() -> Iterator[None]:
    """Neither earlier tests nor later ones see what this one set."""
    cache.clear()
    yield
    cache.clear()
