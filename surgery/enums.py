"""Words of the surgery room. Plain enums with the labels pages show."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProcedureCategory(models.TextChoices):
    SURGERY = "1", _("手术")
    INTERVENTION = "2", _("介入治疗")
    THERAPEUTIC = "3", _("治疗性操作")
    DIAGNOSTIC = "4", _("诊断性操作")


class Grade(models.IntegerChoices):
    UNGRADED = 0, _("未定级")
    ONE = 1, _("一级")
    TWO = 2, _("二级")
    THREE = 3, _("三级")
    FOUR = 4, _("四级")


class Planned(models.TextChoices):
    """是否计划手术 (domain 9.6, indicator 4)."""

    PLANNED = "1", _("计划")
    UNPLANNED = "2", _("非计划")


class Nature(models.TextChoices):
    """手术性质."""

    ELECTIVE = "1", _("择期")
    EMERGENCY = "2", _("急诊")
    DEADLINE = "3", _("限期")


class Reoperation(models.TextChoices):
    """再次手术类型."""

    NONE = "0", _("非再次")
    PLANNED = "1", _("计划再次")
    UNPLANNED = "2", _("非计划再次")


class VerdictCode(models.TextChoices):
    """Codes of a declared verdict (domain 1.3), as ``permissions.checks`` gives them.

    This room keeps what was answered and lies below the room that answers, so it has
    the words of its own; a test holds both together.
    """

    ALLOWED = "0", _("可主刀")
    SUPERVISED = "2S", _("带教下主刀")
    ASSIST_ONLY = "2A", _("仅助手")
    NO_RIGHT = "1", _("无权限")
    ABOVE_CEILING = "1G", _("越级需审批")
    EXPIRED = "3", _("已到期")
    SUSPENDED = "4", _("已暂停")
    NOT_IN_CATALOGUE = "5", _("不在目录")
    NOT_DONE_HERE = "6", _("本院不得开展")
    OUT_OF_SCOPE = "7", _("超执业范围")
    OVERRIDE = "8", _("急诊越级登记")
    UNKNOWN = "9", _("暂时无法核对")
