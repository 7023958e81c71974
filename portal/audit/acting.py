"""Who acts, and why: without both, a model with history refuses to change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Act:
    """The act under way. ``by`` is a user, or None when the system itself acts."""

    by: Any
    reason: str


_current: ContextVar[Act | None] = ContextVar("current_act", default=None)


class ActorMissing(Exception):
    """A change was attempted without saying who changes it and why."""


@contextmanager
def acting(*, by: Any, reason: str) -> Iterator[Act]:
    """Everything saved inside is recorded as done by ``by`` for ``reason``."""
    if not reason.strip():
        raise ActorMissing("a change needs a reason")
    act = Act(by=by, reason=reason)
    token = _current.set(act)
    try:
        yield act
    finally:
        _current.reset(token)


def current_act() -> Act:
    """The act under way; raises ActorMissing when nobody said who acts."""
    act = _current.get()
    if act is None:
        raise ActorMissing("wrap the change in acting(by=…, reason=…)")
    return act
