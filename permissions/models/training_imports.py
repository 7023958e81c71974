"""Import of training records by sheet, and what came of each row."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from permissions.models.trainings import TrainingRecord
from portal.directory.models import Practitioner
from portal.sheets.models import SheetImport, SheetRow

# The kinds of its jobs.
CHECK, APPLY, UNDO = (
    "permissions.check_trainings",
    "permissions.apply_trainings",
    "permissions.undo_trainings",
)


class TrainingImport(SheetImport):
    """One sheet on its way into the records of trainings."""


class Verdict(models.TextChoices):
    """What a dry run says of a row."""

    NEW = "NEW", _("新增")
    SAME = "SAME", _("已有相同")
    CONFLICT = "CONFLICT", _("冲突")
    ERROR = "ERROR", _("有误")


class TrainingImportRow(SheetRow):
    """``passed`` is what is understood of the row; ``record`` what was written for it."""

    training_import = models.ForeignKey(
        TrainingImport, on_delete=models.RESTRICT, related_name="rows"
    )
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    passed = models.JSONField(default=dict)
    practitioner = models.ForeignKey(
        Practitioner, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    record = models.ForeignKey(
        TrainingRecord,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )

    class Meta:
        ordering = ["training_import", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["training_import", "number"],
                name="permissions_trainingimportrow_once",
            )
        ]
