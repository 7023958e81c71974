"""Coarse fields of a person, as some HISs keep rights. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from portal.his.mapping.shape import Flag

NONE = "0"
EVERYWHERE = "ALL"


class Held(NamedTuple):
    """A privilege somebody holds at a moment, and where."""

    privilege: str
    setting: str


def value_of(flag: Flag, held: Iterable[Held]) -> str:
    """The highest level held, or one place for each privilege; "0" without any."""
    codes = {
        one.privilege
        for one in held
        if not flag.setting or one.setting in {flag.setting, EVERYWHERE}
    }
    if flag.bits:
        return "".join("1" if bit in codes else NONE for bit in flag.bits)
    return max((flag.values[code] for code in codes & flag.values.keys()), default=NONE)


def is_lower(new: str, old: str) -> bool:
    """Does the new value take something away? Of bits: any."""
    if len(new) == len(old) > 1:
        return any(now < then for now, then in zip(new, old, strict=True))
    return new < old
