"""The long parts of an import, done by a job: dry run, writing, undo.

Each may be run again from its beginning: the state of the import and the outcome of its
rows say what is still to be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from permissions import services
from permissions.importers.acts import GRANTS
from permissions.importers.cells import Reader
from permissions.importers.house import House
from permissions.importers.judging import TEXTS, Judge, Judged
from permissions.importers.undoing import NotWhole, take_back, written
from permissions.models import GrantEvent, GrantImport, GrantImportRow, Privilege
from permissions.models.imports import APPLY, CHECK, UNDO, Verdict
from permissions.services import ActRefused, Line, ManyRefused
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

# So many lines are written, and then shown as done, in one transaction.
ACTS_AT_ONCE = 50
_work = Work(GRANTS)


# --- dry run --------------------------------------------------------------------------


@work_of(CHECK)
def check(job: Job, report: Report) -> int | None:
    """Read the sheet, judge its rows, keep what was found; a file with the errors."""

    def judged(one: GrantImport, report: Report) -> list[Judged]:
        house = House(timezone.now())
        reader = Reader(house, one.mapping, takes_proposed=one.takes_proposed)
        rows = list(rows_in(one, reader.read, report))
        report(JUDGING, len(rows), len(rows))
        return Judge(house, job.asked_by).judge(rows)

    return _work.dry_run(job, report, judged)


# --- writing --------------------------------------------------------------------------


@work_of(APPLY)
def apply(job: Job, report: Report) -> int | None:
    """Write what can be written: all or nothing, or line by line."""
    one = _work.import_of(job, ImportState.APPLYING)
    if one is None:
        return None
    if one.is_all_or_nothing:
        report(WRITING_ALL)
        _write_all(job)
        return None
    total = _to_write(one).count()
    while part := list(_to_write(one).filter(outcome="")[:ACTS_AT_ONCE]):
        _write_some(job, part)
        report(WRITING, total - _to_write(one).filter(outcome="").count(), total)
    _work.finish(job, ImportState.APPLYING, ImportState.APPLIED)
    return None


def _to_write(one: GrantImport) -> Any:
    rows = GRANTS.rows_of(one).filter(verdict__in=GRANTS.writable)
    return rows.select_related("practitioner", "state")


def _write_all(job: Job) -> None:
    try:
        with transaction.atomic():
            one = _work.locked(job, ImportState.APPLYING)
            if one is None:
                return
            rows = list(_to_write(one))
            privileges = Privilege.objects.in_bulk()
            acts = [partial(_written, one, row, privileges) for row in rows]
            about = [row.practitioner_id for row in rows]
            for row, event in zip(rows, services.many(acts, about=about), strict=True):
                row.event, row.outcome = event, Outcome.DONE
            _save(rows)
            back(one, ImportState.APPLIED, "", job.asked_by)
    except ManyRefused as refused:
        _none_written(job, refused)


@transaction.atomic
def _none_written(job: Job, refused: ManyRefused) -> None:
    """The ledger moved on since the dry run: which rows now cannot be written."""
    one = _work.locked(job, ImportState.APPLYING)
    if one is None:
        return
    rows = list(_to_write(one))
    wrong = [rows[place] for place in refused.rows]
    for place, why in refused.rows.items():
        rows[place].verdict = Verdict.CONFLICT
        rows[place].problems = [Problem("", str(why)).as_json()]
    _save(wrong)
    one.applied_by = one.applied_at = one.second = None
    back(one, ImportState.CHECKED, str(refused), job.asked_by)


@transaction.atomic
def _write_some(job: Job, part: Sequence[GrantImportRow]) -> None:
    one = _work.locked(job, ImportState.APPLYING)
    if one is None:
        return
    privileges = Privilege.objects.in_bulk()
    for row in part:
        try:
            with transaction.atomic():
                row.event = _written(one, row, privileges)
            row.outcome = Outcome.DONE
        except ActRefused as refused:
            row.outcome = Outcome.REFUSED
            row.problems = [*row.problems, Problem("", str(refused)).as_json()]
    _save(part)


def _written(
    one: GrantImport, row: GrantImportRow, privileges: dict[int, Privilege]
) -> GrantEvent:
    """One row through the act it needs; what it refuses, it refuses here too."""
    said: dict[str, Any] = {
        "by": one.applied_by,
        "at": timezone.now(),
        "reason": one.reason,
        "second": one.second,
    }
    line = line_of(row.line, privileges, one.doc_no)
    if row.verdict == Verdict.RENEW and row.state is not None and line.valid_to:
        return services.renew(
            state=row.state, last_day=line.valid_to, seen=row.seen, **said
        )
    if row.practitioner is None:
        raise RuntimeError("a row that can be written is about somebody")
    grant = services.grant(practitioner=row.practitioner, line=line, **said)
    return GrantEvent.objects.get(grant=grant)


def line_of(kept: Any, privileges: dict[int, Privilege], doc_no: str) -> Line:
    texts = {name: kept[name] for name in TEXTS}
    return Line(
        privilege=privileges[kept["privilege"]],
        valid_from=date.fromisoformat(kept["valid_from"]),
        valid_to=date.fromisoformat(kept["valid_to"]) if kept["valid_to"] else None,
        **{**texts, "doc_no": texts["doc_no"] or doc_no},
    )


# --- undo -----------------------------------------------------------------------------


@work_of(UNDO)
def undo(job: Job, report: Report) -> int | None:
    """Take back everything that was written, or nothing."""
    if _work.import_of(job, ImportState.UNDOING) is None:
        return None
    report(TAKING_BACK)
    try:
        _undo_all(job)
    except NotWhole as refused:
        _none_undone(job, refused)
    return None


@transaction.atomic
def _undo_all(job: Job) -> None:
    one = _work.locked(job, ImportState.UNDOING)
    if one is None:
        return
    rows = written(one)
    for row in rows:
        take_back(one, row, at=timezone.now())
    _save(rows)
    back(one, ImportState.UNDONE, "", job.asked_by)


@transaction.atomic
def _none_undone(job: Job, refused: NotWhole) -> None:
    """Somebody changed a line since the undo was asked for."""
    one = _work.locked(job, ImportState.UNDOING)
    if one is not None:
        one.undone_by = one.undone_at = None
        back(one, ImportState.APPLIED, str(refused), job.asked_by)


def _save(rows: Sequence[GrantImportRow]) -> None:
    for part in parts(rows, ROWS_AT_ONCE):
        GrantImportRow.objects.bulk_update(
            part, ["event", "outcome", "verdict", "problems"]
        )
