"""What the attributes of a catalogue entry may be (domain 2.1)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Flow(models.TextChoices):
    """Who reviews and who decides an application for the entry (domain 1.4)."""

    OFFICE = "OFFICE", _("科室、医务科")
    DRUG = "DRUG", _("科室、医务科与药学部、药事管理与药物治疗学委员会")
    BLOOD = "BLOOD", _("科室、医务科与输血科、临床用血管理委员会")
    SPECIALTY = "SPECIALTY", _("科室、医务科与专业质控组、医疗技术委员会")
    TECHNOLOGY = "TECHNOLOGY", _("科室工作小组、医务科、医疗技术委员会")


class EnforcedAt(models.TextChoices):
    """Where the HIS asks for the right."""

    ORDER = "ORDER", _("开单")
    DISPENSE = "DISPENSE", _("发药")
    BLOOD = "BLOOD", _("用血申请")
    SURGERY = "SURGERY", _("手术申请")
    OPERATE = "OPERATE", _("操作登记")
    SIGN = "SIGN", _("病历签名")
    CONSULT = "CONSULT", _("会诊")
    REPORT = "REPORT", _("报告签发")
    DUTY = "DUTY", _("排班")


class Certificate(models.TextChoices):
    """Certificates a holder must have."""

    LICENSE = "LICENSE", _("医师执业证书")
    SPECIMEN = "SPECIMEN", _("签名留样")
    SIGNATURE = "SIGNATURE", _("CA 签名证书")
    MULTI_SITE = "MULTI_SITE", _("多机构备案")
    RESIDENCY = "RESIDENCY", _("住院医师规范化培训合格证")
    RADIATION = "RADIATION", _("放射工作人员证")
    EQUIPMENT = "EQUIPMENT", _("大型医用设备上岗证")
    INTERVENTION = "INTERVENTION", _("国家级或省级介入培训证书")
    RESTRICTED = "RESTRICTED", _("限制类技术规范化培训证书")
    ROBOT = "ROBOT", _("机器人手术厂家培训证书")
    LIFE_SUPPORT = "LIFE_SUPPORT", _("心肺复苏证书")
    GCP = "GCP", _("药物临床试验（GCP）证书")


class EndsWith(models.TextChoices):
    """What a right ends with where no number of months says it."""

    NOTHING = "", pgettext_lazy("validity", "不另限")
    STAY = "STAY", _("离院日期")
    CONTRACT = "CONTRACT", _("合同到期")
    CERTIFICATE = "CERTIFICATE", _("证书到期")
    POST = "POST", _("任职期满")
    TRIAL = "TRIAL", _("试用期满")


class OnExpiry(models.TextChoices):
    SUSPEND = "SUSPEND", _("停止使用")
    WARN = "WARN", _("仅提醒")


class VersionState(models.TextChoices):
    """Where a version of the catalogue stands."""

    DRAFT = "DRAFT", _("草稿")
    SUBMITTED = "SUBMITTED", _("待审批")
    APPROVED = "APPROVED", _("待生效")
    PUBLISHED = "PUBLISHED", _("已发布")
    DISCARDED = "DISCARDED", _("已作废")


# A version in one of these is the one under way; there is never a second.
OPEN_STATES = frozenset(
    {VersionState.DRAFT, VersionState.SUBMITTED, VersionState.APPROVED}
)
