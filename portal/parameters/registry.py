"""Every hospital parameter, as code: what it means, its default and its range."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Parameter:
    """A whole-number parameter; ``minimum`` and ``maximum`` are both allowed."""

    key: str
    title: str | Promise
    unit: str | Promise
    default: int
    minimum: int
    maximum: int
    basis: str | Promise


LOGIN_TRIES = Parameter(
    "LOGIN_TRIES",
    _("登录失败几次后锁定"),
    _("次"),
    5,
    3,
    10,
    _("等保三级 8.1.4.1 b：登录失败处理"),
)
LOCK_MINUTES = Parameter(
    "LOCK_MINUTES",
    _("锁定时长"),
    _("分钟"),
    30,
    5,
    1440,
    _("等保三级 8.1.4.1 b：登录失败处理"),
)
IDLE_MINUTES = Parameter(
    "IDLE_MINUTES",
    _("无操作自动退出"),
    _("分钟"),
    15,
    1,
    15,
    _("等保三级 8.1.4.1 b：会话超时不超过 15 分钟"),
)
PASSWORD_LENGTH = Parameter(
    "PASSWORD_LENGTH",
    _("密码最短长度"),
    _("位"),
    10,
    8,
    64,
    _("等保三级 8.1.4.1 a：口令复杂度"),
)
PASSWORD_DAYS = Parameter(
    "PASSWORD_DAYS",
    _("密码有效天数"),
    _("天"),
    90,
    30,
    365,
    _("等保三级 8.1.4.1 a：口令定期更换"),
)
PASSWORD_HISTORY = Parameter(
    "PASSWORD_HISTORY",
    _("不得重复最近几次密码"),
    _("次"),
    5,
    1,
    24,
    _("等保三级 8.1.4.1 a：口令历史"),
)
LAUNCH_WINDOW_SECONDS = Parameter(
    "LAUNCH_WINDOW_SECONDS",
    _("医生站链接有效时间"),
    _("秒"),
    120,
    30,
    300,
    _("接口标准 9.2：时间差超过即拒绝"),
)
READ_BACK_ALERT_MINUTES = Parameter(
    "READ_BACK_ALERT_MINUTES",
    _("多久未回读一致即提醒"),
    _("分钟"),
    10,
    1,
    1440,
    _("接口标准 9.4：送达必须回读"),
)
CATALOGUE_APPROVERS = Parameter(
    "CATALOGUE_APPROVERS",
    _("权限字典发布前须另几人同意"),
    _("人"),
    1,
    0,
    1,
    _("手术分级管理办法：目录由委员会审定；0 为不须第二人"),
)
LATE_RECORD_DAYS = Parameter(
    "LATE_RECORD_DAYS",
    _("变更可补记多少天前生效"),
    _("天"),
    30,
    0,
    365,
    _("授权规则 1.4：生效时间与登记时间分别保存"),
)
DIRECT_SECOND_PERSON = Parameter(
    "DIRECT_SECOND_PERSON",
    _("直接授权须第二人确认（0 否，1 是）"),
    "",
    0,
    0,
    1,
    _("授权规则 1.4：授权由两人办理"),
)
UNDO_HOURS = Parameter(
    "UNDO_HOURS",
    _("变更多久内可以撤销"),
    _("小时"),
    24,
    0,
    168,
    _("授权规则 1.4：撤销也是一次变更，不删除"),
)
ANTIBIOTIC_BAR_MONTHS = Parameter(
    "ANTIBIOTIC_BAR_MONTHS",
    _("抗菌药物权限因违规取消后多久不得恢复"),
    _("个月"),
    6,
    6,
    24,
    _("抗菌药物临床应用管理办法：取消后六个月内不得恢复"),
)
OPERATE_IMPLIES_ORDER = Parameter(
    "OPERATE_IMPLIES_ORDER",
    _("有主刀权即有开单权（0 否，1 是）"),
    "",
    1,
    0,
    1,
    _("授权规则 9.4a：主刀含开单由医院决定"),
)

PARAMETERS: dict[str, Parameter] = {
    parameter.key: parameter
    for parameter in (
        LOGIN_TRIES,
        LOCK_MINUTES,
        IDLE_MINUTES,
        PASSWORD_LENGTH,
        PASSWORD_DAYS,
        PASSWORD_HISTORY,
        LAUNCH_WINDOW_SECONDS,
        READ_BACK_ALERT_MINUTES,
        CATALOGUE_APPROVERS,
        LATE_RECORD_DAYS,
        DIRECT_SECOND_PERSON,
        UNDO_HOURS,
        ANTIBIOTIC_BAR_MONTHS,
        OPERATE_IMPLIES_ORDER,
    )
}
