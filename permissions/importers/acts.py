"""The acts on an import, each one transaction: upload, columns, write, undo, give up.

What takes long is a job (``permissions.importers.work``), promised in the same
transaction. Who comes second is told what the first one did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from permissions.importers.columns import (
    FEWEST_HEADINGS,
    LINES_LOOKED_AT,
    NEEDED,
    Field,
    heading_line,
    key_of,
    recognized,
)
from permissions.importers.refusals import (
    ColumnsMissing,
    ColumnTwice,
    NoHeadings,
    NothingToWrite,
    NotInThatStep,
    SomeRowsCannot,
)
from permissions.importers.values import shown
from permissions.models import GrantImport, GrantImportRow
from permissions.models.imports import APPLY, CHECK, UNDO, ImportState, Verdict
from permissions.services.refusals import SecondPersonMissing, SecondPersonNotAnother
from permissions.services.refusals_of_acts import TooLateToUndo
from permissions.services.rules import clear_reason
from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.files.queries import bytes_of
from portal.files.services import keep
from portal.files.sheets import Workbook
from portal.jobs.models import Job
from portal.jobs.services import again, start
from portal.parameters.queries import value_of
from portal.parameters.registry import DIRECT_SECOND_PERSON, UNDO_HOURS

NEEDS = Capability.CHANGE_GRANT
WRITABLE = (Verdict.NEW, Verdict.RENEW)
SAMPLES = 3
UPLOADED = "上传授权表格"
CHOSEN = "对应授权表格的列并试运行"
DISCARDED = "放弃导入"


@transaction.atomic
def upload(*, name: str, data: bytes, by: User, at: datetime) -> GrantImport:
    """Keep the file and find its headings; raises FileRefused and keeps nothing."""
    file = keep(name=name, data=data, needs=NEEDS, by=by, at=at)
    preview = preview_of(Workbook(bytes_of(file), file.kind))
    one = GrantImport(file=file, started_by=by, started_at=at, preview=preview)
    chosen = first_known(preview)
    if chosen is not None:
        one.sheet, one.heading_row = chosen["name"], chosen["heading_row"]
        one.heading_key = key_of(chosen["headings"])
        one.mapping = remembered(one.heading_key, chosen["headings"])
    with acting(by=by, reason=UPLOADED):
        one.save()
    return one


def preview_of(book: Workbook) -> list[dict[str, Any]]:
    """Of each sheet its headings, where they stand, and some lines below them."""
    return [
        {"name": sheet.name, "is_hidden": sheet.is_hidden, **_top(book, sheet.name)}
        for sheet in book.sheets
    ]


def _top(book: Workbook, name: str) -> dict[str, Any]:
    lines = []
    for line in book.lines(name):
        lines.append((line.number, [shown(cell) for cell in line.cells]))
        if len(lines) == LINES_LOOKED_AT + SAMPLES:
            break
    place = heading_line([cells for _number, cells in lines[:LINES_LOOKED_AT]])
    if place is None:
        return {"heading_row": None, "headings": [], "samples": []}
    number, headings = lines[place]
    below = [
        [*cells, *[""] * (len(headings) - len(cells))]
        for _number, cells in lines[place + 1 : place + 1 + SAMPLES]
    ]
    return {"heading_row": number, "headings": headings, "samples": below}


def first_known(preview: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The first sheet with known headings, those in sight before the hidden ones."""
    known = [one for one in preview if one["heading_row"] is not None]
    return min(
        known,
        key=lambda one: (
            len(recognized(one["headings"])) < FEWEST_HEADINGS,
            one["is_hidden"],
        ),
        default=None,
    )


def remembered(heading_key: str, headings: Sequence[str]) -> dict[str, int]:
    """Which column is which, as last chosen for these headings; else as recognized."""
    last = (
        GrantImport.objects.filter(heading_key=heading_key, job__isnull=False)
        .order_by("-pk")
        .values_list("mapping", flat=True)
        .first()
    )
    return last or {field.value: at for field, at in recognized(headings).items()}


def sheet_of(one: GrantImport, name: str) -> dict[str, Any]:
    """The sheet of this name with its headings; raises NoHeadings."""
    for sheet in one.preview:
        if sheet["name"] == name and sheet["heading_row"] is not None:
            found: dict[str, Any] = sheet
            return found
    raise NoHeadings


