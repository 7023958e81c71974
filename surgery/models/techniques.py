"""What stands beside a procedure by law or by the hospital's word: filing, suspension."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
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


class Suspension(HistoricalModel):
    """停用: the hospital does not do a procedure from a day on, until it is lifted."""

    procedure: Any = models.ForeignKey(
        Procedure, on_delete=models.RESTRICT, related_name="suspensions"
    )
    from_on = models.DateField(_("停用日期"))
    reason = models.CharField(_("停用原因"), max_length=200)
    document_no = models.CharField(_("依据文号"), max_length=50, blank=True)
    lifted_on = models.DateField(_("恢复日期"), null=True, blank=True)

    class Meta:
        ordering = ["-from_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["procedure"],
                condition=Q(lifted_on__isnull=True),
                name="surgery_suspension_one_standing",
                violation_error_message=_("这项手术已经停用。"),
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
