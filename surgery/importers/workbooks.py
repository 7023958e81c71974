"""The empty sheets a hospital may fill in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.sheets.workbooks import template_workbook
from surgery.enums import Grade, ProcedureCategory
from surgery.importers.columns import COLUMNS, AssessedField, GradeField, NationalField
from surgery.models.imports import Sort

WIDTH = {"NAME": 40, "CODE": 18}
YES_NO = ("是", "否")
WORDS: Mapping[str, Mapping[Any, Sequence[Any]]] = {
    Sort.NATIONAL: {
        NationalField.CATEGORY: ProcedureCategory.labels,
        NationalField.OPTION: ("必选", "选择性"),
    },
    Sort.ASSESSED: {AssessedField.LEVEL4: YES_NO, AssessedField.MINI: YES_NO},
    Sort.GRADES: {GradeField.GRADE: Grade.labels[1:]},
}
CODE = _("必填，文本格式，如 51.2300、52.7x00；存成数字会丢失末尾的 0。")
NAME = _("必填。用来核对编码，与目录的名称和别名都不符的行不导入。")
HOW: Mapping[str, Mapping[Any, Any]] = {
    Sort.NATIONAL: {
        NationalField.CODE: CODE,
        NationalField.EXTRA: _("只作附加编码的条目把编码写在这里，主要编码留空。"),
        NationalField.NAME: _("必填。目录已有的编码按这里的名称修改。"),
        NationalField.CATEGORY: _("必填。写汉字，不写数字代码。"),
        NationalField.OPTION: _("必选、选择性，或留空。"),
    },
    Sort.ASSESSED: {
        AssessedField.CODE: CODE,
        AssessedField.NAME: NAME,
        AssessedField.LEVEL4: _("是或否；留空为否。没有这一列时不改这一项。"),
        AssessedField.MINI: _("是或否；留空为否。没有这一列时不改这一项。"),
    },
    Sort.GRADES: {
        GradeField.CODE: CODE,
        GradeField.NAME: NAME,
        GradeField.GRADE: _("必填。一级至四级，写 1 至 4 也可以。"),
        GradeField.NOTE: _("不写入目录，只随导入记录保存。"),
    },
}


def template_of(sort: str) -> bytes:
    return template_workbook(
        str(Sort(sort).label),
        COLUMNS[sort],
        how=HOW[sort],
        choices=WORDS[sort],
        widths={field: WIDTH.get(field.name, 12) for field in COLUMNS[sort].fields},
    )
