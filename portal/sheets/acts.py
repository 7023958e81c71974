"""The acts on an import, each one transaction: upload, columns, write, undo, give up.

What takes long is a job (``portal.sheets.work``), promised in the same transaction.
Who comes second is told what the first one did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db import transaction

from portal.accounts.models import User
from portal.audit.acting import acting
from portal.audit.refusing import TooLateToUndo, clear_reason
from portal.files.queries import bytes_of
from portal.files.services import keep
from portal.files.sheets import Workbook
from portal.jobs.services import again, start
from portal.parameters.queries import value_of
from portal.parameters.registry import UNDO_HOURS
from portal.sheets.columns import LINES_LOOKED_AT, Columns, key_of
from portal.sheets.kinds import ImportKind
from portal.sheets.models import ImportState, SheetImport, SheetRow
from portal.sheets.refusals import (
    ColumnsMissing,
    ColumnTwice,
    NoHeadings,
    NothingToWrite,
    NotInThatStep,
    SomeRowsCannot,
)
from portal.sheets.values import shown

I = TypeVar("I", bound=SheetImport)  # noqa: E741  # an import
R = TypeVar("R", bound=SheetRow)
SAMPLES = 3
Preview = list[dict[str, Any]]


def sheet_of(one: SheetImport, name: str) -> dict[str, Any]:
    """The sheet of this name with its headings; raises NoHeadings."""
    for sheet in one.preview:
        if sheet["name"] == name and sheet["heading_row"] is not None:
            found: dict[str, Any] = sheet
            return found
    raise NoHeadings


class Acts(Generic[I, R]):
    """What may be done to imports of one kind."""

    def __init__(self, kind: ImportKind[I, R]) -> None:
        self.kind = kind

    @transaction.atomic
    def upload(self, *, name: str, data: bytes, by: User, at: datetime) -> I:
        """Keep the file and find its headings; raises FileRefused and keeps nothing."""
        kind = self.kind
        file = keep(name=name, data=data, needs=kind.needs, by=by, at=at)
        preview = preview_of(Workbook(bytes_of(file), file.kind), kind.columns)
        one = kind.imports(
            file=file, started_by=by, started_at=at, preview=preview, **kind.told
        )
        chosen = first_known(preview, kind.columns)
        if chosen is not None:
            self._read_sheet(one, chosen)
        with acting(by=by, reason=kind.uploaded):
            one.save()
        return one

    @transaction.atomic
    def choose_sheet(self, *, one: I, sheet: str, by: User) -> I:
        """Read another sheet of the workbook, with the columns it is known by."""
        row = self._locked(one, ImportState.UPLOADED, ImportState.CHECKED)
        self._read_sheet(row, sheet_of(row, sheet))
        row.state, row.problem = ImportState.UPLOADED, ""
        with acting(by=by, reason=self.kind.chosen):
            row.save()
        return row

    def _read_sheet(self, one: I, sheet: dict[str, Any]) -> None:
        one.sheet, one.heading_row = sheet["name"], sheet["heading_row"]
        one.heading_key = key_of(sheet["headings"])
        one.mapping = self._remembered(one.heading_key, sheet["headings"])

    def _remembered(self, heading_key: str, headings: Sequence[str]) -> dict[str, int]:
        """Which column is which, as last chosen for these headings; else recognized."""
        last: dict[str, int] | None = (
            self.kind.found()
            .filter(heading_key=heading_key, job__isnull=False)
            .order_by("-pk")
            .values_list("mapping", flat=True)
            .first()
        )
        return last or self.kind.columns.recognized(headings)

    @transaction.atomic
    def check(
        self,
        *,
        one: I,
        mapping: Mapping[str, int],
        by: User,
        at: datetime,
        **chosen: Any,
    ) -> I:
        """Keep which column is which and start the dry run.

        ``chosen`` are fields of the import that say how its rows are read.
        """
        row = self._locked(one, ImportState.UPLOADED, ImportState.CHECKED)
        headings = sheet_of(row, row.sheet)["headings"]
        needed = self.kind.columns.needed
        missing = [str(field.label) for field in needed if field not in mapping]
        if missing:
            raise ColumnsMissing(missing)
        columns = list(mapping.values())
        for column in columns:
            if columns.count(column) > 1:
                raise ColumnTwice(headings[column])
        row.mapping = {str(name): column for name, column in mapping.items()}
        for name, value in chosen.items():
            setattr(row, name, value)
        row.problem = ""
        kind = self.kind
        self._begin(
            row, ImportState.CHECKING, kind.check, by=by, at=at, reason=kind.chosen
        )
        return row

    @transaction.atomic
    def write(
        self,
        *,
        one: I,
        is_all_or_nothing: bool,
        by: User,
        at: datetime,
        reason: str,
        doc_no: str = "",
        second: User | None = None,
        **chosen: Any,
    ) -> I:
        """Start writing what the dry run showed; each row is checked again.

        Who may be the second person, and whether one is needed, the room has asked.
        """
        text = clear_reason(reason)
        row = self._locked(one, ImportState.CHECKED)
        rows = self.kind.rows_of(row)
        wrong = rows.filter(verdict__in=self.kind.wrong).count()
        if is_all_or_nothing and wrong:
            raise SomeRowsCannot(wrong)
        if not rows.filter(verdict__in=self.kind.writable).exists():
            raise NothingToWrite
        row.is_all_or_nothing, row.reason, row.doc_no = is_all_or_nothing, text, doc_no
        row.applied_by, row.applied_at, row.second = by, at, second
        for name, value in chosen.items():
            setattr(row, name, value)
        row.problem = ""
        apply = self.kind.apply
        self._begin(row, ImportState.APPLYING, apply, by=by, at=at, reason=text)
        return row

    @transaction.atomic
    def undo(self, *, one: I, by: User, at: datetime, reason: str) -> I:
        """Start taking back what the import wrote; what changed since is left."""
        text = clear_reason(reason)
        row = self._locked(one, ImportState.APPLIED)
        hours = value_of(UNDO_HOURS)
        if row.applied_at is None or at - row.applied_at > timedelta(hours=hours):
            raise TooLateToUndo(hours)
        row.undone_by, row.undone_at, row.undo_reason = by, at, text
        undo = self.kind.undo
        self._begin(row, ImportState.UNDOING, undo, by=by, at=at, reason=text)
        return row

    @transaction.atomic
    def discard(self, *, one: I, by: User) -> I:
        """放弃: nothing will be written; the file and what was found in it stay."""
        row = self._locked(one, ImportState.UPLOADED, ImportState.CHECKED)
        row.state = ImportState.DISCARDED
        with acting(by=by, reason=self.kind.discarded):
            row.save()
        return row

    @transaction.atomic
    def resume(self, *, one: I, at: datetime) -> bool:
        """Take the work up again that stopped by an error of ours."""
        row = self._for_update().select_related("job").get(pk=one.pk)
        return row.job is not None and again(job=row.job, at=at)

    def _for_update(self) -> Any:
        return self.kind.found().select_for_update(of=("self",))

    def _locked(self, one: I, *allowed: ImportState) -> I:
        row: I = self._for_update().get(pk=one.pk)
        if row.state not in allowed:
            who = row.undone_by or row.applied_by or row.started_by
            raise NotInThatStep(row.get_state_display(), who.name)
        return row

    def _begin(
        self,
        row: I,
        state: ImportState,
        job: str,
        *,
        by: User,
        at: datetime,
        reason: str,
    ) -> None:
        row.job = start(kind=job, about=row.pk, needs=self.kind.needs, by=by, at=at)
        row.state = state
        with acting(by=by, reason=reason):
            row.save()


def preview_of(book: Workbook, columns: Columns) -> Preview:
    """Of each sheet its headings, where they stand, and some lines below them."""
    return [
        {
            "name": sheet.name,
            "is_hidden": sheet.is_hidden,
            **_top(book, sheet.name, columns),
        }
        for sheet in book.sheets
    ]


def _top(book: Workbook, name: str, columns: Columns) -> dict[str, Any]:
    lines = []
    for line in book.lines(name):
        lines.append((line.number, [shown(cell) for cell in line.cells]))
        if len(lines) == LINES_LOOKED_AT + SAMPLES:
            break
    place = columns.heading_line([cells for _number, cells in lines[:LINES_LOOKED_AT]])
    if place is None:
        return {"heading_row": None, "headings": [], "samples": []}
    number, headings = lines[place]
    below = [
        [*cells, *[""] * (len(headings) - len(cells))]
        for _number, cells in lines[place + 1 : place + 1 + SAMPLES]
    ]
    return {"heading_row": number, "headings": headings, "samples": below}


def first_known(preview: Preview, columns: Columns) -> dict[str, Any] | None:
    """The first sheet with known headings, those in sight before the hidden ones."""
    known = [one for one in preview if one["heading_row"] is not None]
    return min(
        known,
        key=lambda one: (
            len(columns.recognized(one["headings"])) < columns.fewest,
            one["is_hidden"],
        ),
        default=None,
    )
