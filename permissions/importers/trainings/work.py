"""The long parts of an import of trainings, done by a job: dry run, writing, undo."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from permissions.importers.trainings.columns import TRAININGS
from permissions.importers.trainings.reading import Judged, Reader, judged, passed_of
from permissions.models import Training, TrainingImport, TrainingImportRow
from permissions.models.training_imports import APPLY, CHECK, UNDO, Verdict
from permissions.services.refusals import ActRefused
from permissions.services.trainings import record_training, void_training
from portal.jobs.kinds import Report, work_of
from portal.jobs.models import Job
from portal.sheets.cells import Problem
from portal.sheets.models import ImportState, Outcome
from portal.sheets.work import (
    JUDGING,
    ROWS_AT_ONCE,
    TAKING_BACK,
    WRITING,
    WRITING_ALL,
    Work,
    back,
    parts,
    rows_in,
)

ACTS_AT_ONCE = 50
_work = Work(TRAININGS)
Act = Callable[[TrainingImport, TrainingImportRow], None]


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
    """Write what can be written: all or nothing, or row by row."""
    one = _work.import_of(job, ImportState.APPLYING)
    if one is None:
        return None
    act = _writing()
    if one.is_all_or_nothing:
        report(WRITING_ALL)
        _write_all(job, act)
        return None
    total = _to_write(one).count()
    for done in _some(job, ImportState.APPLYING, _to_write, "", act, Outcome.REFUSED):
        report(WRITING, done, total)
    _work.finish(job, ImportState.APPLYING, ImportState.APPLIED)
    return None


def _to_write(one: TrainingImport) -> Any:
    rows = TRAININGS.rows_of(one).filter(verdict__in=TRAININGS.writable)
    return rows.select_related("practitioner")


def _writing() -> Act:
    courses = Training.objects.in_bulk()

    def written(one: TrainingImport, row: TrainingImportRow) -> None:
        if row.practitioner is None:
            raise RuntimeError("a row that can be written is about somebody")
        row.record = record_training(
            practitioner=row.practitioner,
            passed=passed_of(row.passed, courses),
            by=one.applied_by,
            at=timezone.now(),
            reason=one.reason,
        )
        row.outcome = Outcome.DONE

    return written


class NoneWritten(Exception):
    """``rows``: what the records, which moved on since the dry run, do not take."""

    def __init__(self, rows: Sequence[TrainingImportRow]) -> None:
        self.rows = rows
        super().__init__()


def _write_all(job: Job, act: Act) -> None:
    try:
        with transaction.atomic():
            one = _work.locked(job, ImportState.APPLYING)
            if one is None:
                return
            rows = list(_to_write(one))
            wrong = [row for row in rows if not _done(act, one, row)]
            if wrong:
                raise NoneWritten(wrong)
            _save(rows)
            back(one, ImportState.APPLIED, "", job.asked_by)
    except NoneWritten as none:
        _none_written(job, none.rows)


@transaction.atomic
def _none_written(job: Job, wrong: Sequence[TrainingImportRow]) -> None:
    one = _work.locked(job, ImportState.APPLYING)
    if one is None:
        return
    for row in wrong:
        row.verdict, row.record = Verdict.CONFLICT, None
    _save(wrong)
    one.applied_by = one.applied_at = one.second = None
    back(one, ImportState.CHECKED, wrong[0].problems[-1]["reason"], job.asked_by)


@work_of(UNDO)
def undo(job: Job, report: Report) -> int | None:
    """Void what was recorded; what somebody voided since is named and left."""
    one = _work.import_of(job, ImportState.UNDOING)
    if one is None:
        return None
    total = _recorded(one).count()
    done = Outcome.DONE
    for count in _some(
        job, ImportState.UNDOING, _recorded, done, _taken_back, Outcome.LEFT
    ):
        report(TAKING_BACK, count, total)
    _work.finish(job, ImportState.UNDOING, ImportState.UNDONE)
    return None


def _recorded(one: TrainingImport) -> Any:
    rows = TRAININGS.rows_of(one).exclude(record=None)
    return rows.select_related("record__practitioner")


def _taken_back(one: TrainingImport, row: TrainingImportRow) -> None:
    if row.record is None or one.undone_by is None:
        raise RuntimeError("a row that is taken back was written, by somebody's word")
    void_training(
        record=row.record,
        by=one.undone_by,
        at=timezone.now(),
        reason=one.undo_reason,
    )
    row.outcome = Outcome.UNDONE


# --- what writing and undo share ------------------------------------------------------


def _some(
    job: Job,
    state: ImportState,
    rows_of: Callable[[TrainingImport], Any],
    waiting: str,
    act: Act,
    refused: Outcome,
) -> Iterator[int]:
    """Part by part, each a transaction; gives how many are done so far."""
    count = 0
    while True:
        with transaction.atomic():
            one = _work.locked(job, state)
            part = [] if one is None else list(_waiting(one, rows_of, waiting))
            for row in part:
                if one is not None and not _done(act, one, row):
                    row.outcome = refused
            _save(part)
        if not part:
            return
        count += len(part)
        yield count


def _waiting(
    one: TrainingImport, rows_of: Callable[[TrainingImport], Any], outcome: str
) -> Any:
    return rows_of(one).filter(outcome=outcome)[:ACTS_AT_ONCE]


def _done(act: Act, one: TrainingImport, row: TrainingImportRow) -> bool:
    """Whether it could be done; a refusal stays with the row."""
    try:
        with transaction.atomic():
            act(one, row)
    except ActRefused as no:
        row.problems = [*row.problems, Problem("", str(no)).as_json()]
        return False
    return True


def _save(rows: Sequence[TrainingImportRow]) -> None:
    for part in parts(rows, ROWS_AT_ONCE):
        TrainingImportRow.objects.bulk_update(
            part, ["record", "outcome", "verdict", "problems"]
        )
