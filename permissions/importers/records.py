"""Sheets of records about practitioners: whom a row means, and writing and undoing it.

Trainings and certificates are each a record of its own that gives no right: one is
written by an act of the services, and taken back by voiding it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from permissions.models.record_imports import RecordRow, Verdict
from permissions.services.refusals import ActRefused, OwnRight
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.jobs.kinds import Report
from portal.jobs.models import Job
from portal.sheets import values
from portal.sheets.cells import Cells, GivenRow, Problem
from portal.sheets.models import ImportState, Outcome, SheetImport
from portal.sheets.work import (
    ROWS_AT_ONCE,
    TAKING_BACK,
    WRITING,
    WRITING_ALL,
    Work,
    back,
    parts,
)

I = TypeVar("I", bound=SheetImport)  # noqa: E741  # an import
R = TypeVar("R", bound=RecordRow)
ACTS_AT_ONCE = 50
# The record of a row that is written now, for the import it came with.
Write = Callable[[I, R, Practitioner], Any]
# Voids the record: record, by, at, reason.
Void = Callable[[Any, User, datetime, str], object]


class People:
    """Whom a row means, for the person who brings the sheet."""

    def __init__(self, by: User) -> None:
        self._by = by
        self._people = {
            values.plain(one.emp_no): one
            for one in Practitioner.objects.order_by("pk").iterator()
        }

    def meant(
        self, row: GivenRow, cell: Cells, *, emp_no: str, name: str
    ) -> Practitioner | None:
        """By the staff number in column ``emp_no``; a name that is given must agree."""
        number = cell(emp_no, values.plain, "")
        given = cell(name, values.name, "")
        if row.is_told(emp_no):
            return None
        found = self._people.get(number)
        if found is None:
            row.add(emp_no, _("医师字典中没有这个工号。"))
        elif given and values.name(found.name) != given:
            words = {"emp_no": found.emp_no, "name": found.name}
            row.add(name, _("工号 %(emp_no)s 是%(name)s，与姓名不符。") % words)
        elif found.pk == self._by.practitioner_id:
            row.add(emp_no, str(OwnRight()))
        return found


class NoneWritten(Exception):
    """``rows``: what the records, which moved on since the dry run, do not take."""

    def __init__(self, rows: Sequence[RecordRow]) -> None:
        self.rows = rows
        super().__init__()


class RecordWork(Work[I, R], Generic[I, R]):
    """Writing and undo, once for every kind of record."""

    def apply(self, job: Job, report: Report, write: Write[I, R]) -> None:
        """Write what can be written: all or nothing, or row by row."""

        def act(one: I, row: Any) -> None:
            if row.practitioner is None:
                raise RuntimeError("a row that can be written is about somebody")
            row.record = write(one, row, row.practitioner)
            row.outcome = Outcome.DONE

        one = self.import_of(job, ImportState.APPLYING)
        if one is None:
            return
        if one.is_all_or_nothing:
            report(WRITING_ALL)
            self._write_all(job, act)
            return
        total = self._to_write(one).count()
        for done in self._some(
            job, ImportState.APPLYING, self._to_write, "", act, Outcome.REFUSED
        ):
            report(WRITING, done, total)
        self.finish(job, ImportState.APPLYING, ImportState.APPLIED)

    def undo(self, job: Job, report: Report, void: Void) -> None:
        """Void what was recorded; what somebody voided since is named and left."""

        def act(one: I, row: Any) -> None:
            if row.record is None or one.undone_by is None:
                raise RuntimeError("a row taken back was written, by somebody's word")
            void(row.record, one.undone_by, timezone.now(), one.undo_reason)
            row.outcome = Outcome.UNDONE

        one = self.import_of(job, ImportState.UNDOING)
        if one is None:
            return
        total = self._recorded(one).count()
        for done in self._some(
            *(job, ImportState.UNDOING, self._recorded, Outcome.DONE),
            *(act, Outcome.LEFT),
        ):
            report(TAKING_BACK, done, total)
        self.finish(job, ImportState.UNDOING, ImportState.UNDONE)

    def _to_write(self, one: I) -> Any:
        rows = self.kind.rows_of(one).filter(verdict__in=self.kind.writable)
        return rows.select_related("practitioner")

    def _recorded(self, one: I) -> Any:
        rows = self.kind.rows_of(one).exclude(record=None)
        return rows.select_related("record__practitioner")

    def _write_all(self, job: Job, act: Callable[[I, Any], None]) -> None:
        try:
            with transaction.atomic():
                one = self.locked(job, ImportState.APPLYING)
                if one is None:
                    return
                rows = list(self._to_write(one))
                wrong = [row for row in rows if not _done(act, one, row)]
                if wrong:
                    raise NoneWritten(wrong)
                self._save(rows)
                back(one, ImportState.APPLIED, "", job.asked_by)
        except NoneWritten as none:
            self._none_written(job, none.rows)

    @transaction.atomic
    def _none_written(self, job: Job, wrong: Sequence[Any]) -> None:
        one = self.locked(job, ImportState.APPLYING)
        if one is None:
            return
        for row in wrong:
            row.verdict, row.record = Verdict.CONFLICT, None
        self._save(wrong)
        one.applied_by = one.applied_at = one.second = None
        back(one, ImportState.CHECKED, wrong[0].problems[-1]["reason"], job.asked_by)

    def _some(
        self,
        job: Job,
        state: ImportState,
        rows_of: Callable[[I], Any],
        waiting: str,
        act: Callable[[I, Any], None],
        refused: Outcome,
    ) -> Iterator[int]:
        """Part by part, each a transaction; gives how many are done so far."""
        count = 0
        while True:
            with transaction.atomic():
                one = self.locked(job, state)
                part: list[Any] = []
                if one is not None:
                    part = list(rows_of(one).filter(outcome=waiting)[:ACTS_AT_ONCE])
                    for row in part:
                        if not _done(act, one, row):
                            row.outcome = refused
                self._save(part)
            if not part:
                return
            count += len(part)
            yield count

    def _save(self, rows: Sequence[Any]) -> None:
        for part in parts(rows, ROWS_AT_ONCE):
            self.kind.rows._default_manager.bulk_update(
                part, ["record", "outcome", "verdict", "problems"]
            )


def _done(act: Callable[[I, Any], None], one: I, row: Any) -> bool:
    """Whether it could be done; a refusal stays with the row."""
    try:
        with transaction.atomic():
            act(one, row)
    except ActRefused as no:
        row.problems = [*row.problems, Problem("", str(no)).as_json()]
        return False
    return True
