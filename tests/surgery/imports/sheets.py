"""Sheets of procedures for the tests, and an import brought as far as a test wants."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.utils import timezone
from openpyxl import Workbook

from portal.accounts.models import User
from portal.audit.acting import acting
from portal.jobs.models import Job, JobState
from portal.jobs.services import run
from portal.sheets.acts import Acts
from surgery.enums import Grade, ProcedureCategory
from surgery.importers import acts
from surgery.importers.acts import KINDS
from surgery.models import Procedure, ProcedureImport, ProcedureImportRow
from surgery.models.imports import Sort

NATIONAL = ("主要编码", "附加编码", "手术操作名称", "类别", "录入选项")
ASSESSED = ("手术编码", "手术名称", "四级手术", "微创手术")
GRADED = ("手术编码", "手术名称", "手术级别")
HEADINGS = {Sort.NATIONAL: NATIONAL, Sort.ASSESSED: ASSESSED, Sort.GRADES: GRADED}
WHY = "国临目录年度更新，医务科核对"
Rows = Sequence[Sequence[Any]]


def book(rows: Rows, headings: Sequence[str] = NATIONAL) -> bytes:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "目录"
    for row in (headings, *rows):
        sheet.append(list(row))
    return saved(workbook)


def saved(workbook: Workbook) -> bytes:
    target = io.BytesIO()
    workbook.save(target)
    return target.getvalue()


def procedure(code: str, name: str, **given: Any) -> Procedure:
    """In the catalogue, ungraded unless told."""
    said: dict[str, Any] = {
        "category": ProcedureCategory.SURGERY,
        "grade": Grade.UNGRADED,
        **given,
    }
    one = Procedure(code=code, name=name, **said)
    with acting(by=None, reason="测试数据"):
        one.save()
    return one


def uploaded(
    by: User, data: bytes, sort: Sort = Sort.NATIONAL, name: str = "目录.xlsx"
) -> ProcedureImport:
    upload = Acts(KINDS[sort]).upload
    return upload(name=name, data=data, by=by, at=timezone.now())


def checked(
    by: User, rows: Rows | bytes, sort: Sort = Sort.NATIONAL, **given: Any
) -> ProcedureImport:
    """Uploaded, its columns as recognized, and the dry run done."""
    data = rows if isinstance(rows, bytes) else book(rows, HEADINGS[sort])
    one = uploaded(by, data, sort, given.pop("name", "目录.xlsx"))
    mapping = given.pop("mapping", one.mapping)
    acts.check(one=one, mapping=mapping, by=by, at=timezone.now(), **given)
    return worked(one)


def worked(one: ProcedureImport) -> ProcedureImport:
    """The job of the import, done as a worker would."""
    one.refresh_from_db()
    assert one.job is not None
    assert run(one.job)
    assert Job.objects.get(pk=one.job.pk).state == JobState.DONE
    one.refresh_from_db()
    return one


def written(one: ProcedureImport, by: User, **given: Any) -> ProcedureImport:
    said: dict[str, Any] = {"is_all_or_nothing": False, "reason": WHY, **given}
    acts.write(one=one, by=by, at=timezone.now(), **said)
    return worked(one)


def graded(one: ProcedureImport, by: User, second: User, **given: Any) -> Any:
    said: dict[str, Any] = {
        "second": second,
        "doc_no": "医务〔2026〕12号",
        "meeting": "2026 年第 6 次会议",
        "effective_on": date(2026, 11, 23),
        **given,
    }
    return written(one, by, **said)


def undone(one: ProcedureImport, by: User) -> ProcedureImport:
    acts.undo(one=one, by=by, at=timezone.now(), reason="文件用错了，整批撤销")
    return worked(one)


def rows_of(one: ProcedureImport) -> list[ProcedureImportRow]:
    return list(ProcedureImportRow.objects.filter(procedure_import=one))


def verdicts(one: ProcedureImport) -> dict[int, str]:
    return {row.number: row.verdict for row in rows_of(one)}


def reasons(one: ProcedureImport) -> dict[int, list[str]]:
    """What is wrong, by row: ``CODE: …``."""
    return {
        row.number: [f"{p['field']}: {p['reason']}" for p in row.problems]
        for row in rows_of(one)
        if row.problems
    }


@contextmanager
def catalogue_unchanged() -> Iterator[None]:
    """Neither procedures nor their history differ afterwards."""
    before = _catalogue()
    yield
    assert _catalogue() == before


def _catalogue() -> tuple[list[Any], int]:
    rows = Procedure.objects.order_by("pk").values_list()
    return list(rows), Procedure.history.count()
