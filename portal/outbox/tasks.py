"""The worker's door; listed in ``portal/celery.py``."""

from __future__ import annotations

import logging

from celery import shared_task

from portal.his.opening import from_settings
from portal.outbox.bell import nudge
from portal.outbox.delivery import deliver_due

logger = logging.getLogger(__name__)


@shared_task(name="outbox.deliver_due", ignore_result=True)  # type: ignore[untyped-decorator]
def deliver() -> None:
    """Deliver what is due. Safe twice at once: a message has one claim."""
    summary = deliver_due(gateway=from_settings())
    if summary.total:
        logger.info(
            "outbox delivered",
            extra={str(name).lower(): count for name, count in summary.tried.items()},
        )
    if summary.is_cut:
        nudge()
