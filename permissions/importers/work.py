"""The long parts of an import, done by a job: dry run, writing, undo.

Each may be run again from its beginning: the state of the import and the outcome of its
rows say what is still to be done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from permissions import services
from permissions.importers.acts import NEEDS, WRITABLE
from permissions.importers.cells import Problem, Read, Reader
from permissions.importers.house import House
from permissions.importers.judging import TEXTS, Judge, Judged, as_json
from permissions.importers.workbooks import errors_workbook
from permissions.models import GrantEvent, GrantImport, GrantImportRow, Privilege
from permissions.models.imports import (
    APPLY,
    CHECK,
    UNDO,
    ImportState,
    Outcome,
    Verdict,
)
from permissions.services import ActRefused, Line, ManyRefused
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.files.queries import bytes_of
from portal.files.refusals import FileRefused, TooManyRows
from portal.files.services import keep_result
from portal.files.sheets import Workbook
from portal.jobs.kinds import Report, work_of
from portal.jobs.models import Job

MOST_ROWS = 20_000
READ_AT_ONCE = 2_000
ROWS_AT_ONCE = 500
# So many lines are written, and then shown as done, in one transaction.
ACTS_AT_ONCE = 50
READING = gettext_noop("正在读取表格")
JUDGING = gettext_noop("正在逐行核对")
KEEPING = gettext_noop("正在保存结果")
WRITING_ALL = gettext_noop("正在写入，全部成功才会保存")
WRITING = gettext_noop("正在写入")
TAKING_BACK = gettext_noop("正在撤销")
T = TypeVar("T")


# --- dry run --------------------------------------------------------------------------


@work_of(CHECK)
def check(job: Job, report: Report) -> int | None:
    """Read the sheet, judge its rows, keep what was found; a file with the errors."""
    one = _import_of(job, ImportState.CHECKING)
    if one is None:
        return None
    # What people wrote and what is kept of it is Chinese, whoever's page runs this.
    with translation.override(settings.LANGUAGE_CODE):
        try:
            judged = _judged(one, job.asked_by, report)
        except FileRefused as refused:
            _back(one, ImportState.UPLOADED, str(refused), job.asked_by)
            return None
        report(KEEPING, len(judged), len(judged))
        return _keep(job, judged)


def _judged(one: GrantImport, by: User, report: Report) -> list[Judged]:
    report(READING)
    book = Workbook(bytes_of(one.file), one.file.kind)
    house = House(timezone.now())
    reader = Reader(house, one.mapping, takes_proposed=one.takes_proposed)
    rows = list(_read(one, book, reader, report))
    report(JUDGING, len(rows), len(rows))
    return Judge(house, by).judge(rows)


def _read(
    one: GrantImport, book: Workbook, reader: Reader, report: Report
) -> Iterator[Read]:
    merged = book.merged(one.sheet)
    count = 0
    for line in book.lines(one.sheet):
        if line.number <= (one.heading_row or 0):
            continue
        row = reader.read(line.number, line.cells)
        if row is None:
            continue
        count += 1
        if count > MOST_ROWS:
            raise TooManyRows(MOST_ROWS)
        for cells in merged:
            if cells.first_row <= line.number <= cells.last_row:
                why = _("有合并单元格 %(ref)s。取消合并，每行都填写。")
                row.problems.append(Problem("", why % {"ref": cells.ref}))
                row.line = None
        if count % READ_AT_ONCE == 0:
            report(READING, count)
        yield row


@transaction.atomic
def _keep(job: Job, judged: Sequence[Judged]) -> int | None:
    one = _locked(job, ImportState.CHECKING)
    if one is None:
        return None
    GrantImportRow.objects.filter(grant_import=one).delete()
    GrantImportRow.objects.bulk_create(
        [_row(one, row) for row in judged], batch_size=ROWS_AT_ONCE
    )
    by = job.asked_by
    _back(one, ImportState.CHECKED, "", by)
    wrong = [row for row in judged if row.problems]
    if not wrong:
        return None
    now = timezone.now()
    file = keep_result(
        name=_("导入%(number)s号-有误和冲突.xlsx") % {"number": one.pk},
        data=errors_workbook(one, wrong),
        needs=NEEDS,
        by=by,
        at=now,
    )
    return int(file.pk)


def _row(one: GrantImport, judged: Judged) -> GrantImportRow:
    row = judged.read
    return GrantImportRow(
        grant_import=one,
        number=row.number,
        verdict=judged.verdict,
        is_proposed=row.is_proposed,
        text=" ".join(row.given.values())[:300],
        given=row.given,
        line=as_json(row.line, judged.was) if row.line else {},
        problems=[problem.as_json() for problem in judged.problems],
        practitioner=row.practitioner,
        state_id=judged.held.pk if judged.held else None,
        seen=judged.seen,
    )


# --- writing --------------------------------------------------------------------------


@work_of(APPLY)
def apply(job: Job, report: Report) -> int | None:
    """Write what can be written: all or nothing, or line by line."""
    one = _import_of(job, ImportState.APPLYING)
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
    _finish(job, ImportState.APPLYING, ImportState.APPLIED)
    return None


def _to_write(one: GrantImport) -> Any:
    rows = GrantImportRow.objects.filter(grant_import=one, verdict__in=WRITABLE)
    return rows.select_related("practitioner", "state").order_by("number")


def _write_all(job: Job) -> None:
    try:
        with transaction.atomic():
            one = _locked(job, ImportState.APPLYING)
            if one is None:
                return
            rows = list(_to_write(one))
            privileges = Privilege.objects.in_bulk()
            acts = [partial(_written, one, row, privileges) for row in rows]
            about = [row.practitioner_id for row in rows]
            for row, event in zip(rows, services.many(acts, about=about), strict=True):
                row.event, row.outcome = event, Outcome.DONE
            _save(rows)
            _back(one, ImportState.APPLIED, "", job.asked_by)
    except ManyRefused as refused:
        _none_written(job, refused)


@transaction.atomic
def _none_written(job: Job, refused: ManyRefused) -> None:
    """The ledger moved on since the dry run: which rows now cannot be written."""
    one = _locked(job, ImportState.APPLYING)
    if one is None:
        return
    rows = list(_to_write(one))
    wrong = [rows[place] for place in refused.rows]
    for place, why in refused.rows.items():
        rows[place].verdict = Verdict.CONFLICT
        rows[place].problems = [Problem("", str(why)).as_json()]
    _save(wrong)
    one.applied_by = one.applied_at = one.second = None
    _back(one, ImportState.CHECKED, str(refused), job.asked_by)


@transaction.atomic
def _write_some(job: Job, part: Sequence[GrantImportRow]) -> None:
    one = _locked(job, ImportState.APPLYING)
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
    """Void what was granted, the last first; what cannot be is named and left."""
    one = _import_of(job, ImportState.UNDOING)
    if one is None:
        return None
    written = GrantImportRow.objects.filter(grant_import=one).exclude(event=None)
    left = written.filter(outcome=Outcome.DONE).order_by("-number")
    total = written.count()
    while part := list(left.select_related("event__grant")[:ACTS_AT_ONCE]):
        _undo_some(job, part)
        report(TAKING_BACK, total - left.count(), total)
    _finish(job, ImportState.UNDOING, ImportState.UNDONE)
    return None


@transaction.atomic
def _undo_some(job: Job, part: Sequence[GrantImportRow]) -> None:
    one = _locked(job, ImportState.UNDOING)
    if one is None or one.undone_by is None:
        return
    for row in part:
        if row.event is None:
            continue
        try:
            with transaction.atomic():
                services.undo(
                    event=row.event,
                    by=one.undone_by,
                    at=timezone.now(),
                    reason=one.undo_reason,
                )
            row.outcome = Outcome.UNDONE
        except ActRefused as refused:
            row.outcome = Outcome.LEFT
            row.problems = [*row.problems, Problem("", str(refused)).as_json()]
    _save(part)


# --- what all of them do --------------------------------------------------------------


def _import_of(job: Job, state: ImportState) -> GrantImport | None:
    """The import, if this job is the one it waits for."""
    mine = GrantImport.objects.filter(pk=job.about, job=job, state=state)
    return mine.select_related("file", "applied_by", "second").first()


def _locked(job: Job, state: ImportState) -> GrantImport | None:
    """The same, kept from others until the transaction ends."""
    mine = GrantImport.objects.select_for_update()
    return mine.filter(pk=job.about, job=job, state=state).first()


def _finish(job: Job, from_: ImportState, to: ImportState) -> None:
    with transaction.atomic():
        one = _locked(job, from_)
        if one is not None:
            _back(one, to, "", job.asked_by)


def _back(one: GrantImport, state: ImportState, problem: str, by: User) -> None:
    one.state, one.problem = state, problem[:300]
    with acting(by=by, reason=str(ImportState(state).label)):
        one.save()


def _save(rows: Iterable[GrantImportRow]) -> None:
    left = iter(rows)
    while part := list(islice(left, ROWS_AT_ONCE)):
        GrantImportRow.objects.bulk_update(
            part, ["event", "outcome", "verdict", "problems"]
        )
