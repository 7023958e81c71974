"""What the rooms above compare with the HIS, as the watch may ask it.

The watch lies below them; a room says when it loads which parts it compares and how to
ask for all of them at once (``permissions.queries.standing``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.ui.elements import Text


@dataclass(frozen=True)
class Standing:
    """How one part stands: ``open`` drifts that ask for somebody, by kind, ``since``
    when the oldest of them is known, and when a look last came to its end."""

    part: str
    open: Mapping[str, int]
    since: datetime | None
    looked_at: datetime | None

    @property
    def count(self) -> int:
        return sum(self.open.values())


Ask = Callable[[], Sequence[Standing]]
PARTS: dict[str, Text] = {}
_ASKED: list[Ask] = []


def compares(parts: Mapping[str, Text]) -> Callable[[Ask], Ask]:
    """The function tells how these parts stand; it asks as many queries for all of them
    as for one."""

    def keep(ask: Ask) -> Ask:
        PARTS.update(parts)
        _ASKED.append(ask)
        return ask

    return keep


def standings() -> list[Standing]:
    return [standing for ask in _ASKED for standing in ask()]
