"""The address of a list: everything it shows stands there, and links change parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

# Never part of a link back to the list.
PASSING = frozenset({"export", "selected", "all"})


def changed_address(request: HttpRequest, **changes: Any) -> str:
    """``?…`` of this request with some parameters changed; None takes one away."""
    pairs: list[tuple[str, str]] = []
    left = {name: str(v) for name, v in changes.items() if v is not None and v != ""}
    for name, values in request.GET.lists():
        if name in left:
            pairs.append((name, left.pop(name)))
        elif name not in changes and name not in PASSING:
            pairs += [(name, str(value)) for value in values]
    text = urlencode([*pairs, *left.items()])
    return f"?{text}" if text else request.path


def without(request: HttpRequest, names: Iterable[str]) -> str:
    """The address without some parameters, on its first page."""
    return changed_address(request, **dict.fromkeys([*names, "page", "saved"]))


def kept_query(given: Mapping[str, Any], *, leave_out: Iterable[str] = ()) -> str:
    """What of an address is worth keeping: names in order, nothing empty, no page."""
    gone = {*PASSING, "page", "saved", *leave_out}
    pairs = [(n, v) for n, v in given.items() if v and n not in gone]
    return urlencode(sorted(pairs))
