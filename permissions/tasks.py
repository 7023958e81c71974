"""Periodic work of this room; the acts themselves are in services."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from permissions.recoding import apply_due
from permissions.reconciliation import reconcile_if_due, settle_repairs
from permissions.regrading import follow_due
from permissions.services.catalogue import publish_due
from permissions.services.certificates import note_lapsed_certificates
from permissions.services.events import read_events
from permissions.services.rechecks import recheck_changed
from permissions.services.reminders import remind
from portal.his.opening import from_settings

logger = logging.getLogger(__name__)


@shared_task(name="permissions.publish_due", ignore_result=True)  # type: ignore[untyped-decorator]
def publish_due_version() -> None:
    """The approved version of the catalogue whose day has come."""
    version = publish_due(at=timezone.now())
    if version is not None:
        logger.info("catalogue published", extra={"version": version.number})


@shared_task(name="permissions.follow_regradings", ignore_result=True)  # type: ignore[untyped-decorator]
def follow_regradings() -> None:
    """Grades and grants whose day has come."""
    if count := follow_due(at=timezone.now()):
        logger.info("regradings followed", extra={"rows": count})


@shared_task(name="permissions.apply_recodings", ignore_result=True)  # type: ignore[untyped-decorator]
def apply_recodings() -> None:
    """Re-codings of procedures whose day has come."""
    if count := apply_due(at=timezone.now()):
        logger.info("recodings applied", extra={"recodings": count})


@shared_task(name="permissions.read_events", ignore_result=True)  # type: ignore[untyped-decorator]
def read_practitioner_events() -> None:
    """Events of practitioners nobody has read; woken by the pull that wrote them."""
    if count := read_events(at=timezone.now()):
        logger.info("practitioner events read", extra={"events": count})


@shared_task(name="permissions.recheck_bookings", ignore_result=True)  # type: ignore[untyped-decorator]
def recheck_bookings() -> None:
    """Booked operations that a pull found changed."""
    made, cleared = recheck_changed(at=timezone.now())
    if made or cleared:
        logger.info("bookings rechecked", extra={"hit": made, "cleared": cleared})


@shared_task(name="permissions.note_certificates", ignore_result=True)  # type: ignore[untyped-decorator]
def note_certificates() -> None:
    """Of whom the last certificate of a kind has ended."""
    if count := note_lapsed_certificates(at=timezone.now()):
        logger.info("certificates lapsed", extra={"events": count})


@shared_task(name="permissions.remind", ignore_result=True)  # type: ignore[untyped-decorator]
def remind_of_ends() -> None:
    """What ends or must be assessed before long, once for each stage."""
    if count := remind(at=timezone.now()):
        logger.info("reminders told", extra={"lines": count})


@shared_task(name="permissions.reconcile", ignore_result=True)  # type: ignore[untyped-decorator]
def reconcile_with_the_his() -> None:
    """Repairs that were read back, and every night all the HIS shows."""
    if settled := settle_repairs(at=timezone.now()):
        logger.info("repairs settled", extra={"drifts": settled})
    for one in reconcile_if_due(gateway=from_settings(), at=timezone.now()):
        logger.log(
            logging.WARNING if one.problem else logging.INFO,
            "not compared" if one.problem else "compared",
            extra={"reconciliation": one.pk, "part": one.part, "drifts": one.total},
        )
