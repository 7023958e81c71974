"""Asking for long work, and doing it: by a worker, or by the page that waits for it.

The broker only wakes a worker. Work nobody took within ``PATIENCE`` is done by the page
that asks how far it is, so it goes on while the broker or every worker is away.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.bell import ring
from portal.jobs.kinds import WORKS
from portal.jobs.models import Job, JobState

logger = logging.getLogger(__name__)
TASK = "jobs.run_due"
PATIENCE = timedelta(seconds=3)
# Longer than any work goes without reporting.
LEASE = timedelta(minutes=10)


class Overtaken(Exception):
    """The lease ran out and somebody else does the work."""


def start(*, kind: str, about: int, needs: Capability, by: User, at: datetime) -> Job:
    """Inside the act that asks for the work; on commit a worker is woken."""
    job = Job.objects.create(
        kind=kind, about=about, needs=needs, asked_by=by, asked_at=at
    )
    transaction.on_commit(lambda: ring(TASK))
    return job


def again(*, job: Job, at: datetime) -> bool:
    """Take up work that failed; False when it did not, or is taken up already."""
    failed = Job.objects.filter(pk=job.pk, state=JobState.FAILED)
    changed = failed.update(
        state=JobState.WAITING, asked_at=at, claim=None, ended_at=None
    )
    if changed:
        transaction.on_commit(lambda: ring(TASK))
    return bool(changed)


def due(at: datetime) -> Q:
    """Nobody has it, or who had it died."""
    return Q(state=JobState.WAITING) | Q(state=JobState.RUNNING, lease_until__lt=at)


def run_due() -> int:
    """Do all the work nobody has; how many jobs were run."""
    count = 0
    while True:
        waiting = Job.objects.filter(due(timezone.now())).order_by("pk")
        job = waiting.first()
        if job is None:
            return count
        count += run(job)


def run_if_left(job: Job) -> bool:
    """For the page that waits: do what no worker took within ``PATIENCE``."""
    now = timezone.now()
    is_left = job.state == JobState.RUNNING or job.asked_at + PATIENCE <= now
    return is_left and run(job)


def run(job: Job) -> bool:
    """Do the work if nobody else has it; False when somebody does."""
    claim, now = uuid.uuid4(), timezone.now()
    taken = Job.objects.filter(due(now), pk=job.pk).update(
        state=JobState.RUNNING,
        claim=claim,
        lease_until=now + LEASE,
        tries=F("tries") + 1,
    )
    if not taken:
        return False
    mine = Job.objects.select_related("asked_by").get(pk=job.pk)
    end, result_file = JobState.DONE, None
    try:
        result_file = WORKS[job.kind](mine, _Reporter(mine))
    except Overtaken:
        return True
    except Exception:  # noqa: BLE001  # the outermost loop of a work
        logger.exception("job failed", extra={"job_id": job.pk})
        end = JobState.FAILED
    Job.objects.filter(pk=job.pk, claim=claim).update(
        state=end, ended_at=timezone.now(), lease_until=None, result_file=result_file
    )
    return True


class _Reporter:
    def __init__(self, job: Job) -> None:
        self._job = job

    def __call__(self, phase: str, done: int = 0, total: int = 0) -> None:
        still = Job.objects.filter(pk=self._job.pk, claim=self._job.claim)
        lease = timezone.now() + LEASE
        if not still.update(phase=phase, done=done, total=total, lease_until=lease):
            raise Overtaken
