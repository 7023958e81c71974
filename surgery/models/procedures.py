"""The hospital's procedure catalogue."""

from __future__ import annotations

from django.db import models

from portal.audit.history import HistoricalModel
from surgery.enums import Grade, ProcedureCategory


class Procedure(HistoricalModel):
    """One entry of the hospital's procedure catalogue."""

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=100)
    initials = models.CharField(max_length=100, db_index=True)
    category = models.CharField(max_length=1, choices=ProcedureCategory.choices)
    grade = models.PositiveSmallIntegerField(choices=Grade.choices)
    specialty = models.CharField(max_length=50, blank=True)
    is_mini_invasive = models.BooleanField(default=False)
    is_restricted = models.BooleanField(default=False)
    is_enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code
