"""Words of the permissions room, with the labels pages show."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Category(models.TextChoices):
    """Categories of the privilege catalogue (domain 2.2)."""

    RX = "RX", _("处方权")
    AB = "AB", _("抗菌药物权限")
    ND = "ND", _("麻精毒放药品权限")
    ON = "ON", _("抗肿瘤药物权限")
    SD = "SD", _("其他特殊药品权限")
    TC = "TC", _("中医药权限")
    BL = "BL", _("临床用血权限")
    SG = "SG", _("手术级别权限")
    # Holds no entry of its own: the item lines of SG03 and SG04 are shown under it.
    SI = "SI", _("手术逐项权限（三、四级）")
    DS = "DS", _("日间、介入、内镜、有创操作权限")
    AN = "AN", _("麻醉与镇静镇痛权限")
    RT = "RT", _("限制类与新技术权限")
    CN = "CN", _("会诊与多学科权限")
    MR = "MR", _("病历与医疗文书权限")
    OR = "OR", _("检查检验开单与报告权限")
    ER = "ER", _("值班、急诊、抢救权限")
    TE = "TE", _("带教、质控、其他")


# Titles of the HIS dictionary, the highest first (GB/T 8561).
TITLE_WORDS = {
    "231": _("主任医师"),
    "232": _("副主任医师"),
    "233": _("主治医师"),
    "234": pgettext_lazy("title", "医师"),
    "235": _("医士"),
}


class ValueKind(models.TextChoices):
    FLAG = "FLAG", _("标志")
    LEVEL = "LEVEL", _("级别")
    ITEM = "ITEM", _("逐项")
    QUOTA = "QUOTA", _("额度")


class Setting(models.TextChoices):
    ALL = "ALL", _("全部")
    OUTPATIENT = "OUTP", _("门诊")
    EMERGENCY = "EMER", _("急诊")
    INPATIENT = "INP", _("住院")
    OPERATING_ROOM = "OR", _("手术室")


class TitleRule(models.TextChoices):
    NONE = "NONE", _("不限")
    WARN = "WARN", _("提醒")
    HARD = "HARD", _("必须")


class EventKind(models.TextChoices):
    """What can happen to a grant."""

    GRANT = "GRANT", _("新增")
    SUSPEND = "SUSPEND", _("暂停")
    RESTORE = "RESTORE", _("恢复")
    REVOKE = "REVOKE", _("取消")
    VOID = "VOID", _("作废")
    RENEW = "RENEW", _("续期")
    DOWNGRADE = "DOWNGRADE", _("降级")
    # A renewal taken back: the line ends again when it did before.
    UNRENEW = "UNRENEW", _("撤销续期")
    # Ended because its code became another; what goes on follows it.
    RECODE = "RECODE", _("编码调整")


# The same as something to do: the word on a button.
ACT_WORDS = {
    EventKind.SUSPEND: pgettext_lazy("act", "暂停"),
    EventKind.RESTORE: pgettext_lazy("act", "恢复"),
    EventKind.REVOKE: pgettext_lazy("act", "取消"),
    EventKind.VOID: pgettext_lazy("act", "作废"),
    EventKind.RENEW: pgettext_lazy("act", "续期"),
    EventKind.DOWNGRADE: pgettext_lazy("act", "降级"),
}


class ItemKind(models.TextChoices):
    """What an item line speaks of; empty for flags and levels."""

    NONE = "", "—"
    PROCEDURE = "PROCEDURE", _("手术、操作")
    DRUG = "DRUG", _("药品")
    DEVICE = "DEVICE", _("设备")


class SurgicalRole(models.TextChoices):
    """Roles of a surgical right (domain 9.4a); empty where there are none."""

    NONE = "", "—"
    ORDER = "ORDER", _("开单")
    OPERATE = "OPERATE", _("主刀")
    OPERATE_SUPERVISED = "OPERATE_SUPERVISED", _("带教下主刀")
    ASSIST = "ASSIST", _("助手")
    SUPERVISE = "SUPERVISE", _("带教")


class Side(models.TextChoices):
    """The only side a line holds for; empty is any."""

    ANY = "", _("不限")
    LEFT = "LEFT", _("左侧")
    RIGHT = "RIGHT", _("右侧")
    UNILATERAL = "UNILATERAL", _("单侧")
    BILATERAL = "BILATERAL", _("双侧")


class GrantKind(models.TextChoices):
    """How a line came to be."""

    FIRST = "FIRST", _("首次")
    RENEWAL = "RENEWAL", _("续期")
    UPGRADE = "UPGRADE", _("升级")
    DOWNGRADE = "DOWNGRADE", _("降级")
    TEMPORARY = "TEMPORARY", _("临时")
    ONE_PATIENT = "ONE_PATIENT", _("单例患者")
    DIRECT = "DIRECT", _("直接授权")


class GrantStatus(models.TextChoices):
    """What the events add up to; the dates say the rest.

    A line that was downgraded is REVOKED, its last event says so.
    """

    ACTIVE = "ACTIVE", _("生效")
    SUSPENDED = "SUSPENDED", _("暂停")
    REVOKED = "REVOKED", _("取消")
    VOID = "VOID", _("作废")


class ReasonCode(models.TextChoices):
    """Reason codes for suspending and revoking (domain 1.4)."""

    R01 = "01", _("执业证书注销或变更")
    R02 = "02", _("被责令暂停执业")
    R03 = "03", _("定期考核不合格")
    R04 = "04", _("离岗培训")
    R05 = "05", _("退休、离职、调离")
    R06 = "06", _("长期病假、进修、产假")
    R07 = "07", _("能力评估不合格")
    R08 = "08", _("评估超期")
    R09 = "09", _("并发症、死亡率异常")
    R10 = "10", _("严重不良事件")
    R11 = "11", _("违规越权")
    R12 = "12", _("超常处方")
    R13 = "13", _("培训证书过期")
    R14 = "14", _("超出执业范围")
    R15 = "15", _("诊疗科目变更")
    R16 = "16", _("技术停用")
    R17 = "17", _("本人申请")
    R18 = "18", _("医疗纠纷、鉴定责任")
    R19 = "19", _("其他")


class Trigger(models.TextChoices):
    """Why rights are looked at again (domain 1.4)."""

    LEFT = "LEFT", _("离职、退休、从 HIS 消失")
    AWAY = "AWAY", _("病假、外出进修")
    BARRED = "BARRED", _("停职")
    BACK = "BACK", _("返岗")
    TRANSFER = "TRANSFER", _("调换科室")
    TITLE = "TITLE", _("职称变更")
    LICENSE_LAPSED = "LICENSE_LAPSED", _("执业注册到期")
    LICENSE = "LICENSE", _("执业注册变更或延续")
    SCOPE = "SCOPE", _("执业范围、备案变更或到期")
    CERTIFICATE = "CERTIFICATE", _("证书到期")
    MASS = "MASS", _("成批变动待确认")
    DRIFT = "DRIFT", _("HIS 与台账不一致")
    ASSESSMENT_FAILED = "ASSESSMENT_FAILED", _("能力评估不合格")
    ASSESSMENT_OVERDUE = "ASSESSMENT_OVERDUE", _("能力评估超期")


class Effect(models.IntegerChoices):
    """What the hospital has an event do by itself; the values of its parameters."""

    REMIND = 0, _("只提醒")
    REVIEW = 1, _("打开复核")
    SUSPEND = 2, _("暂停")


class Outcome(models.TextChoices):
    """What reading an event came to."""

    NOTHING = "NOTHING", _("不涉及授权")
    REMINDED = "REMINDED", _("已提醒")
    REVIEW = "REVIEW", _("已打开复核")
    SUSPENDED = "SUSPENDED", _("已暂停")
    HELD = "HELD", _("等待人工确认")


class ReviewState(models.TextChoices):
    """Open, or what the review came to: the gravest of its lines."""

    OPEN = "OPEN", _("待办")
    KEPT = "KEPT", _("维持")
    SUSPENDED = "SUSPENDED", _("已暂停")
    REVOKED = "REVOKED", _("已取消")
    CLOSED = "CLOSED", _("已关闭")


class LineDecision(models.TextChoices):
    NONE = "", _("未结论")
    KEEP = "KEEP", _("维持现状")
    SUSPEND = "SUSPEND", pgettext_lazy("act", "暂停")
    REVOKE = "REVOKE", pgettext_lazy("act", "取消")
    # Not a conclusion: the right goes on under another code, and under review there.
    RECODE = "RECODE", _("随编码调整转移")


class AssessmentResult(models.TextChoices):
    PASS = "PASS", _("合格")
    CONDITIONAL = "CONDITIONAL", _("有条件合格")
    FAIL = "FAIL", _("不合格")


class ReminderKind(models.TextChoices):
    EXPIRY = "EXPIRY", _("授权到期")
    ASSESSMENT = "ASSESSMENT", _("能力评估")
    CERTIFICATE = "CERT", _("证书到期")


class RegradeOutcome(models.TextChoices):
    """What became of a grant whose procedure was regraded above it."""

    WAITING = "WAITING", _("过渡期内")
    SUSPENDED = "SUSPENDED", _("已暂停")
    KEPT = "KEPT", _("保留")
    RECALLED = "RECALLED", _("已撤回")


class HitState(models.TextChoices):
    """How far a booked operation that was hit has been seen to."""

    OPEN = "OPEN", _("待处理")
    HANDLED = "HANDLED", _("已处理")
    CLEARED = "CLEARED", _("已解除")


class HitOutcome(models.TextChoices):
    """What was done about it, in the HIS and with the department."""

    REASSIGNED = "REASSIGNED", _("改派主刀")
    POSTPONED = "POSTPONED", _("改期")
    CANCELED = "CANCELED", _("取消手术")
    KEPT = "KEPT", _("另行批准，照原安排")
    OTHER = "OTHER", _("其他")


class DriftTarget(models.TextChoices):
    """What of the HIS a drift is about."""

    RIGHT = "RIGHT", _("医生权限")
    OPERATION = "OPERATION", _("手术权限")
    FLAG = "FLAG", _("粗略标志")
    GRADE = "GRADE", _("手术级别")


class Part(models.TextChoices):
    """What of the HIS one look compares."""

    RIGHTS = "RIGHTS", _("权限")
    GRADES = "GRADES", _("手术级别")


class DriftKind(models.TextChoices):
    """What the HIS is beside our ledger."""

    MISSING = "MISSING", _("HIS 缺少")
    EXTRA = "EXTRA", _("HIS 多出")
    DIFFERENT = "DIFFERENT", _("不一致")


class DriftState(models.TextChoices):
    """How far a drift has been seen to; GONE went by itself."""

    OPEN = "OPEN", _("待处理")
    REPAIRING = "REPAIRING", _("修复中")
    REPAIRED = "REPAIRED", _("已修复")
    ADOPTED = "ADOPTED", _("已提议采纳")
    IGNORED = "IGNORED", _("不处理")
    GONE = "GONE", _("已消除")


class DriftAct(models.TextChoices):
    """What somebody does about a drift."""

    REPAIR = "REPAIR", _("按本院修复")
    ADOPT = "ADOPT", _("提议采纳")
    IGNORE = "IGNORE", _("不处理")
    REOPEN = "REOPEN", _("重新处理")


class DriftPolicy(models.IntegerChoices):
    """What the hospital has a drift do by itself; the values of its parameters."""

    REPORT = 0, _("只报告")
    REPAIR = 1, _("自动修复")
    ADOPT = 2, _("提议采纳")
