"""The columns of a sheet of grants and what they are called.

Headings are what hospitals write, so they stay Chinese whatever the page speaks.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.sheets.columns import Columns


class Field(models.TextChoices):
    """What a column may hold."""

    EMP_NO = "EMP_NO", _("工号")
    NAME = "NAME", _("姓名")
    PRIVILEGE = "PRIVILEGE", _("权限编码或名称")
    ITEM = "ITEM", _("手术/药品/设备编码")
    ROLE = "ROLE", _("角色")
    SETTING = "SETTING", _("场合")
    CAMPUS = "CAMPUS", _("院区")
    SIDE = "SIDE", _("侧别")
    VALID_FROM = "VALID_FROM", _("有效期起")
    VALID_TO = "VALID_TO", _("有效期止")
    KIND = "KIND", _("方式")
    CONDITIONS = "CONDITIONS", _("条件")
    EVIDENCE = "EVIDENCE", _("依据材料")
    DOC_NO = "DOC_NO", _("文号")
    NOTE = "NOTE", _("备注")


# The first of each stands in our own template.
HEADINGS: Mapping[Field, tuple[str, ...]] = {
    Field.EMP_NO: (
        *("工号", "职工号", "员工号", "医师工号", "医生工号", "职工工号", "人员编号"),
        *("职工编号", "员工编号"),
    ),
    Field.NAME: ("姓名", "医师姓名", "医生姓名", "职工姓名", "医师", "医生"),
    Field.PRIVILEGE: (
        *("权限编码或名称", "权限编码", "权限代码", "权限名称", "权限项", "权限"),
        *("授权项目", "资质名称"),
    ),
    Field.ITEM: (
        *("手术/药品/设备编码", "手术编码", "手术代码", "项目编码", "术式编码"),
        *("药品编码", "设备编码", "手术操作编码"),
    ),
    Field.ROLE: ("角色", "手术角色"),
    Field.SETTING: ("场合", "使用场合", "适用场合"),
    Field.CAMPUS: ("院区", "所在院区"),
    Field.SIDE: ("侧别", "侧别限制"),
    Field.VALID_FROM: (
        *("有效期起", "生效日期", "开始日期", "起始日期", "授权日期"),
        *("有效期开始", "有效期自"),
    ),
    Field.VALID_TO: (
        *("有效期止", "到期日期", "截止日期", "结束日期", "失效日期"),
        *("有效期至", "有效期结束"),
    ),
    Field.KIND: ("方式", "授权方式", "授权类型"),
    Field.CONDITIONS: ("条件", "附加条件", "限制条件"),
    Field.EVIDENCE: ("依据材料", "依据", "证明材料"),
    Field.DOC_NO: ("文号", "依据文号", "批准文号"),
    Field.NOTE: ("备注", "说明"),
}
NEEDED = (Field.EMP_NO, Field.NAME, Field.PRIVILEGE, Field.VALID_FROM)
COLUMNS = Columns(Field, HEADINGS, NEEDED)
