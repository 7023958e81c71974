"""角色说明: what each role brings, as a table to read. Roles are code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.accounts.capabilities import ROLE_CAPABILITIES, Capability, Role
from portal.ui.elements import Text

CAPABILITY_NAMES: dict[Capability, Text] = {
    Capability.VIEW_PRIVILEGES: _("查看授权"),
    Capability.PROPOSE_PRIVILEGE: _("提出授权申请"),
    Capability.APPROVE_PRIVILEGE: _("审批授权申请"),
    Capability.CHANGE_GRANT: _("暂停、恢复、取消、作废授权"),
    Capability.HANDLE_BOOKING: _("处理受影响手术"),
    Capability.CHANGE_CATALOGUE: _("修改权限字典和手术目录"),
    Capability.APPROVE_CATALOGUE: _("审批权限字典"),
    Capability.PROPOSE_GRADE: _("提出手术定级"),
    Capability.APPROVE_GRADE: _("审定一、二级手术"),
    Capability.RECORD_COMMITTEE: _("登记委员会对三、四级手术的决定"),
    Capability.VIEW_OWN_PRIVILEGES: _("查看本人权限"),
    Capability.VIEW_LOG: _("查看变更日志"),
    Capability.VIEW_HIS: _("查看 HIS 对接"),
    Capability.OPERATE_HIS: _("操作 HIS 对接"),
    Capability.VIEW_PARAMETERS: _("查看系统设置"),
    Capability.CHANGE_PARAMETERS: _("修改系统设置"),
    Capability.VIEW_USERS: _("查看用户与角色"),
    Capability.ASSIGN_ROLE: _("管理账户、申请角色"),
    Capability.APPROVE_ROLE: _("批准角色"),
    Capability.EXPORT: _("导出"),
}


@dataclass(frozen=True)
class RoleHead:
    name: Text
    holders: int
    url: str


@dataclass(frozen=True)
class CapabilityLine:
    name: Text
    is_there: Sequence[bool]


@dataclass(frozen=True)
class RoleTable:
    heads: Sequence[RoleHead]
    lines: Sequence[CapabilityLine]


def role_table(holders: Mapping[str, int]) -> RoleTable:
    """``holders``: how many active users hold the role."""
    users = reverse("desk:user-list")
    heads = [
        RoleHead(role.label, holders.get(role, 0), f"{users}?role={role.value}")
        for role in Role
    ]
    lines = [
        CapabilityLine(
            CAPABILITY_NAMES.get(capability, capability.value),
            [capability in ROLE_CAPABILITIES[role] for role in Role],
        )
        for capability in Capability
    ]
    return RoleTable(heads, lines)
