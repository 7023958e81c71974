"""Re-coding by sheet: its acts, and the long parts of them done by a job.

What is written is the decision: one for today is done in the same transaction, one for
a later day waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from permissions import recoding
from permissions.recoding import touched
from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.audit.refusing import ActRefused
from portal.jobs.kinds import Report, work_of
from portal.jobs.models import Job
from portal.parameters.days import day_of
from portal.sheets import values
from portal.sheets.acts import Acts
from portal.sheets.kinds import ImportKind
from portal.sheets.models import ImportState, Outcome
from portal.sheets.work import JUDGING, TAKING_BACK, WRITING_ALL, Work, back, rows_in
from surgery.enums import RecodingState
from surgery.importers.recoding import (
    COLUMNS,
    MOST_ROWS,
    Judged,
    Reader,
    RecodingField,
    judged,
)
from surgery.models import RecodingSheet, RecodingSheetRow
from surgery.models.recoding import APPLY, CHECK, UNDO, RowVerdict
from surgery.services import recoding as room
from surgery.services.grading_refusals import DocumentMissing
from surgery.services.listed_grades import must_be_decided
from surgery.services.recoding_plan import Wish
from surgery.services.recoding_refusals import (
    DayDiffers,
    DayInPast,
    DeciderIsProposer,
    DeciderMissing,
)

SHEETS = ImportKind(
    imports=RecodingSheet,
    rows=RecodingSheetRow,
    link="recoding_sheet",
    columns=COLUMNS,
    needs=Capability.CHANGE_CATALOGUE,
    writable=(
        *(RowVerdict.REPLACE, RowVerdict.MERGE, RowVerdict.SPLIT, RowVerdict.CHAIN),
    ),
    wrong=(
        *(RowVerdict.UNKNOWN, RowVerdict.CONFLICT, RowVerdict.CIRCLE),
        RowVerdict.ERROR,
    ),
    check=CHECK,
    apply=APPLY,
    undo=UNDO,
    uploaded="上传编码对照表",
    chosen="对应编码对照表的列并试运行",
    discarded="放弃编码对照表",
)
ACTS = Acts(SHEETS)
check = ACTS.check
_work = Work(SHEETS)


def write(
    *,
    one: RecodingSheet,
    by: User,
    at: datetime,
    second: User | None = None,
    doc_no: str = "",
    meeting: str = "",
    effective_on: date | None = None,
    **said: Any,
) -> RecodingSheet:
    """Start deciding what the dry run showed; all of it is looked at again then."""
    if second is None:
        raise DeciderMissing
    if second.pk == by.pk:
        raise DeciderIsProposer
    if not doc_no.strip():
        raise DocumentMissing
    if effective_on is None or effective_on < day_of(at):
        raise DayInPast
    if (day := day_said(one)) is not None and day != effective_on:
        raise DayDiffers(day.isoformat())
    must_be_decided(second=second, grades=grades_of(one), meeting=meeting)
    return ACTS.write(
        one=one,
        by=by,
        at=at,
        second=second,
        doc_no=doc_no.strip(),
        meeting=meeting.strip(),
        effective_on=effective_on,
        **said,
    )


def undo(*, one: RecodingSheet, by: User, **said: Any) -> RecodingSheet:
    """Start taking the whole re-coding back, done or still ahead."""
    if one.recoding is not None and one.recoding.state == RecodingState.APPLIED:
        room.must_be_allowed_to_undo(one.recoding, by)
    return ACTS.undo(one=one, by=by, **said)


def grades_of(one: RecodingSheet) -> set[int]:
    """Grades the new codes will have, and so those the old ones lose."""
    rows = SHEETS.rows_of(one).filter(verdict__in=SHEETS.writable)
    kept = rows.values_list("lines", flat=True)
    return {line["grade"] for lines in kept for line in lines}


def day_said(one: RecodingSheet) -> date | None:
    """The day the sheet itself is for; None where it names none."""
    rows = SHEETS.rows_of(one).filter(verdict__in=SHEETS.writable)
    for given in rows.values_list("given", flat=True):
        if text := given.get(RecodingField.DAY.value):
            return values.day(text)
    return None


# --- the jobs -------------------------------------------------------------------------


@work_of(CHECK)
def dry_run(job: Job, report: Report) -> int | None:
    """Read the sheet, judge its rows together, count what they concern."""

    def looked_at(one: RecodingSheet, report: Report) -> Sequence[Judged]:
        now = timezone.now()
        rows = list(rows_in(one, Reader(one).read, report, most=MOST_ROWS))
        report(JUDGING, len(rows), len(rows))
        found = judged(rows, at=now)
        _count(found, now)
        return found

    return _work.dry_run(job, report, looked_at)


def _count(rows: Sequence[Judged], now: datetime) -> None:
    """What each old code concerns, at its first row."""
    codes = {row.turnings[0].old.code for row in rows if row.turnings}
    found = touched(codes, now=now)
    for row in rows:
        if row.turnings and (code := row.turnings[0].old.code) in found:
            row.touched = asdict(found.pop(code))


@work_of(APPLY)
def decide(job: Job, report: Report) -> int | None:
    report(WRITING_ALL)
    _decide(job)
    return None


@transaction.atomic
def _decide(job: Job) -> None:
    one = _work.locked(job, ImportState.APPLYING)
    if one is None or one.applied_by is None or one.second is None:
        return
    rows = list(SHEETS.rows_of(one).filter(verdict__in=SHEETS.writable))
    wishes = [Wish(row.code, row.new_code, row.new_name, row.note) for row in rows]
    at = timezone.now()
    try:
        one.recoding = recoding.decide(
            wishes=wishes,
            effective_on=one.effective_on or day_of(at),
            by=one.applied_by,
            second=one.second,
            at=at,
            reason=one.reason,
            doc_no=one.doc_no,
            meeting=one.meeting,
        )
    except ActRefused as refused:
        one.applied_by = one.applied_at = one.second = None
        back(one, ImportState.CHECKED, str(refused.message), job.asked_by)
        return
    SHEETS.rows_of(one).filter(pk__in=[row.pk for row in rows]).update(
        outcome=Outcome.DONE
    )
    back(one, ImportState.APPLIED, "", job.asked_by)


@work_of(UNDO)
def take_back(job: Job, report: Report) -> int | None:
    report(TAKING_BACK)
    _take_back(job)
    return None


@transaction.atomic
def _take_back(job: Job) -> None:
    one = _work.locked(job, ImportState.UNDOING)
    if one is None or one.undone_by is None or one.recoding is None:
        return
    said = {"by": one.undone_by, "at": timezone.now(), "reason": one.undo_reason}
    try:
        if one.recoding.state == RecodingState.PLANNED:
            room.cancel(recoding=one.recoding, **said)
        else:
            recoding.undo(recoding=one.recoding, **said)
    except ActRefused as refused:
        one.undone_by = one.undone_at = None
        back(one, ImportState.APPLIED, str(refused.message), job.asked_by)
