"""Pages and order of a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from portal.ui.elements import Text
from portal.ui.ids import is_id

# Pages shown on each side of the current one.
NEIGHBORS = 2


class HasOrder(Protocol):
    @property
    def key(self) -> str: ...

    @property
    def title(self) -> Text: ...

    @property
    def order(self) -> tuple[str, ...]: ...

    @property
    def css(self) -> str: ...


@dataclass(frozen=True)
class Pager:
    """Which page of how many; ``shown`` has None where pages are left out."""

    number: int
    count: int
    total: int
    per_page: int

    @property
    def start(self) -> int:
        return (self.number - 1) * self.per_page

    @property
    def end(self) -> int:
        return self.start + self.per_page

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.number < self.count else None

    @property
    def shown(self) -> list[int | None]:
        near = range(self.number - NEIGHBORS, self.number + NEIGHBORS + 1)
        numbers = sorted({1, self.count, *(n for n in near if 1 <= n <= self.count)})
        shown: list[int | None] = []
        for place, number in enumerate(numbers):
            if place and number - numbers[place - 1] > 1:
                shown.append(None)
            shown.append(number)
        return shown


def pager_of(total: int, asked: str, per_page: int) -> Pager:
    """The page asked for; beyond the last one the last, nonsense is the first."""
    count = max(1, -(-total // per_page))
    number = int(asked) if is_id(asked) else 1
    return Pager(min(max(number, 1), count), count, total, per_page)


@dataclass(frozen=True)
class Sorting:
    """What the rows are ordered by; ``text`` as in the address, ``""`` by default."""

    key: str
    is_descending: bool
    order: tuple[Any, ...]

    @property
    def text(self) -> str:
        return f"-{self.key}" if self.is_descending else self.key


@dataclass(frozen=True)
class Head:
    """A column head; ``sort`` is what a click asks for, ``""`` where it cannot."""

    title: Text
    css: str
    sort: str
    aria_sort: str


def reversed_order(order: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name[1:] if name.startswith("-") else f"-{name}" for name in order)


def sorting_of(
    columns: Sequence[HasOrder], asked: str, default: tuple[Any, ...]
) -> Sorting:
    """``name`` upward, ``-name`` downward; an unknown column is the default order."""
    is_descending = asked.startswith("-")
    key = asked.removeprefix("-")
    for column in columns:
        if column.key == key and column.order:
            order = reversed_order(column.order) if is_descending else column.order
            return Sorting(key, is_descending, order)
    return Sorting("", is_descending=False, order=default)


def column_heads(columns: Sequence[HasOrder], sorting: Sorting) -> list[Head]:
    heads = []
    for column in columns:
        is_sorted = column.key == sorting.key
        aria = ""
        if is_sorted:
            aria = "descending" if sorting.is_descending else "ascending"
        turns = is_sorted and not sorting.is_descending
        sort = f"-{column.key}" if turns else column.key
        heads.append(Head(column.title, column.css, sort if column.order else "", aria))
    return heads
