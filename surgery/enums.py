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
