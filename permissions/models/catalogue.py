"""The privilege catalogue 医生权限字典."""

from __future__ import annotations

from django.db import models

from permissions.enums import Category, Setting, TitleRule, ValueKind
from portal.audit.history import HistoricalModel


class Privilege(HistoricalModel):
    """One entry of the privilege catalogue 医生权限字典 (domain 2.3)."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    initials = models.CharField(max_length=100, db_index=True)
    category = models.CharField(max_length=2, choices=Category.choices)
    value_kind = models.CharField(max_length=5, choices=ValueKind.choices)
    level = models.CharField(max_length=10, blank=True)
    setting = models.CharField(
        max_length=4, choices=Setting.choices, default=Setting.ALL
    )
    title_rule = models.CharField(
        max_length=4, choices=TitleRule.choices, default=TitleRule.NONE
    )
    min_title_rank = models.PositiveSmallIntegerField(default=0)
    requirements = models.CharField(max_length=200, blank=True)
    validity_months = models.PositiveSmallIntegerField(null=True, blank=True)
    his_effect = models.CharField(max_length=100, blank=True)
    is_enabled = models.BooleanField(default=True)
    sort = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["sort", "code"]

    def __str__(self) -> str:
        return self.code
