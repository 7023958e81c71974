"""Periodic work of this room; the acts themselves are in services."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from permissions.services.catalogue import publish_due

logger = logging.getLogger(__name__)


@shared_task(name="permissions.publish_due", ignore_result=True)  # type: ignore[untyped-decorator]
def publish_due_version() -> None:
    """The approved version of the catalogue whose day has come."""
    version = publish_due(at=timezone.now())
    if version is not None:
        logger.info("catalogue published", extra={"version": version.number})
