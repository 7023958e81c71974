"""Periodic work of this room; the acts themselves are in services."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from portal.his.opening import from_settings
from surgery.services.filing_reminders import remind_of_filings
from surgery.services.procedures import switch_due
from surgery.sync import pull_cases

logger = logging.getLogger(__name__)


@shared_task(name="surgery.switch_due", ignore_result=True)  # type: ignore[untyped-decorator]
def switch_due_procedures() -> None:
    """Entries of the catalogue whose day to begin or to end has come."""
    if count := switch_due(at=timezone.now()):
        logger.info("procedures switched", extra={"procedures": count})


@shared_task(name="surgery.pull_cases", ignore_result=True)  # type: ignore[untyped-decorator]
def pull() -> None:
    """Pull booked and performed operations; a failure is recorded and tried again."""
    for run in pull_cases(gateway=from_settings(), at=timezone.now()):
        logger.log(
            logging.INFO if run.is_ok else logging.WARNING,
            "operations pulled" if run.is_ok else "operations not pulled",
            extra={"run_id": run.pk, "view": run.view, "changed": run.changed},
        )


@shared_task(name="surgery.remind_of_filings", ignore_result=True)  # type: ignore[untyped-decorator]
def remind() -> None:
    """Filings of restricted techniques that are due before long, or overdue."""
    if told := remind_of_filings(at=timezone.now()):
        logger.info("filings told", extra={"notices": told})
