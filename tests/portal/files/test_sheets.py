"""Uploaded sheets: told by their content, read without running anything."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook as Book

from portal.files.kinds import kind_of
from portal.files.models import FileKind
from portal.files.refusals import (
    NotASheet,
    SheetBroken,
    SheetMissing,
    SheetUnpacksTooLarge,
)
from portal.files.sheets import Formula, Merged, Sheet, Workbook
from portal.his.files import tables


def xlsx(*rows: list[Any], merge: str = "") -> bytes:
    book = Book()
    sheet = book.active
    assert sheet is not None
    sheet.title = "甲"
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    book.create_sheet("乙").sheet_state = "hidden"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_kind_is_told_by_the_content() -> None:
    assert kind_of(xlsx([1])) == FileKind.XLSX
    assert kind_of("工号,姓名\n".encode("gbk")) == FileKind.CSV
    assert kind_of("工号\t姓名\n".encode("utf-16")) == FileKind.CSV


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\0", b"just words", b"<a>,</a>"])
def test_what_is_no_sheet_is_refused(data: bytes) -> None:
    with pytest.raises(NotASheet):
        kind_of(data)


def test_archive_that_is_no_workbook_is_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        file.writestr("word/document.xml", "<a/>")
    with pytest.raises(NotASheet):
        kind_of(target.getvalue())


def test_lines_carry_their_numbers_formulas_and_merges() -> None:
    book = Workbook(xlsx(["a", "=A1"], [], [1, None], merge="A3:B4"), FileKind.XLSX)
    assert book.sheets == [Sheet("甲"), Sheet("乙", is_hidden=True)]
    lines = [(line.number, line.cells) for line in book.lines("甲")]
    assert lines[0] == (1, ["a", Formula("=A1")])
    assert lines[1][0] == 3
    assert book.merged("甲") == [Merged("A3:B4", 3, 4)]


def test_sheet_that_is_not_there_is_told() -> None:
    with pytest.raises(SheetMissing):
        list(Workbook(xlsx([1]), FileKind.XLSX).lines("丙"))


def test_damaged_workbook_is_told_to_be_one() -> None:
    with zipfile.ZipFile(io.BytesIO(xlsx([1]))) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name, data in parts.items():
            file.writestr(name, b"<broken" if name.endswith("sheet1.xml") else data)
    with pytest.raises(SheetBroken):
        list(Workbook(target.getvalue(), FileKind.XLSX).lines("甲"))


def test_workbook_that_unpacks_too_large_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tables, "LARGEST_UNPACKED", 100)
    with pytest.raises(SheetUnpacksTooLarge):
        Workbook(xlsx([1]), FileKind.XLSX)
