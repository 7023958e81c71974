"""The second person of an act on rights."""

from __future__ import annotations

from typing import Any

from permissions.services import is_second_needed
from portal.accounts.capabilities import Capability
from portal.ui import second


class WithSecond(second.WithSecond):
    """Who agrees may change rights themselves."""

    capability = Capability.CHANGE_GRANT


class GivesRights(WithSecond):
    """A form that always needs a second person where the hospital asks for two."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, needs_second=is_second_needed(), **kwargs)
