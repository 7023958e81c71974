"""What one look found, before anything is written: drifts that are not rows yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from permissions.enums import DriftTarget, Part
from permissions.models import Drift

KEY = ("target", "emp_no", "code", "item", "setting", "valid_from")
OURS = ("ours_status", "ours_last", "ours_value")
THEIRS = ("theirs_status", "theirs_last", "theirs_value")
TARGETS_OF: Mapping[Part, frozenset[DriftTarget]] = {
    Part.RIGHTS: frozenset(DriftTarget) - {DriftTarget.GRADE},
    Part.GRADES: frozenset({DriftTarget.GRADE}),
}
# Which row of the HIS a drift is about.
Key = tuple[Any, ...]


class NotCompared(Exception):
    """The HIS did not show it all; the words say why."""


@dataclass
class Seen:
    """Every row that is not as it should be, by key, and the keys that were left out.

    ``ours``: rows that should stand; ``theirs``: rows read; ``beside``: rows of rights
    that are not ours; ``on_the_way``: rows whose message is open.
    """

    found: dict[Key, Drift] = field(default_factory=dict)
    left_out: set[Key] = field(default_factory=set)
    ours: int = 0
    theirs: int = 0
    on_the_way: int = 0
    beside: int = 0
    unreadable: int = 0


def key_of(drift: Drift) -> Key:
    return tuple(getattr(drift, name) for name in KEY)


def values_of(drift: Drift) -> tuple[Any, ...]:
    """With others it is another drift."""
    return tuple(getattr(drift, name) for name in ("kind", *OURS, *THEIRS))
