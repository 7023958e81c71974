"""Waking the worker that delivers; see ``portal.jobs.bell``."""

from __future__ import annotations

from django.db import transaction

from portal.jobs.bell import ring

TASK = "outbox.deliver_due"


def nudge() -> None:
    """Wake a worker if the broker is there; never raises, hardly ever waits."""
    ring(TASK)


def nudge_on_commit() -> None:
    """Once per transaction, however many messages it promises."""
    hooks = transaction.get_connection().run_on_commit
    if not any(hook is nudge for _savepoints, hook, _robust in hooks):
        transaction.on_commit(nudge)
