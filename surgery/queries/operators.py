"""How many doctors may operate on a procedure: what the room of the rights says.

That room stands above this one; it tells how to ask when it loads::

    @asked_of
    def operators(codes: Collection[str]) -> Mapping[str, int]: ...
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

Ask: TypeAlias = Callable[[Collection[str]], Mapping[str, int]]
_ASKED: list[Ask] = []


def asked_of(ask: Ask) -> Ask:
    _ASKED[:] = [ask]
    return ask


def operators_of(codes: Collection[str]) -> Mapping[str, int]:
    """By code, doctors who may operate now without a supervisor.

    Nothing where no room of rights is installed.
    """
    return _ASKED[0](codes) if _ASKED else {}
