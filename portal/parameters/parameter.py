"""What a hospital parameter is."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class Parameter:
    """A whole-number parameter; ``minimum`` and ``maximum`` are both allowed."""

    key: str
    title: str | Promise
    unit: str | Promise
    default: int
    minimum: int
    maximum: int
    basis: str | Promise
