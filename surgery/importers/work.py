"""The long parts of an import of procedures, done by a job: dry run, writing, undo."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.audit.refusing import ActRefused
from portal.jobs.kinds import Report, work_of
from portal.jobs.models import Job
from portal.sheets.models import ImportState, Outcome
from portal.sheets.work import (
    JUDGING,
    ROWS_AT_ONCE,
    TAKING_BACK,
    WRITING_ALL,
    Work,
    back,
    parts,
    rows_in,
)
from surgery.importers.acts import KINDS, kind_of
from surgery.importers.judging import Judge, Judged
from surgery.importers.reading import Reader
from surgery.importers.writing import (
    locked,
    must_be_as_seen,
    take_back,
    write,
    written_to,
)
from surgery.models import ProcedureImport, ProcedureImportRow
from surgery.models.imports import APPLY, CHECK, UNDO, Verdict

# The clinical list alone has some 14,000 entries.
MOST_ROWS = 40_000


def work_for(job: Job) -> Work[ProcedureImport, ProcedureImportRow]:
    """One table holds the imports of all sorts."""
    sort = ProcedureImport.objects.values_list("sort", flat=True).get(pk=job.about)
    return Work(KINDS[sort])


@work_of(CHECK)
def check(job: Job, report: Report) -> int | None:
    """Read the sheet, judge its rows, keep what was found; a file with the errors."""

    def judged(one: ProcedureImport, report: Report) -> Sequence[Judged]:
        rows = list(rows_in(one, Reader(one).read, report, most=MOST_ROWS))
        report(JUDGING, len(rows), len(rows))
        return Judge(one.sort).judge(rows)

    return work_for(job).dry_run(job, report, judged)


@work_of(APPLY)
def apply(job: Job, report: Report) -> int | None:
    """Write what can be written, all of it in one transaction."""
    report(WRITING_ALL)
    _apply(job)
    return None


def one_at_a_time() -> None:
    """Two sheets that bring the same new code would not see each other's."""
    writing = ProcedureImport.objects.select_for_update().order_by("pk")
    list(writing.filter(state=ImportState.APPLYING).values_list("pk"))


@transaction.atomic
def _apply(job: Job) -> None:
    one_at_a_time()
    one = work_for(job).locked(job, ImportState.APPLYING)
    if one is None:
        return
    kind = kind_of(one)
    rows = list(kind.rows_of(one).filter(verdict__in=kind.writable))
    found = locked(rows)
    moved = must_be_as_seen(rows, found)
    if moved and one.is_all_or_nothing:
        _none_written(one, moved, job)
        return
    left = {row.pk for row in moved}
    good = [row for row in rows if row.pk not in left]
    try:
        with transaction.atomic():
            write(one, good, found, at=timezone.now())
    except ActRefused as refused:
        one.applied_by = one.applied_at = one.second = None
        back(one, ImportState.CHECKED, str(refused), job.asked_by)
        return
    for row in moved:
        row.outcome = Outcome.REFUSED
    _save(moved)
    for part in parts([row.pk for row in good], ROWS_AT_ONCE):
        kind.rows_of(one).filter(pk__in=part).update(outcome=Outcome.DONE)
    one.told_to = written_to()
    back(one, ImportState.APPLIED, "", job.asked_by)


def _none_written(
    one: ProcedureImport, moved: list[ProcedureImportRow], job: Job
) -> None:
    """The catalogue moved on since the dry run: which rows now cannot be written."""
    for row in moved:
        row.verdict = Verdict.CONFLICT
    _save(moved)
    one.applied_by = one.applied_at = one.second = None
    why = _("有 %(count)s 行在试运行后目录已有变动，全部没有写入。")
    back(one, ImportState.CHECKED, why % {"count": len(moved)}, job.asked_by)


@work_of(UNDO)
def undo(job: Job, report: Report) -> int | None:
    """Put back all that was written, or nothing; what is in the way is named."""
    report(TAKING_BACK)
    _undo(job)
    return None


@transaction.atomic
def _undo(job: Job) -> None:
    one = work_for(job).locked(job, ImportState.UNDOING)
    if one is None or one.undone_by is None:
        return
    rows = list(kind_of(one).rows_of(one).filter(outcome=Outcome.DONE))
    try:
        with transaction.atomic():
            take_back(one, rows, locked(rows), by=one.undone_by, at=timezone.now())
    except ActRefused as refused:
        one.undone_by = one.undone_at = None
        back(one, ImportState.APPLIED, str(refused), job.asked_by)
        return
    _save([row for row in rows if row.outcome == Outcome.LEFT])
    done = [row.pk for row in rows if row.outcome == Outcome.UNDONE]
    for part in parts(done, ROWS_AT_ONCE):
        ProcedureImportRow.objects.filter(pk__in=part).update(outcome=Outcome.UNDONE)
    back(one, ImportState.UNDONE, "", job.asked_by)


def _save(rows: list[ProcedureImportRow]) -> None:
    for part in parts(rows, ROWS_AT_ONCE):
        ProcedureImportRow.objects.bulk_update(part, ["outcome", "verdict", "problems"])
