"""The worker's door; listed in ``portal/celery.py``."""

from __future__ import annotations

import logging

from celery import shared_task

from portal.notices.delivery import deliver_due

logger = logging.getLogger(__name__)


@shared_task(name="notices.deliver_due", ignore_result=True)  # type: ignore[untyped-decorator]
def deliver() -> None:
    """Send the mails and webhooks that are due. Safe twice at once: one claim each."""
    done = deliver_due()
    if any(done.values()):
        logger.info("notices delivered", extra=done)
