"""How far a job has come: the fragment that asks again until it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.guards import AuthenticatedRequest, signed_in
from portal.jobs.models import Job
from portal.jobs.services import run_if_left

SOON = timedelta(seconds=30)


@dataclass(frozen=True)
class Progress:
    """What the fragment shows; the page puts it there with ``progress_of``."""

    template: ClassVar[str] = "jobs/_progress.html"
    url: str
    text: str
    counted: str
    percent: int
    is_over: bool
    every_seconds: int


def progress_of(job: Job) -> Progress:
    percent = min(100, job.done * 100 // job.total) if job.total else 0
    counted = f"{job.done:,} / {job.total:,}" if job.total else ""
    return Progress(
        url=reverse("jobs:progress", args=[job.pk]),
        text=_(job.phase) if job.phase else str(job.get_state_display()),
        counted=counted,
        percent=percent,
        is_over=job.is_over,
        every_seconds=1 if timezone.now() - job.asked_at < SOON else 3,
    )


@signed_in
def progress(request: AuthenticatedRequest, job_id: int) -> HttpResponse:
    """When it is over the whole page is read again: it shows what came of it."""
    job = Job.objects.filter(pk=job_id).first()
    if job is None or job.needs not in request.capabilities:
        raise Http404
    if not job.is_over and run_if_left(job):
        job.refresh_from_db()
    answer = render(request, "jobs/_progress.html", {"it": progress_of(job)})
    if job.is_over:
        answer.headers["HX-Refresh"] = "true"
    return answer
