"""How many rows a page of a list has, and the other numbers one may choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from portal.ui.address import changed_address
from portal.ui.pages import Pager
from portal.ui.spec import PAGE_SIZES, ListSpec


@dataclass(frozen=True)
class PageSize:
    number: int
    url: str
    is_on: bool


def page_size(spec: ListSpec[Any, Any], given: Mapping[str, str]) -> int:
    asked = given.get("per", "")
    return int(asked) if asked in map(str, PAGE_SIZES) else spec.per_page


def sizes_of(request: HttpRequest, pager: Pager) -> tuple[PageSize, ...]:
    """Other numbers of rows a page, where there is more than the smallest page."""
    if pager.total <= min(PAGE_SIZES):
        return ()
    return tuple(
        PageSize(
            number,
            changed_address(request, per=number, page=None),
            number == pager.per_page,
        )
        for number in PAGE_SIZES
    )
