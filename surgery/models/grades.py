"""The grade dictionary as the hospital words it (domain 1.2 GR01)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.audit.history import HistoricalModel
from surgery.enums import Grade


class GradeText(HistoricalModel):
    """What the office made of a grade's criteria.

    A grade without a row has the regulation's own words: ``surgery.grades.CRITERIA``.
    """

    grade = models.SmallIntegerField(_("级别"), choices=Grade.choices, unique=True)
    criteria = models.CharField(_("判定标准"), max_length=500)

    class Meta:
        ordering = ["grade"]

    def __str__(self) -> str:
        return f"#{self.grade}"
