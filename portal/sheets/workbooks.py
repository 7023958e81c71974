"""Workbooks we write: an empty template, and the rows with errors."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import xlsxwriter
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from portal.sheets.cells import Problem
from portal.sheets.columns import Columns

LAST_ROW = 20_000
Lines = Iterable[Sequence[str]]


class Wrong(Protocol):
    """A row with what is wrong in it."""

    @property
    def number(self) -> int: ...

    @property
    def given(self) -> Mapping[str, str]: ...

    @property
    def problems(self) -> Sequence[Problem]: ...

    @property
    def verdict_label(self) -> Any: ...


@contextmanager
def book_into(target: io.BytesIO) -> Iterator[Any]:
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    yield book
    book.close()


def template_workbook(
    title: str,
    columns: Columns,
    *,
    how: Mapping[Any, Any],
    choices: Mapping[Any, Sequence[Any]],
    widths: Mapping[Any, int],
    more: Mapping[str, Lines] | None = None,
) -> bytes:
    """An empty sheet with our headings, how to fill it in, and what else helps.

    ``how`` says for each field how it is filled in, ``choices`` which words it takes.
    In Chinese whoever asks: it is read in Chinese when it comes back.
    """
    with translation.override(settings.LANGUAGE_CODE):
        target = io.BytesIO()
        with book_into(target) as book:
            sheet = sheet_of_columns(book, title, columns, widths)
            for place, field in enumerate(columns.fields):
                if field in choices:
                    words = [str(word) for word in choices[field]]
                    rule = {"validate": "list", "source": words}
                    sheet.data_validation(1, place, LAST_ROW, place, rule)
            told = [
                [columns.headings[field][0], str(text)] for field, text in how.items()
            ]
            fill(book.add_worksheet(_("填写说明")), [[_("列"), _("怎样填")], *told])
            for name, lines in (more or {}).items():
                fill(book.add_worksheet(name), lines)
        return target.getvalue()


def sheet_of_columns(
    book: Any, title: str, columns: Columns, widths: Mapping[Any, int]
) -> Any:
    sheet = book.add_worksheet(title)
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True, "bg_color": "#E8F0FA", "border": 1})
    # As text: a number would lose the zeros before it.
    text = book.add_format({"num_format": "@"})
    for place, field in enumerate(columns.fields):
        sheet.set_column(place, place, widths.get(field, 12), text)
        star = "*" if field in columns.needed else ""
        sheet.write_string(0, place, columns.headings[field][0] + star, bold)
    return sheet


def fill(sheet: Any, lines: Lines) -> None:
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 60)
    for row, line in enumerate(lines):
        for column, text in enumerate(line):
            sheet.write_string(row, column, text)


def errors_workbook(name: str, rows: Iterable[Wrong], columns: Columns) -> bytes:
    """Each problem on a line: where it is, what is wrong, and what was given.

    Beside it stand the first two columns we need: whom or what the row is about.
    """
    about = columns.needed[:2]
    target = io.BytesIO()
    with book_into(target) as book:
        sheet = book.add_worksheet(_("有误和冲突"))
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        titles = [
            *(_("工作表"), _("行号"), _("列"), _("结果"), _("原因"), _("给出的值")),
            *(str(field.label) for field in about),
        ]
        for column, title in enumerate(titles):
            sheet.write_string(0, column, title, bold)
        for place, (row, problem) in enumerate(_each_problem(rows), start=1):
            where = problem.field
            texts = (
                columns.fields(where).label if where else _("整行"),
                row.verdict_label,
                problem.reason,
                problem.given,
                *(row.given.get(str(field), "") for field in about),
            )
            sheet.write_string(place, 0, name)
            sheet.write_number(place, 1, row.number)
            for column, text in enumerate(texts, start=2):
                sheet.write_string(place, column, str(text))
        sheet.set_column(4, 4, 60)
    return target.getvalue()


def _each_problem(rows: Iterable[Wrong]) -> Iterator[tuple[Wrong, Problem]]:
    for row in rows:
        for problem in row.problems:
            yield row, problem
