"""Periodic pulls; listed in ``portal/celery.py``."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from portal.directory.lapses import note_lapses
from portal.directory.sync import clear_history, pull_all
from portal.his.opening import from_settings

logger = logging.getLogger(__name__)


@shared_task(name="directory.pull", ignore_result=True)  # type: ignore[untyped-decorator]
def pull() -> None:
    """Pull all dictionaries; a failure is recorded and tried again by the beat."""
    for run in pull_all(gateway=from_settings(), at=timezone.now()):
        logger.log(
            logging.INFO if run.is_ok else logging.WARNING,
            "directory pulled" if run.is_ok else "directory not pulled",
            extra={"run_id": run.pk, "view": run.view, "changed": run.changed},
        )


@shared_task(name="directory.note_lapses", ignore_result=True)  # type: ignore[untyped-decorator]
def lapses() -> None:
    """Registrations and filings that have ended since we last looked."""
    if told := note_lapses(at=timezone.now()):
        logger.info("directory lapses told", extra={"events": told})


@shared_task(name="directory.clear_history", ignore_result=True)  # type: ignore[untyped-decorator]
def clear() -> None:
    """Forget pulls that are older than we keep them."""
    gone = clear_history(at=timezone.now())
    logger.info("directory history cleared", extra={"runs": gone})
