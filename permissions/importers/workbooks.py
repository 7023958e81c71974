"""Workbooks we write: the template, and the demo's sample."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.enums import Setting, Side, SurgicalRole
from permissions.importers.cells import KINDS
from permissions.importers.columns import COLUMNS, Field
from permissions.models import Privilege
from portal.directory.models import PRACTISING, Practitioner
from portal.parameters.days import day_of
from portal.sheets import workbooks
from portal.sheets.workbooks import book_into, sheet_of_columns
from surgery.models import Procedure

SHEET = "授权"
WIDTHS = {Field.ITEM: 26, Field.PRIVILEGE: 22, Field.EVIDENCE: 24, Field.CONDITIONS: 20}
CHOICES: dict[Field, Sequence[tuple[str, Any]]] = {
    Field.ROLE: SurgicalRole.choices,
    Field.SETTING: Setting.choices,
    Field.SIDE: Side.choices,
    Field.KIND: KINDS,
}
HOW = {
    Field.EMP_NO: gettext_lazy("必填。HIS 医师字典中的工号，前面的 0 不能省略。"),
    Field.NAME: gettext_lazy("必填。用来核对工号，两者不符的行不导入。"),
    Field.PRIVILEGE: gettext_lazy("必填。写编码或全称，见「权限编码」表。"),
    Field.ITEM: gettext_lazy("逐项授权必填；设备在编码后空一格写名称。其他权限留空。"),
    Field.ROLE: gettext_lazy("手术类权限填写；留空为主刀。"),
    Field.SETTING: gettext_lazy("留空为这项权限允许的场合。"),
    Field.CAMPUS: gettext_lazy("只在某一院区有效时填写。"),
    Field.SIDE: gettext_lazy("只限某一侧时填写。"),
    Field.VALID_FROM: gettext_lazy(
        "必填。日期，如 2026-01-05、2026/1/5、2026年1月5日。"
    ),
    Field.VALID_TO: gettext_lazy("最后一天，含当日；长期权限留空或写「长期」。"),
    Field.KIND: gettext_lazy("留空为直接授权。单例患者授权请逐项办理。"),
    Field.CONDITIONS: gettext_lazy("使用这项权限的条件，核对时显示；最多 200 个字。"),
    Field.EVIDENCE: gettext_lazy("依据的材料；最多 500 个字。"),
    Field.DOC_NO: gettext_lazy("批准的文号；留空用导入时填写的文号。"),
    Field.NOTE: gettext_lazy("不写入授权，只随导入记录保存。"),
}


def template_workbook() -> bytes:
    """An empty sheet with our headings, how to fill it in, and the codes."""
    with translation.override(settings.LANGUAGE_CODE):
        words = {
            field: [label for value, label in choices if value]
            for field, choices in CHOICES.items()
        }
        return workbooks.template_workbook(
            SHEET,
            COLUMNS,
            how=HOW,
            choices=words,
            widths=WIDTHS,
            more={_("权限编码"): _codes()},
        )


def _codes() -> Iterable[list[str]]:
    yield [_("编码"), _("名称"), _("取值方式"), _("场合"), _("有效月数")]
    for one in Privilege.objects.filter(is_enabled=True).order_by("sort", "code"):
        months = str(one.validity_months) if one.validity_months else _("不限")
        yield [
            *(one.code, one.name, str(one.get_value_kind_display())),
            *(str(one.get_setting_display()), months),
        ]


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
        sheet = sheet_of_columns(book, SHEET, COLUMNS, WIDTHS)
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
