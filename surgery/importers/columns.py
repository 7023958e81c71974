"""The columns of the sheets of procedures and what they are called.

Headings are what the lists write, so they stay Chinese whatever the page speaks.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.sheets.columns import Columns
from surgery.models.imports import Sort


class NationalField(models.TextChoices):
    """国临 3.0."""

    CODE = "CODE", _("主要编码")
    EXTRA = "EXTRA", _("附加编码")
    NAME = "NAME", _("手术操作名称")
    CATEGORY = "CATEGORY", _("类别")
    OPTION = "OPTION", _("录入选项")


class AssessedField(models.TextChoices):
    """国考四级手术目录, 微创手术目录."""

    CODE = "CODE", _("手术编码")
    NAME = "NAME", _("手术名称")
    LEVEL4 = "LEVEL4", _("四级手术")
    MINI = "MINI", _("微创手术")


class GradeField(models.TextChoices):
    """本院手术分级目录."""

    CODE = "CODE", _("手术编码")
    NAME = "NAME", _("手术名称")
    GRADE = "GRADE", _("手术级别")
    NOTE = "NOTE", _("备注")


CODES = (
    *("手术编码", "手术操作编码", "手术代码", "手术操作代码", "主要编码", "编码"),
    *("代码", "ICD-9-CM-3编码", "ICD9编码", "国临编码", "国临版编码", "术式编码"),
)
NAMES = (
    *("手术名称", "手术操作名称", "名称", "手术/操作名称", "术式名称", "术式"),
    *("手术及操作名称",),
)
NATIONAL = Columns(
    NationalField,
    {
        NationalField.CODE: ("主要编码", "主编码", *CODES),
        NationalField.EXTRA: ("附加编码", "附加码"),
        NationalField.NAME: ("手术操作名称", *NAMES),
        NationalField.CATEGORY: ("类别", "手术类别", "操作类别", "手术操作类别"),
        NationalField.OPTION: ("录入选项", "录入要求"),
    },
    needed=(NationalField.CODE, NationalField.NAME, NationalField.CATEGORY),
)
ASSESSED = Columns(
    AssessedField,
    {
        AssessedField.CODE: CODES,
        AssessedField.NAME: NAMES,
        AssessedField.LEVEL4: (
            *("四级手术", "是否四级手术", "国考四级手术", "国考四级", "是否四级"),
        ),
        AssessedField.MINI: (
            *("微创手术", "是否微创手术", "国考微创手术", "国考微创", "是否微创"),
            "微创",
        ),
    },
    needed=(AssessedField.CODE, AssessedField.NAME),
    fewest=2,
)
GRADES = Columns(
    GradeField,
    {
        GradeField.CODE: CODES,
        GradeField.NAME: NAMES,
        GradeField.GRADE: (
            *("手术级别", "级别", "本院级别", "手术分级", "手术等级", "等级", "分级"),
            "本院手术级别",
        ),
        GradeField.NOTE: ("备注", "说明"),
    },
    needed=(GradeField.CODE, GradeField.NAME, GradeField.GRADE),
)
COLUMNS: Mapping[str, Columns] = {
    Sort.NATIONAL: NATIONAL,
    Sort.ASSESSED: ASSESSED,
    Sort.GRADES: GRADES,
}
