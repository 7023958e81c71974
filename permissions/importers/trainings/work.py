"""The long parts of an import of trainings, done by a job: dry run, writing, undo."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from permissions.importers.records import RecordWork
from permissions.importers.trainings.columns import TRAININGS
from permissions.importers.trainings.reading import Judged, Reader, judged, passed_of
from permissions.models import (
    Training,
    TrainingImport,
    TrainingImportRow,
    TrainingRecord,
)
from permissions.models.training_imports import APPLY, CHECK, UNDO
from permissions.services.trainings import record_training, void_training
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.jobs.kinds import Report, work_of
from portal.jobs.models import Job
from portal.sheets.work import JUDGING, rows_in

_work = RecordWork(TRAININGS)


@work_of(CHECK)
def check(job: Job, report: Report) -> int | None:
    """Read the sheet, judge its rows, keep what was found; a file with the errors."""

    def found(one: TrainingImport, report: Report) -> list[Judged]:
        reader = Reader(one.mapping, by=job.asked_by, at=timezone.now())
        rows = list(rows_in(one, reader.read, report))
        report(JUDGING, len(rows), len(rows))
        return judged(rows)

    return _work.dry_run(job, report, found)


@work_of(APPLY)
def apply(job: Job, report: Report) -> int | None:
    courses = Training.objects.in_bulk()

    def written(
        one: TrainingImport, row: TrainingImportRow, whose: Practitioner
    ) -> TrainingRecord:
        return record_training(
            practitioner=whose,
            passed=passed_of(row.passed, courses),
            by=one.applied_by,
            at=timezone.now(),
            reason=one.reason,
        )

    _work.apply(job, report, written)
    return None


@work_of(UNDO)
def undo(job: Job, report: Report) -> int | None:
    def voided(record: Any, by: User, at: datetime, reason: str) -> object:
        return void_training(record=record, by=by, at=at, reason=reason)

    _work.undo(job, report, voided)
    return None
