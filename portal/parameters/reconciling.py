"""Parameters of comparing with the HIS, and of what is done by itself."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.parameters.shape import Parameter

RECONCILE_HOUR = Parameter(
    "RECONCILE_HOUR",
    _("每夜与 HIS 比对权限和手术级别，几点开始"),
    _("点"),
    2,
    0,
    23,
    _("接口标准 9.4：每夜对账"),
)
RECONCILE_MISSING = Parameter(
    "RECONCILE_MISSING",
    _("HIS 缺少的权限：0 只报告，1 自动修复，2 提议采纳"),
    "",
    0,
    0,
    2,
    _("接口标准 9.4：对账报告差异，处置由医院决定"),
)
RECONCILE_EXTRA = Parameter(
    "RECONCILE_EXTRA",
    _("HIS 多出的权限：0 只报告，1 自动修复，2 提议采纳"),
    "",
    0,
    0,
    2,
    _("接口标准 9.4：对账报告差异，处置由医院决定"),
)
RECONCILE_DIFFERENT = Parameter(
    "RECONCILE_DIFFERENT",
    _("与 HIS 不一致的权限：0 只报告，1 自动修复，2 提议采纳"),
    "",
    0,
    0,
    2,
    _("接口标准 9.4：对账报告差异，处置由医院决定"),
)
RECONCILE_GRADE_MISSING = Parameter(
    "RECONCILE_GRADE_MISSING",
    _("HIS 缺少的手术级别：0 只报告，1 自动修复，2 提议采纳"),
    "",
    0,
    0,
    2,
    _("接口标准 9.4：对账报告差异，处置由医院决定"),
)
RECONCILE_GRADE_EXTRA = Parameter(
    "RECONCILE_GRADE_EXTRA",
    _("HIS 多出的手术级别：0 只报告，1 自动修复，2 提议采纳"),
    "",
    0,
    0,
    2,
    _("接口标准 9.4：对账报告差异，处置由医院决定"),
)
RECONCILE_GRADE_DIFFERENT = Parameter(
    "RECONCILE_GRADE_DIFFERENT",
    _("与 HIS 不一致的手术级别：0 只报告，1 自动修复，2 提议采纳"),
    "",
    0,
    0,
    2,
    _("接口标准 9.4：对账报告差异，处置由医院决定"),
)
RECONCILE_BRAKE_PERCENT = Parameter(
    "RECONCILE_BRAKE_PERCENT",
    _("差异超过百分之几即不自动处置（3 项起算）"),
    "%",
    5,
    1,
    100,
    _("防止 HIS 恢复旧备份或视图有误时成批改动"),
)

OF_RECONCILING = (
    RECONCILE_HOUR,
    RECONCILE_MISSING,
    RECONCILE_EXTRA,
    RECONCILE_DIFFERENT,
    RECONCILE_GRADE_MISSING,
    RECONCILE_GRADE_EXTRA,
    RECONCILE_GRADE_DIFFERENT,
    RECONCILE_BRAKE_PERCENT,
)
