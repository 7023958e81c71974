"""Ringing the worker that delivers to a target; see ``portal.bell``."""

from __future__ import annotations

from portal.bell import ring, ring_on_commit
from portal.his.targets import DEFAULT

TASK = "outbox.deliver_due"


def nudge(target: str = DEFAULT) -> None:
    """Wake a worker if the broker is there; never raises, hardly ever waits."""
    ring(TASK, *arguments(target))


def nudge_on_commit(target: str = DEFAULT) -> None:
    """Once per transaction and target, however many messages it promises."""
    ring_on_commit(TASK, *arguments(target))


def arguments(target: str) -> tuple[str, ...]:
    """The HIS is what the task delivers to without being told."""
    return () if target == DEFAULT else (target,)
