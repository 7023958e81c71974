"""The acts on an import of procedures: those of every sheet, and what grades ask beside.

What takes long is a job (``surgery.importers.work``), promised in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.sheets.acts import Acts
from portal.sheets.kinds import ImportKind
from surgery.importers.columns import COLUMNS
from surgery.importers.refusals import (
    DayMissing,
    DeciderMissing,
    DeciderNotAnother,
    FlagsMissing,
)
from surgery.models import ProcedureImport, ProcedureImportRow
from surgery.models.imports import APPLY, CHECK, UNDO, Sort, Verdict
from surgery.services.grading_refusals import DocumentMissing
from surgery.services.listed_grades import (
    must_be_decided,
    must_decide,
    must_not_be_too_early,
)

Kind = ImportKind[ProcedureImport, ProcedureImportRow]
KINDS: Mapping[str, Kind] = {
    sort: ImportKind(
        imports=ProcedureImport,
        rows=ProcedureImportRow,
        link="procedure_import",
        columns=COLUMNS[sort],
        needs=Capability.CHANGE_CATALOGUE,
        writable=(Verdict.NEW, Verdict.CHANGED),
        wrong=(Verdict.UNKNOWN, Verdict.CONFLICT, Verdict.ERROR),
        check=CHECK,
        apply=APPLY,
        undo=UNDO,
        uploaded="上传手术目录表格",
        chosen="对应手术目录表格的列并试运行",
        discarded="放弃手术目录导入",
        told={"sort": sort},
    )
    for sort in Sort
}


def kind_of(one: ProcedureImport) -> Kind:
    return KINDS[one.sort]


def acts_of(one: ProcedureImport) -> Acts[ProcedureImport, ProcedureImportRow]:
    return Acts(kind_of(one))


def check(
    *, one: ProcedureImport, mapping: Mapping[str, int], each_is: str = "", **said: Any
) -> ProcedureImport:
    """Keep which column is which and start the dry run."""
    flags = {"LEVEL4", "MINI"}
    if one.sort == Sort.ASSESSED and not each_is and not flags.intersection(mapping):
        raise FlagsMissing
    return acts_of(one).check(one=one, mapping=mapping, each_is=each_is, **said)


def write(
    *,
    one: ProcedureImport,
    by: User,
    at: datetime,
    second: User | None = None,
    doc_no: str = "",
    meeting: str = "",
    effective_on: date | None = None,
    **said: Any,
) -> ProcedureImport:
    """Start writing what the dry run showed; each row is checked again.

    Grades are decided by somebody else than who brings the list, by a document and for
    a day (GR02).
    """
    if one.sort == Sort.GRADES:
        if second is None:
            raise DeciderMissing
        if second.pk == by.pk:
            raise DeciderNotAnother
        if not doc_no.strip():
            raise DocumentMissing
        if effective_on is None:
            raise DayMissing
        must_not_be_too_early(effective_on, at)
        must_be_decided(second=second, grades=grades_of(one), meeting=meeting)
    return acts_of(one).write(
        one=one,
        by=by,
        at=at,
        second=second,
        doc_no=doc_no.strip(),
        meeting=meeting.strip(),
        effective_on=effective_on,
        **said,
    )


def undo(*, one: ProcedureImport, by: User, **said: Any) -> ProcedureImport:
    """Start taking back what the import wrote; grades by who may decide on them."""
    if one.sort == Sort.GRADES:
        must_decide(by, grades_of(one))
    return acts_of(one).undo(one=one, by=by, **said)


def grades_of(one: ProcedureImport) -> set[int]:
    """Grades that come or go by a list."""
    changed = kind_of(one).rows_of(one).filter(verdict=Verdict.CHANGED)
    pairs = changed.values_list("before__grade", "after__grade")
    return {grade for pair in pairs for grade in pair if grade is not None}
