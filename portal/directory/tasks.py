"""Periodic pulls; listed in ``portal/celery.py``."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from portal.directory.models import SyncRun
from portal.directory.sync import pull_doctors, pull_privileges
from portal.his.opening import from_settings

logger = logging.getLogger(__name__)


def pull_all() -> list[SyncRun]:
    """Both dictionaries, each with its own run."""
    gateway = from_settings()
    at = timezone.now()
    return [
        pull_privileges(gateway=gateway, at=at),
        pull_doctors(gateway=gateway, at=at),
    ]


@shared_task(name="directory.pull", ignore_result=True)  # type: ignore[untyped-decorator]
def pull() -> None:
    """Pull both dictionaries; a failure is recorded and tried again by the beat."""
    for run in pull_all():
        logger.log(
            logging.INFO if run.is_ok else logging.WARNING,
            "directory pulled" if run.is_ok else "directory not pulled",
            extra={"run_id": run.pk, "view": run.view, "changed": run.changed},
        )
