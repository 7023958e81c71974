"""Every hospital parameter, as code: what it means, its default and its range."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.parameters.events import OF_EVENTS
from portal.parameters.of_the_his import OF_THE_HIS
from portal.parameters.reconciling import OF_RECONCILING
from portal.parameters.reconciling import (
    RECONCILE_BRAKE_PERCENT as RECONCILE_BRAKE_PERCENT,
)
from portal.parameters.reconciling import RECONCILE_DIFFERENT as RECONCILE_DIFFERENT
from portal.parameters.reconciling import RECONCILE_EXTRA as RECONCILE_EXTRA
from portal.parameters.reconciling import RECONCILE_HOUR as RECONCILE_HOUR
from portal.parameters.reconciling import RECONCILE_MISSING as RECONCILE_MISSING
from portal.parameters.shape import Parameter as Parameter

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
    _("主刀权含开单权（0 否，1 是）"),
    "",
    1,
    0,
    1,
    _("接口标准 9.4：记录性质 1 开单、2 执行"),
)
RULE_APPROVERS = Parameter(
    "RULE_APPROVERS",
    _("核对规则改动前须另几人同意"),
    _("人"),
    0,
    0,
    1,
    _("手术分级管理办法：规则由委员会审定；0 为不须第二人"),
)
PREREQUISITES_DECIDE = Parameter(
    "PREREQUISITES_DECIDE",
    _("缺前提权限时不得授权和续期（0 仅提醒，1 不得）"),
    "",
    1,
    0,
    1,
    _("权限字典 2.5：前提权限有效"),
)
TRAINING_RECORDS_DECIDE = Parameter(
    "TRAINING_RECORDS_DECIDE",
    _("按本系统的培训考核记录核对（0 否，1 是）"),
    "",
    0,
    0,
    1,
    _("抗菌药物、麻精、抗肿瘤药物管理规定：培训并考核合格；记录录全后再启用"),
)
CERTIFICATES_DECIDE = Parameter(
    "CERTIFICATES_DECIDE",
    _("按本系统登记的个人证书核对（0 否，1 是）"),
    "",
    0,
    0,
    1,
    _("权限字典 2.5：证书在有效期内；证书录全后再启用"),
)

REVIEW_DAYS = Parameter(
    "REVIEW_DAYS",
    _("授权复核须在多久内办结"),
    _("个工作日"),
    10,
    1,
    60,
    _("手术分级管理办法：授权动态管理；工作日按医院日历"),
)
BOOKING_HOURS = Parameter(
    "BOOKING_HOURS",
    _("受影响的已排手术须在多久内处理"),
    _("小时"),
    24,
    1,
    168,
    _("手术分级管理办法：主刀须有相应权限；最晚到手术时间"),
)
MASS_DOCTORS = Parameter(
    "MASS_DOCTORS",
    _("一次拉取或一天内自动暂停最多几位医师，超过须人工确认"),
    _("人"),
    10,
    1,
    500,
    _("防止 HIS 数据有误时成批暂停"),
)
MASS_PERCENT = Parameter(
    "MASS_PERCENT",
    _("自动暂停超过在职医师的百分之几须人工确认（3 人起算）"),
    "%",
    5,
    1,
    100,
    _("防止 HIS 数据有误时成批暂停"),
)
REMIND_DAYS_1 = Parameter(
    "REMIND_DAYS_1",
    _("到期、评估前第 1 次提醒（0 不提醒）"),
    _("天"),
    90,
    0,
    365,
    _("授权规则 1.2：到期前 90、60、30、7 天提醒"),
)
REMIND_DAYS_2 = Parameter(
    "REMIND_DAYS_2",
    _("到期、评估前第 2 次提醒（0 不提醒）"),
    _("天"),
    60,
    0,
    365,
    _("授权规则 1.2：到期前 90、60、30、7 天提醒"),
)
REMIND_DAYS_3 = Parameter(
    "REMIND_DAYS_3",
    _("到期、评估前第 3 次提醒（0 不提醒）"),
    _("天"),
    30,
    0,
    365,
    _("授权规则 1.2：到期前 90、60、30、7 天提醒"),
)
REMIND_DAYS_4 = Parameter(
    "REMIND_DAYS_4",
    _("到期、评估前第 4 次提醒（0 不提醒）"),
    _("天"),
    7,
    0,
    365,
    _("授权规则 1.2：到期前 90、60、30、7 天提醒"),
)
REGRADE_TRANSITION_DAYS = Parameter(
    "REGRADE_TRANSITION_DAYS",
    _("手术升级后，原有授权的过渡期（0 施行日起暂停）"),
    _("天"),
    90,
    0,
    365,
    _("手术分级管理办法：授权随级别动态调整，期内须完成高级别审批"),
)

REMIND_DAYS = (REMIND_DAYS_1, REMIND_DAYS_2, REMIND_DAYS_3, REMIND_DAYS_4)

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
        *OF_THE_HIS,
        CATALOGUE_APPROVERS,
        LATE_RECORD_DAYS,
        DIRECT_SECOND_PERSON,
        UNDO_HOURS,
        ANTIBIOTIC_BAR_MONTHS,
        OPERATE_IMPLIES_ORDER,
        RULE_APPROVERS,
        PREREQUISITES_DECIDE,
        TRAINING_RECORDS_DECIDE,
        CERTIFICATES_DECIDE,
        REVIEW_DAYS,
        BOOKING_HOURS,
        MASS_DOCTORS,
        MASS_PERCENT,
        *OF_EVENTS,
        REGRADE_TRANSITION_DAYS,
        *OF_RECONCILING,
        *REMIND_DAYS,
    )
}
