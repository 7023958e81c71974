"""Workbooks we write: the template, the rows with errors, and the demo's sample."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import xlsxwriter
from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from permissions.enums import Setting, Side, SurgicalRole
from permissions.importers.cells import KINDS
from permissions.importers.columns import HEADINGS, NEEDED, Field
from permissions.importers.judging import Judged
from permissions.models import GrantImport, Privilege
from portal.directory.models import PRACTISING, Practitioner
from portal.parameters.days import day_of
from surgery.models import Procedure

SHEET = "授权"
LAST_ROW = 20_000
WIDTHS = {Field.ITEM: 26, Field.PRIVILEGE: 22, Field.EVIDENCE: 24, Field.CONDITIONS: 20}
CHOICES: dict[Field, Sequence[tuple[str, Any]]] = {
    Field.ROLE: SurgicalRole.choices,
    Field.SETTING: Setting.choices,
    Field.SIDE: Side.choices,
    Field.KIND: KINDS,
}


@contextmanager
def book_into(target: io.BytesIO) -> Iterator[Any]:
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    yield book
    book.close()


def headings() -> list[str]:
    return [HEADINGS[field][0] for field in Field]


def template_workbook() -> bytes:
    """An empty sheet with our headings, how to fill it in, and the codes.

    In Chinese whoever asks: it is read in Chinese when it comes back.
    """
    with translation.override(settings.LANGUAGE_CODE):
        return _template()


def _template() -> bytes:
    target = io.BytesIO()
    with book_into(target) as book:
        sheet = _sheet_of_grants(book)
        for place, field in enumerate(Field):
            if field in CHOICES:
                words = [str(label) for value, label in CHOICES[field] if value]
                rule = {"validate": "list", "source": words}
                sheet.data_validation(1, place, LAST_ROW, place, rule)
        _fill(book.add_worksheet(_("填写说明")), [[_("列"), _("怎样填")], *_how()])
        _fill(book.add_worksheet(_("权限编码")), _codes())
    return target.getvalue()


def _sheet_of_grants(book: Any) -> Any:
    sheet = book.add_worksheet(SHEET)
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True, "bg_color": "#E8F0FA", "border": 1})
    # As text: a number would lose the zeros before it.
    text = book.add_format({"num_format": "@"})
    for place, field in enumerate(Field):
        sheet.set_column(place, place, WIDTHS.get(field, 12), text)
        star = "*" if field in NEEDED else ""
        sheet.write_string(0, place, HEADINGS[field][0] + star, bold)
    return sheet


def _how() -> list[list[str]]:
    """One line for each column."""
    texts = {
        Field.EMP_NO: _("必填。HIS 医师字典中的工号，前面的 0 不能省略。"),
        Field.NAME: _("必填。用来核对工号，两者不符的行不导入。"),
        Field.PRIVILEGE: _("必填。写编码或全称，见「权限编码」表。"),
        Field.ITEM: _("逐项授权必填；设备在编码后空一格写名称。其他权限留空。"),
        Field.ROLE: _("手术类权限填写；留空为主刀。"),
        Field.SETTING: _("留空为这项权限允许的场合。"),
        Field.CAMPUS: _("只在某一院区有效时填写。"),
        Field.SIDE: _("只限某一侧时填写。"),
        Field.VALID_FROM: _("必填。日期，如 2026-01-05、2026/1/5、2026年1月5日。"),
        Field.VALID_TO: _("最后一天，含当日；长期权限留空或写「长期」。"),
        Field.KIND: _("留空为直接授权。单例患者授权请逐项办理。"),
        Field.CONDITIONS: _("使用这项权限的条件，核对时显示；最多 200 个字。"),
        Field.EVIDENCE: _("依据的材料；最多 500 个字。"),
        Field.DOC_NO: _("批准的文号；留空用导入时填写的文号。"),
        Field.NOTE: _("不写入授权，只随导入记录保存。"),
    }
    return [[HEADINGS[field][0], text] for field, text in texts.items()]


def _codes() -> Iterable[list[str]]:
    yield [_("编码"), _("名称"), _("取值方式"), _("场合"), _("有效月数")]
    for one in Privilege.objects.filter(is_enabled=True).order_by("sort", "code"):
        months = str(one.validity_months) if one.validity_months else _("不限")
        yield [
            *(one.code, one.name, str(one.get_value_kind_display())),
            *(str(one.get_setting_display()), months),
        ]


def _fill(sheet: Any, lines: Iterable[Sequence[str]]) -> None:
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 60)
    for row, line in enumerate(lines):
        for column, text in enumerate(line):
            sheet.write_string(row, column, text)


def errors_workbook(one: GrantImport, rows: Iterable[Judged]) -> bytes:
    """Each problem on a line: where it is, what is wrong, and what was given."""
    target = io.BytesIO()
    with book_into(target) as book:
        sheet = book.add_worksheet(_("有误和冲突"))
        sheet.freeze_panes(1, 0)
        titles = [
            *(_("工作表"), _("行号"), _("列"), _("结果"), _("原因"), _("给出的值")),
            *(_("工号"), _("姓名")),
        ]
        for column, title in enumerate(titles):
            sheet.write_string(0, column, title, book.add_format({"bold": True}))
        place = 1
        for judged in rows:
            for problem in judged.problems:
                given = judged.read.given
                sheet.write_string(place, 0, one.sheet)
                sheet.write_number(place, 1, judged.read.number)
                for column, text in enumerate(
                    (
                        Field(problem.field).label if problem.field else _("整行"),
                        judged.verdict.label,
                        problem.reason,
                        problem.given,
                        given.get(Field.EMP_NO, ""),
                        given.get(Field.NAME, ""),
                    ),
                    start=2,
                ):
                    sheet.write_string(place, column, str(text))
                place += 1
        sheet.set_column(4, 4, 60)
    return target.getvalue()


def sample_workbook() -> bytes:
    """For the demo: grants for doctors who are there, and the errors people make."""
    target = io.BytesIO()
    today = day_of(timezone.now())
    last = today + timedelta(days=364)
    people = list(
        Practitioner.objects.filter(status__in=PRACTISING, missing_since=None).order_by(
            "emp_no"
        )[20:40]
    )
    item = Procedure.objects.filter(grade=3, is_enabled=True).order_by("code").first()
    with book_into(target) as book:
        sheet = _sheet_of_grants(book)
        for number, one in enumerate(people, start=1):
            row = _sample_row(number, item)
            row |= {Field.EMP_NO: one.emp_no, Field.NAME: one.name}
            row.setdefault(Field.VALID_FROM, today.isoformat())
            row.setdefault(Field.VALID_TO, last.isoformat())
            row[Field.DOC_NO] = f"医务〔{today.year}〕12号"
            if number == 5:
                row[Field.NAME] = f"{one.name[0]}某某"
            for place, field in enumerate(Field):
                sheet.write_string(number, place, row.get(field, ""))
    return target.getvalue()


def _sample_row(number: int, item: Procedure | None) -> dict[Field, str]:
    """What stands in each line beside the doctor."""
    if number % 4 == 0 and item is not None:
        return {
            Field.PRIVILEGE: "SG03",
            Field.ITEM: f"{item.code} {item.name}",
            Field.ROLE: "助手",
        }
    if number == 7:
        return {Field.PRIVILEGE: "会诊", Field.VALID_FROM: "2026年13月1日"}
    codes = ("MR04", "SD02", "TE02", "OR06")
    return {Field.PRIVILEGE: codes[number % len(codes)]}
