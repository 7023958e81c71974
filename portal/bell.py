"""Ringing a worker by the name of its task, so that lower rooms may wake upper ones.

A bell only: the work stands in our database already.

Celery's own producer is used (``portal.celery`` is the current application of every
process, see ``portal.apps``), from a thread, and waited for no longer than
``PATIENCE_SECONDS``: a broker that is away or silent never holds up a page. After such
a failure nobody rings for ``QUIET_SECONDS``; the sweep of the beat finds every message
without a bell.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import cache

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.1
QUIET_SECONDS = 5.0
# A bell nobody heard for so long is of no use: the sweep has been there. Not less, for
# the clocks of page and worker may differ.
EXPIRES_SECONDS = 60

_quiet_until = 0.0


def ring(task: str, *arguments: str) -> bool:
    """Have a worker start ``task`` soon; False when the broker cannot be reached.

    Never raises, hardly ever waits.
    """
    if time.monotonic() < _quiet_until:
        return False
    heard: list[bool] = []
    bell = threading.Thread(
        target=lambda: heard.append(_ring(task, arguments)), name="bell", daemon=True
    )
    bell.start()
    bell.join(PATIENCE_SECONDS)
    if bell.is_alive():
        _be_quiet("silent")
    return heard == [True]


def ring_on_commit(task: str, *arguments: str) -> None:
    """Once per transaction, however much of this work it leaves."""
    hooks = transaction.get_connection().run_on_commit
    ringing = _ringer(task, *arguments)
    if not any(hook is ringing for _savepoints, hook, _robust in hooks):
        transaction.on_commit(ringing)


@cache
def _ringer(task: str, *arguments: str) -> Callable[[], object]:
    def rings() -> None:
        ring(task, *arguments)

    return rings


def _ring(task: str, arguments: tuple[str, ...]) -> bool:
    try:
        current_app.send_task(
            task,
            args=arguments,
            ignore_result=True,
            retry=False,
            expires=EXPIRES_SECONDS,
        )
    except (OperationalError, RedisError, OSError):
        _be_quiet("away")
        return False
    return True


def _be_quiet(why: str) -> None:
    global _quiet_until
    _quiet_until = time.monotonic() + QUIET_SECONDS
    logger.warning("bell not rung", extra={"broker": why})
