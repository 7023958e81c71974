"""What a HIS does not offer, by its own mapping: for the DBA's script and our pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from portal.his.contract.interfaces import ALL
from portal.his.contract.shape import Column
from portal.his.mapping.loader import load, shipped
from portal.his.mapping.shape import Mapping, ViewMap


@dataclass(frozen=True)
class Gap:
    """An interface that is not offered, or, with ``column``, a column of one that is.

    ``reason`` is the mapping's own words, "" where it gives none. ``is_required``: the
    contract wants a value in every row, so the rows fail its check.
    """

    interface: str
    title: str
    column: str = ""
    column_title: str = ""
    reason: str = ""
    is_required: bool = False


@cache
def interfaces_lacking(name: str) -> dict[str, str]:
    """Interfaces the HIS of this mapping (file or name) has not, with the reason."""
    return dict(load(shipped(name)).missing) if name else {}


def gaps(mapping: Mapping) -> Iterator[Gap]:
    """Whole interfaces first, then columns in the order of the contract."""
    titles = {item.name: item.title for item in ALL}
    for name, why in mapping.missing.items():
        yield Gap(name, titles[name], reason=why)
    for view in mapping.views.values():
        yield from gaps_of(view)


def gaps_of(view: ViewMap) -> Iterator[Gap]:
    for column in not_offered(view):
        yield Gap(
            view.view.name,
            view.view.title,
            column.name,
            column.title,
            view.missing.get(column.name, ""),
            not column.nullable,
        )


def not_offered(view: ViewMap) -> list[Column]:
    """Columns every HIS must give and this one does not."""
    given = set(view.rows[0]) if view.rows else set(view.columns)
    return [column for column in view.view.columns if column.name not in given]
