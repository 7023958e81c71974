"""The worker's door; listed in ``portal/celery.py``."""

from __future__ import annotations

import logging
import time
from typing import Any

from celery import shared_task
from celery.signals import heartbeat_sent
from django.db import DatabaseError, connection
from django.utils import timezone

from portal.watch.keeping import archive_due
from portal.watch.rules import BEAT, WORKER
from portal.watch.services import alive, ask_his, watch
from portal.watch.tallies import fold

logger = logging.getLogger(__name__)

# A worker gives its sign to our database so often; Celery's own comes every 2 s.
SIGN_SECONDS = 30.0
_last_sign = 0.0


@shared_task(name="watch.look", ignore_result=True)  # type: ignore[untyped-decorator]
def look() -> None:
    """Only the beat asks for this, so it is the beat's sign of life too."""
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


@heartbeat_sent.connect  # type: ignore[untyped-decorator]
def tell_worker_is_alive(**_signal: Any) -> None:
    """Without a beat too; in the main process, so a long task does not silence it."""
    global _last_sign  # noqa: PLW0603
    if time.monotonic() < _last_sign + SIGN_SECONDS:
        return
    _last_sign = time.monotonic()
    try:
        alive(WORKER, timezone.now())
    except DatabaseError:
        logger.warning("no sign of life written")
    finally:
        # Processes that are forked later must not find it open.
        connection.close()
