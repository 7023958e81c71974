"""Periodic work of this room; the acts themselves are in services."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from surgery.services.procedures import switch_due

logger = logging.getLogger(__name__)


@shared_task(name="surgery.switch_due", ignore_result=True)  # type: ignore[untyped-decorator]
def switch_due_procedures() -> None:
    """Entries of the catalogue whose day to begin or to end has come."""
    if count := switch_due(at=timezone.now()):
        logger.info("procedures switched", extra={"procedures": count})
