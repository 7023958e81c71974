"""Lists as .xlsx, written row by row so that memory stays small."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, TypeVar

import xlsxwriter
from django.db.models import Model, QuerySet
from django.http import FileResponse
from django.utils import timezone

from portal.parameters.days import ZONE
from portal.ui.elements import Text

M = TypeVar("M", bound=Model)
Cell = str | int | float | date | datetime | Text | None
ROWS_AT_ONCE = 500
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(
    name: str,
    titles: Sequence[str],
    queryset: QuerySet[M],
    cells: Callable[[Sequence[M]], Sequence[Sequence[Cell]]],
) -> tuple[FileResponse, int]:
    """A file ``name-20261123-1002.xlsx`` with one sheet, and how many rows it has."""
    lines = (line for part in parts_of(queryset) for line in cells(part))
    return table_file(name, titles, lines)


def table_file(
    name: str, titles: Sequence[str], lines: Iterable[Sequence[Cell]]
) -> tuple[FileResponse, int]:
    """The same from rows that come from no single query."""
    target = tempfile.TemporaryFile()  # noqa: SIM115  # the answer closes it
    book = xlsxwriter.Workbook(target, {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    for column, title in enumerate(titles):
        sheet.write_string(0, column, title, bold)
    place = 1
    for line in lines:
        for column, value in enumerate(line):
            write_cell(sheet, place, column, value)
        place += 1
    book.close()
    target.seek(0)
    moment = timezone.now().astimezone(ZONE)
    response = FileResponse(
        target,
        as_attachment=True,
        filename=f"{name}-{moment:%Y%m%d-%H%M}.xlsx",
        content_type=XLSX,
    )
    return response, place - 1


def parts_of(queryset: QuerySet[M]) -> Iterator[list[M]]:
    rows = queryset.iterator(chunk_size=ROWS_AT_ONCE)
    while part := list(islice(rows, ROWS_AT_ONCE)):
        yield part


def write_cell(sheet: Any, row: int, column: int, value: Cell) -> None:
    """Text stays text: what begins with = must not become a formula."""
    match value:
        case None:
            return
        case bool() | int() | float():
            sheet.write(row, column, value)
        case datetime():
            sheet.write_string(
                row, column, f"{value.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"
            )
        case date():
            sheet.write_string(row, column, value.isoformat())
        case _:
            sheet.write_string(row, column, str(value))
