"""Workbooks for the tests, written with openpyxl as a hospital's would be."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from openpyxl import Workbook

from permissions.importers import acts
from permissions.models import GrantImport, GrantImportRow
from portal.accounts.models import User
from portal.jobs.models import Job, JobState
from portal.jobs.services import run

HEADINGS = ("工号", "姓名", "权限编码或名称", "手术编码", "有效期起", "有效期止")
WHY = "年度集中授权，委员会同意"


def book(
    rows: Sequence[Sequence[Any]], headings: Sequence[str] = HEADINGS, **kept: Any
) -> bytes:
    """One sheet 授权 with these headings and rows."""
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = kept.get("title", "授权")
    for row in (headings, *rows):
        sheet.append(list(row))
    return saved(workbook)


def saved(workbook: Workbook) -> bytes:
    target = io.BytesIO()
    workbook.save(target)
    return target.getvalue()


def uploaded(by: User, data: bytes, name: str = "授权.xlsx") -> GrantImport:
    return acts.upload(name=name, data=data, by=by, at=timezone.now())


def checked(by: User, data: bytes, **given: Any) -> GrantImport:
    """Uploaded, its columns as recognized, and the dry run done."""
    one = uploaded(by, data, given.pop("name", "授权.xlsx"))
    acts.check(one=one, mapping=one.mapping, by=by, at=timezone.now(), **given)
    return worked(one)


def worked(one: GrantImport) -> GrantImport:
    """The job of the import, done as a worker would."""
    one.refresh_from_db()
    assert one.job is not None
    assert run(one.job)
    assert Job.objects.get(pk=one.job.pk).state == JobState.DONE
    one.refresh_from_db()
    return one


def written(one: GrantImport, by: User, **given: Any) -> GrantImport:
    said: dict[str, Any] = {"is_all_or_nothing": False, "reason": WHY, **given}
    acts.write(one=one, by=by, at=timezone.now(), **said)
    return worked(one)


def undone(one: GrantImport, by: User, **given: Any) -> GrantImport:
    said: dict[str, Any] = {"reason": "文件用错了，整批撤销", **given}
    acts.undo(one=one, by=by, at=timezone.now(), **said)
    return worked(one)


def rows_of(one: GrantImport) -> list[GrantImportRow]:
    return list(GrantImportRow.objects.filter(grant_import=one).order_by("number"))


def verdicts(one: GrantImport) -> dict[int, str]:
    return {row.number: row.verdict for row in rows_of(one)}


def reasons(one: GrantImport) -> dict[int, list[tuple[str, str, str]]]:
    """Column, reason and given value of each problem, by row."""
    return {
        row.number: [(p["field"], p["reason"], p["given"]) for p in row.problems]
        for row in rows_of(one)
        if row.problems
    }


def counts(one: GrantImport) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows_of(one):
        found[row.verdict] = found.get(row.verdict, 0) + 1
    return found
