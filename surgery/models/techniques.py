"""What stands beside a restricted technique by law: its filing."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.audit.history import HistoricalModel
from surgery.models.procedures import Procedure


class Filing(HistoricalModel):
    """备案 of a restricted technique with the health authority (GR09)."""

    procedure: Any = models.OneToOneField(
        Procedure, on_delete=models.RESTRICT, related_name="filing"
    )
    filed_on = models.DateField(_("备案日期"))
    authority = models.CharField(_("备案机关"), max_length=80)
    document_no = models.CharField(_("备案文号"), max_length=50)
    document = models.CharField(_("材料"), max_length=100, blank=True)

    class Meta:
        ordering = ["procedure"]

    def __str__(self) -> str:
        return f"#{self.pk}"