@transaction.atomic
def choose_sheet(*, one: GrantImport, sheet: str, by: User) -> GrantImport:
    """Read another sheet of the workbook, with the columns it is known by."""
    row = _locked(one, ImportState.UPLOADED, ImportState.CHECKED)
    chosen = sheet_of(row, sheet)
    row.sheet, row.heading_row = sheet, chosen["heading_row"]
    row.heading_key = key_of(chosen["headings"])
    row.mapping = remembered(row.heading_key, chosen["headings"])
    row.state, row.problem = ImportState.UPLOADED, ""
    with acting(by=by, reason=CHOSEN):
        row.save()
    return row


@transaction.atomic
def check(
    *,
    one: GrantImport,
    mapping: Mapping[str, int],
    by: User,
    at: datetime,
    takes_proposed: bool = False,
) -> GrantImport:
    """Keep which column is which and start the dry run."""
    row = _locked(one, ImportState.UPLOADED, ImportState.CHECKED)
    headings = sheet_of(row, row.sheet)["headings"]
    missing = [str(field.label) for field in NEEDED if field not in mapping]
    if missing:
        raise ColumnsMissing(missing)
    columns = list(mapping.values())
    for column in columns:
        if columns.count(column) > 1:
            raise ColumnTwice(headings[column])
    row.mapping = {Field(name).value: column for name, column in mapping.items()}
    row.takes_proposed, row.problem = takes_proposed, ""
    _begin(row, ImportState.CHECKING, CHECK, by=by, at=at, reason=CHOSEN)
    return row


@transaction.atomic
def write(
    *,
    one: GrantImport,
    is_all_or_nothing: bool,
    by: User,
    at: datetime,
    reason: str,
    doc_no: str = "",
    second: User | None = None,
) -> GrantImport:
    """Start writing what the dry run showed; each line is checked again."""
    text = clear_reason(reason)
    row = _locked(one, ImportState.CHECKED)
    verdicts = GrantImportRow.objects.filter(grant_import=row)
    wrong = verdicts.filter(verdict__in=[Verdict.CONFLICT, Verdict.ERROR]).count()
    if is_all_or_nothing and wrong:
        raise SomeRowsCannot(wrong)
    if not verdicts.filter(verdict__in=WRITABLE).exists():
        raise NothingToWrite
    if second is None and value_of(DIRECT_SECOND_PERSON):
        raise SecondPersonMissing
    if second is not None and second.pk == by.pk:
        raise SecondPersonNotAnother
    row.is_all_or_nothing, row.reason, row.doc_no = is_all_or_nothing, text, doc_no
    row.applied_by, row.applied_at, row.second = by, at, second
    row.problem = ""
    _begin(row, ImportState.APPLYING, APPLY, by=by, at=at, reason=text)
    return row


@transaction.atomic
def undo(*, one: GrantImport, by: User, at: datetime, reason: str) -> GrantImport:
    """Start taking back what the import granted; what changed since is left."""
    text = clear_reason(reason)
    row = _locked(one, ImportState.APPLIED)
    hours = value_of(UNDO_HOURS)
    if row.applied_at is None or at - row.applied_at > timedelta(hours=hours):
        raise TooLateToUndo(hours)
    row.undone_by, row.undone_at, row.undo_reason = by, at, text
    _begin(row, ImportState.UNDOING, UNDO, by=by, at=at, reason=text)
    return row


@transaction.atomic
def discard(*, one: GrantImport, by: User) -> GrantImport:
    """放弃: nothing will be written; the file and what was found in it stay."""
    row = _locked(one, ImportState.UPLOADED, ImportState.CHECKED)
    row.state = ImportState.DISCARDED
    with acting(by=by, reason=DISCARDED):
        row.save()
    return row


@transaction.atomic
def resume(*, one: GrantImport, at: datetime) -> bool:
    """Take the work up again that stopped by an error of ours."""
    row = GrantImport.objects.select_for_update().select_related("job").get(pk=one.pk)
    return row.job is not None and again(job=row.job, at=at)


def _locked(one: GrantImport, *allowed: ImportState) -> GrantImport:
    row = GrantImport.objects.select_for_update().get(pk=one.pk)
    if row.state not in allowed:
        who = row.undone_by or row.applied_by or row.started_by
        raise NotInThatStep(row.get_state_display(), who.name)
    return row


def _begin(
    row: GrantImport,
    state: ImportState,
    kind: str,
    *,
    by: User,
    at: datetime,
    reason: str,
) -> Job:
    job = start(kind=kind, about=row.pk, needs=NEEDS, by=by, at=at)
    row.state, row.job = state, job
    with acting(by=by, reason=reason):
        row.save()
    return job
