"""The shape of an import by sheet: the file, how its columns are read, what came of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.audit.history import HistoricalModel
from portal.files.models import StoredFile
from portal.jobs.models import Job


class ImportState(models.TextChoices):
    """Where an import stands. What is under way belongs to its job."""

    UPLOADED = "UPLOADED", _("待对应列")
    CHECKING = "CHECKING", _("试运行中")
    CHECKED = "CHECKED", _("待写入")
    APPLYING = "APPLYING", _("写入中")
    APPLIED = "APPLIED", _("已写入")
    UNDOING = "UNDOING", _("撤销中")
    UNDONE = "UNDONE", _("已撤销")
    DISCARDED = "DISCARDED", _("已放弃")


UNDER_WAY = frozenset({ImportState.CHECKING, ImportState.APPLYING, ImportState.UNDOING})


class Outcome(models.TextChoices):
    """What became of a row that could be written."""

    NONE = "", "—"
    DONE = "DONE", _("已写入")
    REFUSED = "REFUSED", _("未写入")
    UNDONE = "UNDONE", _("已撤销")
    LEFT = "LEFT", _("未撤销")


def somebody(**options: Any) -> Any:
    """A user nobody asks back from."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+", **options
    )


class SheetImport(HistoricalModel):
    """One sheet on its way into a room; the file and what was chosen stay.

    ``heading_key`` is a hash of the headings, by which the columns of a later sheet of
    the same kind are known; ``mapping`` says for each field which column (from 0)
    holds it.
    """

    file = models.ForeignKey(StoredFile, on_delete=models.RESTRICT, related_name="+")
    state = models.CharField(
        max_length=9, choices=ImportState.choices, default=ImportState.UPLOADED
    )
    started_by = somebody()
    started_at = models.DateTimeField()
    # Of each sheet its name, headings and first lines, read once.
    preview = models.JSONField(default=list)
    sheet = models.CharField(max_length=100, blank=True)
    heading_row = models.PositiveIntegerField(null=True, blank=True)
    heading_key = models.CharField(max_length=64, blank=True, db_index=True)
    mapping = models.JSONField(default=dict, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    job = models.ForeignKey(
        Job, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    # How it is written, by whom and why.
    is_all_or_nothing = models.BooleanField(default=True)
    reason = models.CharField(max_length=200, blank=True)
    doc_no = models.CharField(max_length=50, blank=True)
    applied_by = somebody(null=True, blank=True)
    second = somebody(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    undone_by = somebody(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undo_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(applied_at__isnull=True, applied_by__isnull=True)
                | Q(applied_at__isnull=False, applied_by__isnull=False),
                name="%(app_label)s_%(class)s_applied_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="%(app_label)s_%(class)s_undone_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class SheetRow(models.Model):
    """One row of the sheet as last read; the room adds what it means to it.

    ``given`` has what stood in the cells by field, ``problems`` a list of
    ``{"field", "reason", "given"}``. The room's ``verdict`` has choices of its own.
    """

    number = models.PositiveIntegerField()
    text = models.CharField(max_length=300, blank=True)  # what a search looks in
    given = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"#{self.pk}"
