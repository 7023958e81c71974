from __future__ import annotations

from django.db import models

from portal.audit.history import HistoricalModel


class ParameterValue(HistoricalModel):
    """What the hospital set; a parameter without a row has its default."""

    key = models.CharField(max_length=40, unique=True)
    value = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.key} = {self.value}"
