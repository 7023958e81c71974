"""How the log names what happened: chips, states, before and after."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from permissions.enums import EventKind as GrantEventKind
from permissions.enums import GrantStatus
from permissions.presenters.words import EVENT_CHIPS
from portal.approvals.workflow import ProposalState
from portal.audit.models import AuditEvent, EventKind
from portal.ui.elements import Chip, Text

MESSAGE_KINDS = (
    EventKind.MESSAGE_RETRIED,
    EventKind.MESSAGE_STOPPED,
    EventKind.MESSAGE_REPLAYED,
)
PARAMETER = "PARAMETER_CHANGED"
CATALOGUE = "CATALOGUE_CHANGED"
NOTHING: Text = _("无")
# What a right is called before and after; the list of rights says it in its own words.
STATUS_WORDS: Mapping[str, Text] = {
    GrantStatus.ACTIVE: _("生效"),
    GrantStatus.SUSPENDED: _("暂停"),
    GrantStatus.REVOKED: _("取消"),
    GrantStatus.VOID: _("作废"),
}
APPLICATION_CHIPS: Mapping[str, Chip] = {
    ProposalState.SUBMITTED: Chip("info", "send", _("提交申请")),
    ProposalState.APPROVED: Chip("ok", "check", _("同意")),
    ProposalState.RETURNED: Chip("warn", "arrow-back-up", _("退回")),
    ProposalState.REJECTED: Chip("bad", "circle-x", _("不同意")),
    ProposalState.WITHDRAWN: Chip("mute", "x", _("撤回")),
}
AUDIT_CHIPS: Mapping[str, Chip] = {
    EventKind.USER_CREATED: Chip("ok", "plus", _("建立账户")),
    EventKind.USER_CHANGED: Chip("info", "pencil", _("修改账户")),
    EventKind.PASSWORD_CHANGED: Chip("info", "lock", _("修改密码")),
    EventKind.ROLE_REQUESTED: Chip("info", "send", _("申请角色")),
    EventKind.ROLE_APPROVED: Chip("ok", "check", _("批准角色")),
    EventKind.ROLE_REJECTED: Chip("bad", "circle-x", _("不同意角色")),
    EventKind.ROLE_ENDED: Chip("warn", "ban", _("收回角色")),
    EventKind.MESSAGE_RETRIED: Chip("info", "refresh", _("重新送达")),
    EventKind.MESSAGE_STOPPED: Chip("bad", "ban", _("停止送达")),
    EventKind.TARGET_FROZEN: Chip("warn", "lock", _("冻结推送")),
    EventKind.TARGET_THAWED: Chip("ok", "refresh", _("恢复推送")),
    EventKind.MESSAGE_REPLAYED: Chip("warn", "history", _("重放消息")),
    EventKind.LOSS_ACCEPTED: Chip("warn", "check", _("确认采用拉取")),
    EventKind.LOSS_DISMISSED: Chip("mute", "x", _("放弃采用拉取")),
    EventKind.LOGIN: Chip("ok", "check", _("登录")),
    EventKind.LOGIN_FAILED: Chip("warn", "alert-circle", _("登录失败")),
    EventKind.LOCKED: Chip("bad", "lock", _("账户锁定")),
    EventKind.LOGOUT: Chip("mute", "logout", _("退出")),
    EventKind.LAUNCH: Chip("ok", "check", _("医生站进入")),
    EventKind.LAUNCH_REFUSED: Chip("bad", "ban", _("医生站进入被拒")),
    EventKind.TEST_LINK: Chip("info", "plug-connected", _("生成测试链接")),
    EventKind.EXPORTED: Chip("info", "download", _("导出")),
    EventKind.ACCESS_DENIED: Chip("bad", "ban", _("拒绝访问")),
}
PARAMETER_CHIP = Chip("info", "adjustments-horizontal", _("修改参数"))
CATALOGUE_CHIP = Chip("info", "list-tree", _("修改字典"))

ROLE_CHANGES: Mapping[str, tuple[Text, Text]] = {
    EventKind.ROLE_REQUESTED: (NOTHING, _("待批准")),
    EventKind.ROLE_APPROVED: (_("待批准"), _("生效")),
    EventKind.ROLE_REJECTED: (_("待批准"), pgettext_lazy("state", "不同意")),
    EventKind.ROLE_ENDED: (_("生效"), _("已收回")),
}
FREEZE_CHANGES: Mapping[str, tuple[Text, Text]] = {
    EventKind.TARGET_FROZEN: (_("推送中"), _("冻结")),
    EventKind.TARGET_THAWED: (_("冻结"), _("推送中")),
}
ACCOUNT_CHANGES: Mapping[str, tuple[Text, Text]] = {
    "ACTIVATED": (_("停用"), _("启用")),
    "DEACTIVATED": (_("启用"), _("停用")),
    "LINKED": (_("未关联"), _("关联 HIS 医师")),
}


def grant_kinds() -> list[tuple[str, Text]]:
    return [(kind.value, EVENT_CHIPS[kind].text) for kind in GrantEventKind]


def application_kinds() -> list[tuple[str, Text]]:
    return [(state.value, APPLICATION_CHIPS[state].text) for state in ProposalState]


def role_change(event: AuditEvent) -> tuple[Text, Text]:
    # What an installation or a first launch gives was never asked for.
    before, after = ROLE_CHANGES[event.kind]
    is_given = event.kind == EventKind.ROLE_APPROVED and event.by_id is None
    return (NOTHING if is_given else before), after
