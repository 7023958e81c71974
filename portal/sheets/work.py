"""The long parts of an import, done by a job: what every kind of sheet shares.

Each may be run again from its beginning: the state of the import and the outcome of its
rows say what is still to be done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.accounts.models import User
from portal.audit.acting import acting
from portal.files.queries import bytes_of
from portal.files.refusals import FileRefused, TooManyRows
from portal.files.services import keep_result
from portal.files.sheets import Workbook
from portal.jobs.kinds import Report
from portal.jobs.models import Job
from portal.sheets.cells import GivenRow, Problem
from portal.sheets.kinds import ImportKind
from portal.sheets.models import ImportState, SheetImport, SheetRow
from portal.sheets.workbooks import Wrong, errors_workbook

I = TypeVar("I", bound=SheetImport)  # noqa: E741  # an import
R = TypeVar("R", bound=SheetRow)
G = TypeVar("G", bound=GivenRow)
T = TypeVar("T")

MOST_ROWS = 20_000
READ_AT_ONCE = 2_000
ROWS_AT_ONCE = 500
READING = gettext_noop("正在读取表格")
JUDGING = gettext_noop("正在逐行核对")
KEEPING = gettext_noop("正在保存结果")
WRITING_ALL = gettext_noop("正在写入，全部成功才会保存")
WRITING = gettext_noop("正在写入")
TAKING_BACK = gettext_noop("正在撤销")


class Judged(Wrong, Protocol):
    """A row with its verdict."""

    def as_row(self, one: Any) -> Any:
        """The row as it is kept with its import."""


class Work(Generic[I, R]):
    """What the jobs of one kind of import have in common."""

    def __init__(self, kind: ImportKind[I, R]) -> None:
        self.kind = kind

    # --- dry run ----------------------------------------------------------------------

    def dry_run(
        self,
        job: Job,
        report: Report,
        judged: Callable[[I, Report], Sequence[Judged]],
    ) -> int | None:
        """Judge the rows and keep what was found; gives a file with the errors."""
        one = self.import_of(job, ImportState.CHECKING)
        if one is None:
            return None
        # What people wrote and what is kept of it is Chinese, whoever's page runs this.
        with translation.override(settings.LANGUAGE_CODE):
            try:
                rows = judged(one, report)
            except FileRefused as refused:
                back(one, ImportState.UPLOADED, str(refused), job.asked_by)
                return None
            if not rows:
                text = _("表头下面没有数据。请确认选对了工作表，填好后重新上传。")
                back(one, ImportState.UPLOADED, text, job.asked_by)
                return None
            report(KEEPING, len(rows), len(rows))
            return self._keep(job, rows)

    @transaction.atomic
    def _keep(self, job: Job, judged: Sequence[Judged]) -> int | None:
        one = self.locked(job, ImportState.CHECKING)
        if one is None:
            return None
        self.kind.rows_of(one).delete()
        self.kind.rows._default_manager.bulk_create(
            (row.as_row(one) for row in judged), batch_size=ROWS_AT_ONCE
        )
        by = job.asked_by
        back(one, ImportState.CHECKED, "", by)
        wrong = [row for row in judged if row.problems]
        if not wrong:
            return None
        file = keep_result(
            name=_("导入%(number)s号-有误和冲突.xlsx") % {"number": one.pk},
            data=errors_workbook(one.sheet, wrong, self.kind.columns),
            needs=self.kind.needs,
            by=by,
            at=timezone.now(),
        )
        return int(file.pk)

    # --- what all of them do ----------------------------------------------------------

    def import_of(self, job: Job, state: ImportState) -> I | None:
        """The import, if this job is the one it waits for."""
        mine = self.kind.found().filter(pk=job.about, job=job, state=state)
        return mine.select_related("file", "applied_by", "second").first()

    def locked(self, job: Job, state: ImportState) -> I | None:
        """The same, kept from others until the transaction ends."""
        mine = self.kind.found().select_for_update()
        return mine.filter(pk=job.about, job=job, state=state).first()

    @transaction.atomic
    def finish(self, job: Job, from_: ImportState, to: ImportState) -> None:
        one = self.locked(job, from_)
        if one is not None:
            back(one, to, "", job.asked_by)


def back(one: SheetImport, state: ImportState, problem: str, by: User) -> None:
    """The work is over: the import stands here now, and this went wrong with it."""
    one.state, one.problem = state, problem[:300]
    with acting(by=by, reason=str(ImportState(state).label)):
        one.save()


def rows_in(
    one: SheetImport,
    read: Callable[[int, list[Any]], G | None],
    report: Report,
    most: int = MOST_ROWS,
) -> Iterator[G]:
    """Rows below the headings, as ``read`` understands them; it gives None for empty.

    A row of merged cells is told so: whose words they are, nobody can know.
    """
    report(READING)
    book = Workbook(bytes_of(one.file), one.file.kind)
    merged = book.merged(one.sheet)
    count = 0
    for line in book.lines(one.sheet):
        if line.number <= (one.heading_row or 0):
            continue
        row = read(line.number, line.cells)
        if row is None:
            continue
        count += 1
        if count > most:
            raise TooManyRows(most)
        for cells in merged:
            if cells.first_row <= line.number <= cells.last_row:
                why = _("有合并单元格 %(ref)s。取消合并，每行都填写。")
                row.problems.append(Problem("", why % {"ref": cells.ref}))
        if count % READ_AT_ONCE == 0:
            report(READING, count)
        yield row


def parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(items)
    while part := list(islice(left, size)):
        yield part
