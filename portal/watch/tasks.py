"""The worker's door; listed in ``portal/celery.py``."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

from celery import shared_task
from celery.signals import heartbeat_sent, worker_ready
from django.db import DatabaseError, connection
from django.utils import timezone

from portal.watch.keeping import archive_due
from portal.watch.rules import BEAT, PUSH, WORKER
from portal.watch.services import alive, ask_his, watch
from portal.watch.tallies import fold

logger = logging.getLogger(__name__)

# A worker gives its sign to our database so often; Celery's own comes every 2 s.
SIGN_SECONDS = 30.0
# The queue of deliveries; see ``portal.celery``.
PUSH_QUEUE = "push"
_last_sign = 0.0
_roles: frozenset[str] = frozenset()


@shared_task(name="watch.look", ignore_result=True)  # type: ignore[untyped-decorator]
def look() -> None:
    """Only the beat asks for this, so it is the beat's sign of life too.

    Not of the worker that delivers: it has another queue, and tells of itself.
    """
    at = timezone.now()
    alive(BEAT, at)
    alive(WORKER, at)
    ask_his(at)
    for alert in watch(at):
        logger.warning(
            "alert opened", extra={"alert_id": alert.pk, "rule": str(alert.rule)}
        )


@shared_task(name="watch.fold", ignore_result=True)  # type: ignore[untyped-decorator]
def fold_tries() -> None:
    """Count tries for good that are complete."""
    fold(timezone.now())


@shared_task(name="watch.archive", ignore_result=True)  # type: ignore[untyped-decorator]
def archive() -> None:
    """Move long settled messages; a run that was cut goes on with the next."""
    done = archive_due(timezone.now())
    if done.moved:
        logger.info(
            "outbox archived", extra={"messages": done.moved, "streams": done.streams}
        )


def roles_of(queues: Iterable[str]) -> frozenset[str]:
    """What a worker is for, by the queues it takes from; it may be for both."""
    return frozenset(PUSH if name == PUSH_QUEUE else WORKER for name in queues)


@worker_ready.connect  # type: ignore[untyped-decorator]
def note_roles(sender: Any, **_signal: Any) -> None:
    """Not by the queues it knows: those it sends to are among them."""
    global _roles  # noqa: PLW0603
    _roles = roles_of(queue.name for queue in sender.task_consumer.queues)


@heartbeat_sent.connect  # type: ignore[untyped-decorator]
def tell_worker_is_alive(**_signal: Any) -> None:
    """Without a beat too; in the main process, so a long task does not silence it."""
    global _last_sign  # noqa: PLW0603
    if not _roles or time.monotonic() < _last_sign + SIGN_SECONDS:
        return
    _last_sign = time.monotonic()
    try:
        for role in sorted(_roles):
            alive(role, timezone.now())
    except DatabaseError:
        logger.warning("no sign of life written")
    finally:
        # Processes that are forked later must not find it open.
        connection.close()
