"""Long work: done once, by a worker or by the page that waits, and resumed."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.jobs import kinds
from portal.jobs.kinds import Report
from portal.jobs.models import Job, JobState
from portal.jobs.services import LEASE, Overtaken, again, run, run_due, start
from portal.jobs.tasks import run as run_task
from tests.cast import lin, sign_in, zhao
from tests.pages import CheckedClient

__all__ = ["lin", "zhao"]
pytestmark = pytest.mark.django_db
Clock = time_machine.Traveller
SEEN: list[tuple[str, int, int]] = []


@pytest.fixture(autouse=True)
def _works(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three kinds of work: one that does, one that breaks, one whose lease runs out."""

    def counts(job: Job, report: Report) -> int | None:
        report("数到三", 1, 3)
        row = Job.objects.get(pk=job.pk)
        SEEN.append((row.phase, row.done, row.total))
        return 7

    def breaks(job: Job, report: Report) -> int | None:
        raise ZeroDivisionError

    def loses(job: Job, report: Report) -> int | None:
        Job.objects.filter(pk=job.pk).update(claim=None)
        report("还在数")
        raise AssertionError("somebody else has it")

    monkeypatch.setattr(
        kinds, "WORKS", {"counts": counts, "breaks": breaks, "loses": loses}
    )
    monkeypatch.setattr("portal.jobs.services.WORKS", kinds.WORKS)
    SEEN.clear()


def asked(by: User, kind: str = "counts") -> Job:
    return start(
        kind=kind,
        about=1,
        needs=Capability.CHANGE_GRANT,
        by=by,
        at=timezone.now(),
    )


def test_work_is_done_once_and_tells_how_far_it_is(lin: User) -> None:
    job = asked(lin)
    assert (run(job), run(job)) == (True, False)
    job.refresh_from_db()
    assert (job.state, job.result_file, job.tries) == (JobState.DONE, 7, 1)
    assert (job.ended_at, job.lease_until) == (timezone.now(), None)
    assert SEEN == [("数到三", 1, 3)]


def test_worker_does_all_that_waits(lin: User) -> None:
    jobs = [asked(lin), asked(lin)]
    run_task()
    assert {Job.objects.get(pk=job.pk).state for job in jobs} == {JobState.DONE}
    assert run_due() == 0


def test_work_that_breaks_is_told_and_can_be_taken_up_again(
    lin: User, caplog: pytest.LogCaptureFixture
) -> None:
    job = asked(lin, "breaks")
    assert run(job)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "job failed" in caplog.text
    assert (again(job=job, at=timezone.now()), again(job=job, at=timezone.now())) == (
        True,
        False,
    )
    job.refresh_from_db()
    assert job.state == JobState.WAITING


def test_work_whose_doer_died_is_taken_up_after_its_lease(
    lin: User, clock: Clock
) -> None:
    job = asked(lin)
    Job.objects.filter(pk=job.pk).update(
        state=JobState.RUNNING, lease_until=timezone.now() + LEASE
    )
    assert run(job) is False
    clock.shift(LEASE + timedelta(seconds=1))
    assert run(job) is True
    job.refresh_from_db()
    assert job.state == JobState.DONE


def test_who_lost_the_lease_stops_and_leaves_the_row_alone(lin: User) -> None:
    job = asked(lin, "loses")
    assert run(job)
    job.refresh_from_db()
    assert (job.state, job.ended_at) == (JobState.RUNNING, None)
    assert issubclass(Overtaken, Exception)


def test_page_does_what_no_worker_took(
    client: CheckedClient, lin: User, clock: Clock
) -> None:
    sign_in(client, lin)
    job = asked(lin)
    url = reverse("jobs:progress", args=[job.pk])
    first = client.get(url)
    assert "等待开始" in first.text
    assert "HX-Refresh" not in first.headers
    clock.shift(3)
    assert client.get(url).headers["HX-Refresh"] == "true"
    job.refresh_from_db()
    assert job.state == JobState.DONE


def test_progress_is_not_there_for_others(
    client: CheckedClient, lin: User, zhao: User
) -> None:
    sign_in(client, zhao)
    job = asked(lin)
    assert client.get(reverse("jobs:progress", args=[job.pk])).status_code == 404
