"""The worker's door; listed in ``portal/celery.py``."""

from __future__ import annotations

import logging

from celery import shared_task

from portal.jobs.services import run_due

logger = logging.getLogger(__name__)


@shared_task(name="jobs.run_due", ignore_result=True)  # type: ignore[untyped-decorator]
def run() -> None:
    """Do what is asked for. Safe twice at once: a job has one claim."""
    count = run_due()
    if count:
        logger.info("jobs run", extra={"count": count})
