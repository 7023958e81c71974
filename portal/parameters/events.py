"""What the events of a doctor do by themselves: remind, open a review, suspend."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.parameters.shape import Parameter

EVENT_LEFT = Parameter(
    "EVENT_LEFT",
    _("离职、退休、从 HIS 消失：0 只提醒，1 打开复核，2 暂停"),
    "",
    2,
    0,
    2,
    _("授权规则 1.4：不在职自动暂停，原因代码 05"),
)
EVENT_AWAY = Parameter(
    "EVENT_AWAY",
    _("病假、外出进修：0 只提醒，1 打开复核，2 暂停"),
    "",
    2,
    0,
    2,
    _("授权规则 1.4：不在职自动暂停，原因代码 06"),
)
EVENT_BARRED = Parameter(
    "EVENT_BARRED",
    _("停职：0 只提醒，1 打开复核，2 暂停"),
    "",
    2,
    0,
    2,
    _("授权规则 1.4：不在职自动暂停，原因代码 02"),
)
EVENT_BACK = Parameter(
    "EVENT_BACK",
    _("返岗：0 只提醒，1 打开复核"),
    "",
    1,
    0,
    1,
    _("授权规则 1.4：恢复须重新评估"),
)
EVENT_TRANSFER = Parameter(
    "EVENT_TRANSFER",
    _("调换科室：0 只提醒，1 打开复核，2 暂停"),
    "",
    1,
    0,
    2,
    _("授权规则 1.4：授权随岗位动态调整，原因代码 15"),
)
EVENT_TITLE = Parameter(
    "EVENT_TITLE",
    _("职称变更：0 只提醒，1 打开复核，2 暂停"),
    "",
    1,
    0,
    2,
    _("授权规则 1.4：职称不足的授权，原因代码 19"),
)
EVENT_LICENSE_LAPSED = Parameter(
    "EVENT_LICENSE_LAPSED",
    _("执业注册到期：0 只提醒，1 打开复核，2 暂停"),
    "",
    2,
    0,
    2,
    _("医师法：注册到期自动暂停，原因代码 01"),
)
EVENT_LICENSE = Parameter(
    "EVENT_LICENSE",
    _("执业注册变更或延续：0 只提醒，1 打开复核"),
    "",
    0,
    0,
    1,
    _("医师执业注册管理办法，原因代码 01"),
)
EVENT_SCOPE = Parameter(
    "EVENT_SCOPE",
    _("执业范围、备案变更或到期：0 只提醒，1 打开复核，2 暂停"),
    "",
    1,
    0,
    2,
    _("授权规则 1.4：超出执业范围，原因代码 14"),
)
EVENT_CERTIFICATE = Parameter(
    "EVENT_CERTIFICATE",
    _("个人证书到期：0 只提醒，1 打开复核，2 暂停"),
    "",
    2,
    0,
    2,
    _("授权规则 1.4：证书到期自动暂停，原因代码 13"),
)
ASSESSMENT_OVERDUE = Parameter(
    "ASSESSMENT_OVERDUE",
    _("能力评估超期：0 只提醒，1 打开复核，2 暂停"),
    "",
    1,
    0,
    2,
    _("手术分级管理办法：四级手术每年评估，原因代码 08"),
)

OF_EVENTS = (
    EVENT_LEFT,
    EVENT_AWAY,
    EVENT_BARRED,
    EVENT_BACK,
    EVENT_TRANSFER,
    EVENT_TITLE,
    EVENT_LICENSE_LAPSED,
    EVENT_LICENSE,
    EVENT_SCOPE,
    EVENT_CERTIFICATE,
    ASSESSMENT_OVERDUE,
)
