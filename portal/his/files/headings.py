"""Which column of a file is which column of the view, by its heading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal.his.contract.shape import Column, View
from portal.his.files.folder import Unusable


def places_of(view: View, heading: Sequence[Any]) -> list[int | None]:
    """For each column of the view its place in the file, or None where it is left out.

    A heading is the name of the contract or its Chinese title. What may be empty may be
    left out, and the watermark: then the file's own time stands for it. Other headings
    are nobody's business. Raises Unusable.
    """
    known = {plain(word): item.name for item in view.columns for word in words_of(item)}
    found: dict[str, int] = {}
    for place, cell in enumerate(heading):
        name = known.get(plain(cell))
        if name in found:
            raise Unusable(f"表头「{cell}」重复")
        if name is not None:
            found[name] = place
    missing = [item for item in view.columns if is_missing(view, item, found)]
    if missing:
        listed = "、".join(f"{item.title}（{item.name}）" for item in missing)
        raise Unusable(f"表头缺少 {listed}")
    return [found.get(item.name) for item in view.columns]


def words_of(column: Column) -> tuple[str, str]:
    return column.name, column.title


def plain(cell: Any) -> str:
    """Without blanks and case, as people type headings."""
    return "".join(str(cell or "").split()).casefold()


def is_missing(view: View, item: Column, found: dict[str, int]) -> bool:
    may_be_left_out = item.nullable or item.blank or item.name == view.watermark
    return item.name not in found and not may_be_left_out
