"""Who changes parameters."""

from __future__ import annotations

from tests.portal.accounts.conftest import an
from tests.portal.parameters.fresh import parameters_read_anew

__all__ = ["an", "parameters_read_anew"]
