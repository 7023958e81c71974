"""Import of training records by sheet, and what came of each row."""

from __future__ import annotations

from django.db import models

from permissions.models.record_imports import RecordRow, written_record
from permissions.models.trainings import TrainingRecord
from portal.sheets.models import SheetImport

# The kinds of its jobs.
CHECK, APPLY, UNDO = (
    "permissions.check_trainings",
    "permissions.apply_trainings",
    "permissions.undo_trainings",
)


class TrainingImport(SheetImport):
    """One sheet on its way into the records of trainings."""


class TrainingImportRow(RecordRow):
    """``passed`` is what is understood of the row; ``record`` what was written for it."""

    training_import = models.ForeignKey(
        TrainingImport, on_delete=models.RESTRICT, related_name="rows"
    )
    passed = models.JSONField(default=dict)
    record = written_record(TrainingRecord)

    class Meta:
        ordering = ["training_import", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["training_import", "number"],
                name="permissions_trainingimportrow_once",
            )
        ]
