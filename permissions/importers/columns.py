"""The columns of a sheet of grants: what they are called, and how they are found.

Headings are what hospitals write, so they stay Chinese whatever the page speaks.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence

from django.db import models
from django.utils.translation import gettext_lazy as _


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
# A line is one of headings when it holds so many of them.
FEWEST_HEADINGS = 3
LINES_LOOKED_AT = 20
REMARK = re.compile(r"[(\[【].*?[)\]】]")
BLANK = re.compile(r"[\s*:]+")


def bare(text: str) -> str:
    """A heading without width, blanks, stars, colons and remarks in brackets."""
    return BLANK.sub("", REMARK.sub("", unicodedata.normalize("NFKC", text))).lower()


_KNOWN = {
    bare(word): (field, place)
    for field, words in HEADINGS.items()
    for place, word in enumerate(words)
}


def recognized(headings: Sequence[str]) -> dict[Field, int]:
    """Column of each field; of two that could be it the better known word wins."""
    found: dict[Field, tuple[int, int]] = {}
    for column, heading in enumerate(headings):
        if known := _KNOWN.get(bare(heading)):
            field, place = known
            if field not in found or place < found[field][0]:
                found[field] = (place, column)
    return {field: column for field, (_place, column) in found.items()}


def heading_line(lines: Sequence[Sequence[str]]) -> int | None:
    """The place of the line that holds most headings; None when there is none.

    Where no line holds enough of them, the first with as many cells as we need: which
    column is which, a person then says.
    """
    counts = [len(recognized(line)) for line in lines]
    best = max(counts, default=0)
    if best >= FEWEST_HEADINGS:
        return counts.index(best)
    full = [place for place, line in enumerate(lines) if is_full(line)]
    return min(full, default=None)


def is_full(line: Sequence[str]) -> bool:
    return sum(bool(cell) for cell in line) >= len(NEEDED)


def key_of(headings: Sequence[str]) -> str:
    """The same for two sheets with the same headings in the same order."""
    joined = "\x1f".join(bare(one) for one in headings)
    return hashlib.sha256(joined.encode()).hexdigest()
