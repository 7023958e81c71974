"""Saved views as a list offers them: a menu, and the one that is open as a tab."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from portal.ui.queries import KeptView


@dataclass(frozen=True)
class Offered:
    """The reader's views of one list; ``current`` is the one the address names."""

    template: ClassVar[str] = "components/saved_views.html"
    list_key: str
    views: tuple[KeptView, ...]
    current: KeptView | None


def offered(views: Sequence[KeptView], list_key: str, asked: str) -> Offered:
    current = next((view for view in views if str(view.id) == asked), None)
    return Offered(list_key, tuple(views), current)
