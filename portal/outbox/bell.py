"""Ringing the worker that delivers; see ``portal.bell``."""

from __future__ import annotations

from portal.bell import ring, ring_on_commit

TASK = "outbox.deliver_due"


def nudge() -> None:
    """Wake a worker if the broker is there; never raises, hardly ever waits."""
    ring(TASK)


def nudge_on_commit() -> None:
    """Once per transaction, however many messages it promises."""
    ring_on_commit(TASK)
