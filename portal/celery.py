"""The Celery application: it wakes work that stands in our database.

The broker holds no truth. A lost wake-up costs one sweep of the beat, so nothing here
waits long for the broker, and a task that died with its worker is simply run again.
"""

from __future__ import annotations

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init, worker_ready
from django.conf import settings

from portal.broker import celery_options

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

# A worker told to end finishes what it holds for so long, then gives it back: a little
# more than the longest delivery, less than its supervisor waits.
SOFT_SHUTDOWN_SECONDS = 30.0

app = Celery("portal")
app.conf.update(
    celery_options(
        settings.BROKER_URL,
        settings.BROKER_MASTER,
        is_elected=settings.BEAT_ELECTED,
    ),
    # A worker without a broker ends after about two minutes; its supervisor tells.
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=10,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    # A request never waits for a broker that is away: see outbox.services.nudge.
    task_publish_retry=False,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_soft_shutdown_timeout=SOFT_SHUTDOWN_SECONDS,
    # A long pull or report never holds up a delivery.
    task_default_queue="default",
    task_routes={
        "outbox.*": {"queue": "push"},
        "directory.*": {"queue": "pull"},
        "surgery.pull_cases": {"queue": "pull"},
        "jobs.*": {"queue": "report"},
        "reports.*": {"queue": "report"},
        "permissions.reconcile": {"queue": "pull"},
    },
    timezone=settings.TIME_ZONE,
    # Each entry may run twice; one that waited longer than its turn is dropped, but none
    # before a minute: the clocks of beat and worker may be as far apart.
    beat_schedule={
        "deliver-due": {
            "task": "outbox.deliver_due",
            "schedule": 2.0,
            "options": {"expires": 60.0},
        },
        "pull-directory": {
            "task": "directory.pull",
            "schedule": 600.0,
            "options": {"expires": 300.0},
        },
        "pull-cases": {
            "task": "surgery.pull_cases",
            "schedule": 600.0,
            "options": {"expires": 300.0},
        },
        "recheck-bookings": {
            "task": "permissions.recheck_bookings",
            "schedule": 300.0,
            "options": {"expires": 150.0},
        },
        "deliver-notices": {
            "task": "notices.deliver_due",
            "schedule": 30.0,
            "options": {"expires": 60.0},
        },
        # The beat's sign of life; it also opens and closes alerts.
        "watch-outbox": {
            "task": "watch.look",
            "schedule": 30.0,
            "options": {"expires": 60.0},
        },
        "fold-tries": {
            "task": "watch.fold",
            "schedule": 660.0,
            "options": {"expires": 600.0},
        },
        "archive-messages": {
            "task": "watch.archive",
            "schedule": 3600.0,
            "options": {"expires": 1800.0},
        },
        "read-events": {
            "task": "permissions.read_events",
            "schedule": 60.0,
            "options": {"expires": 60.0},
        },
        # Once a day is meant; more often, so that a missed hour catches up.
        "note-lapses": {
            "task": "directory.note_lapses",
            "schedule": 3600.0,
            "options": {"expires": 1800.0},
        },
        "note-certificates": {
            "task": "permissions.note_certificates",
            "schedule": 3600.0,
            "options": {"expires": 1800.0},
        },
        "remind": {
            "task": "permissions.remind",
            "schedule": 3600.0,
            "options": {"expires": 1800.0},
        },
        "remind-of-filings": {
            "task": "surgery.remind_of_filings",
            "schedule": 3600.0,
            "options": {"expires": 1800.0},
        },
        "publish-catalogue": {
            "task": "permissions.publish_due",
            "schedule": 300.0,
            "options": {"expires": 300.0},
        },
        "switch-procedures": {
            "task": "surgery.switch_due",
            "schedule": 300.0,
            "options": {"expires": 300.0},
        },
        "follow-regradings": {
            "task": "permissions.follow_regradings",
            "schedule": 300.0,
            "options": {"expires": 300.0},
        },
        "apply-recodings": {
            "task": "permissions.apply_recodings",
            "schedule": 300.0,
            "options": {"expires": 300.0},
        },
        # Once a night is meant; what was repaired is settled within the minute.
        "reconcile": {
            "task": "permissions.reconcile",
            "schedule": 60.0,
            "options": {"expires": 60.0},
        },
        "run-jobs": {
            "task": "jobs.run_due",
            "schedule": 30.0,
            "options": {"expires": 60.0},
        },
        "clear-pull-history": {
            "task": "directory.clear_history",
            "schedule": 21600.0,
            "options": {"expires": 3600.0},
        },
    },
)
app.autodiscover_tasks()
# Every thread of every process, not only the one that came here first.
app.set_default()


@worker_process_init.connect  # type: ignore[untyped-decorator]
def settle_memory(**_signal: Any) -> None:
    """What is loaded by now stays: the collector need not walk it again and again.

    A full pass over it takes 0.1 s, in the midst of a delivery. A batch of messages makes
    some ten thousand things that all live until it is written down: looking for the dead
    among them again and again was a tenth of its work.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@worker_ready.connect  # type: ignore[untyped-decorator]
def look_at_once(**_signal: Any) -> None:
    """What waited while no worker ran need not wait for the first sweep too."""
    for name in ("deliver-due", "pull-cases"):
        sweep = app.conf.beat_schedule[name]
        app.send_task(sweep["task"], ignore_result=True, **sweep["options"])
