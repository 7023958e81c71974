"""Parameters of the connection to the HIS: when somebody is called, what is archived."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.parameters.shape import Parameter

READ_BACK_ALERT_MINUTES = Parameter(
    "READ_BACK_ALERT_MINUTES",
    _("多久未回读一致即告警（0 不告警）"),
    _("分钟"),
    10,
    0,
    1440,
    _("接口标准 9.4：送达必须回读"),
)
OUTBOX_STUCK_MINUTES = Parameter(
    "OUTBOX_STUCK_MINUTES",
    _("变更卡住多久即告警（0 不告警）"),
    _("分钟"),
    15,
    0,
    1440,
    _("接口标准 9.4：三次未送达显示卡住"),
)
OUTBOX_REJECTED_COUNT = Parameter(
    "OUTBOX_REJECTED_COUNT",
    _("HIS 拒收多少条即告警（0 不告警）"),
    _("条"),
    1,
    0,
    1000,
    _("接口标准 9.4：拒收须人工处理"),
)
OUTBOX_UNKNOWN_MINUTES = Parameter(
    "OUTBOX_UNKNOWN_MINUTES",
    _("结果未知多久即告警（0 不告警）"),
    _("分钟"),
    10,
    0,
    1440,
    _("接口标准 9.4：应答丢失先回读"),
)
OUTBOX_LAG_SECONDS = Parameter(
    "OUTBOX_LAG_SECONDS",
    _("一小时内 1% 的变更送达超过多久即告警（0 不告警）"),
    _("秒"),
    120,
    0,
    3600,
    _("接口标准 9.4：审核后即时送达"),
)
HIS_AWAY_MINUTES = Parameter(
    "HIS_AWAY_MINUTES",
    _("HIS 多久未应答即告警（0 不告警）"),
    _("分钟"),
    5,
    0,
    1440,
    _("接口标准 9.4：未应答不丢失变更"),
)
WORKER_SILENT_MINUTES = Parameter(
    "WORKER_SILENT_MINUTES",
    _("后台进程多久没有动静即告警（0 不告警）"),
    _("分钟"),
    5,
    0,
    1440,
    _("接口标准 9.4：审核后即时送达"),
)
BEAT_SILENT_MINUTES = Parameter(
    "BEAT_SILENT_MINUTES",
    _("定时进程多久没有动静即告警（0 不告警）"),
    _("分钟"),
    10,
    0,
    1440,
    _("接口标准 9.4：到期、拉取和对账按时进行"),
)
DRIFT_ALERT_COUNT = Parameter(
    "DRIFT_ALERT_COUNT",
    _("HIS 差异未处理达到多少项即告警（0 不告警）"),
    _("项"),
    10,
    0,
    10_000,
    _("接口标准 9.4：对账报告差异，处置由医院决定"),
)
COMPARE_ALERT_HOURS = Parameter(
    "COMPARE_ALERT_HOURS",
    _("多久没有与 HIS 比对完成即告警（0 不告警）"),
    _("小时"),
    30,
    0,
    720,
    _("接口标准 9.4：每夜对账"),
)
ARCHIVE_MONTHS = Parameter(
    "ARCHIVE_MONTHS",
    _("已送达的消息多少个月后归档（0 不归档）"),
    _("个月"),
    24,
    0,
    120,
    _("接口标准 9.4：推送记录长期可查"),
)

OF_THE_HIS = (
    READ_BACK_ALERT_MINUTES,
    OUTBOX_STUCK_MINUTES,
    OUTBOX_REJECTED_COUNT,
    OUTBOX_UNKNOWN_MINUTES,
    OUTBOX_LAG_SECONDS,
    HIS_AWAY_MINUTES,
    WORKER_SILENT_MINUTES,
    BEAT_SILENT_MINUTES,
    DRIFT_ALERT_COUNT,
    COMPARE_ALERT_HOURS,
    ARCHIVE_MONTHS,
)
