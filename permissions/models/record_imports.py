"""What the rows of sheets share that bring records about practitioners."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.directory.models import Practitioner
from portal.sheets.models import SheetRow


class Verdict(models.TextChoices):
    """What a dry run says of a row."""

    NEW = "NEW", _("新增")
    SAME = "SAME", _("已有相同")
    CONFLICT = "CONFLICT", _("冲突")
    ERROR = "ERROR", _("有误")


class RecordRow(SheetRow):
    """A row about one practitioner."""

    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    practitioner = models.ForeignKey(
        Practitioner, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )

    class Meta:
        abstract = True


def written_record(model: Any) -> Any:
    """What was written for a row; none yet, or none at all."""
    return models.ForeignKey(
        model, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
