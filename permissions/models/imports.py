"""Import of grants by sheet: the file, how its columns are read, and what came of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from permissions.models.ledger import GrantEvent, GrantState
from portal.audit.history import HistoricalModel
from portal.directory.models import Practitioner
from portal.files.models import StoredFile
from portal.jobs.models import Job

# The kinds of its jobs.
CHECK, APPLY, UNDO = (
    "permissions.check_import",
    "permissions.apply_import",
    "permissions.undo_import",
)


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


class GrantImport(HistoricalModel):
    """One sheet on its way into the ledger; the file and what was chosen stay.

    ``heading_key`` is a hash of the headings, by which the columns of a later sheet of
    the same kind are known; ``mapping`` says for each field which column (from 0)
    holds it. ``takes_proposed`` reads staff numbers with the zeros they lost.
    """

    file = models.ForeignKey(StoredFile, on_delete=models.RESTRICT, related_name="+")
    state = models.CharField(
        max_length=9, choices=ImportState.choices, default=ImportState.UPLOADED
    )
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+"
    )
    started_at = models.DateTimeField()
    # Of each sheet its name, headings and first lines, read once.
    preview = models.JSONField(default=list)
    sheet = models.CharField(max_length=100, blank=True)
    heading_row = models.PositiveIntegerField(null=True, blank=True)
    heading_key = models.CharField(max_length=64, blank=True, db_index=True)
    mapping = models.JSONField(default=dict, blank=True)
    takes_proposed = models.BooleanField(default=False)
    problem = models.CharField(max_length=300, blank=True)
    job = models.ForeignKey(
        Job, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    # How it is written, by whom and why.
    is_all_or_nothing = models.BooleanField(default=True)
    reason = models.CharField(max_length=200, blank=True)
    doc_no = models.CharField(max_length=50, blank=True)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    second = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    applied_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    undo_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(applied_at__isnull=True, applied_by__isnull=True)
                | Q(applied_at__isnull=False, applied_by__isnull=False),
                name="permissions_grantimport_applied_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="permissions_grantimport_undone_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Verdict(models.TextChoices):
    """What a dry run says of a row."""

    NEW = "NEW", _("新增")
    SAME = "SAME", _("已有相同")
    RENEW = "RENEW", _("改变（续期）")
    CONFLICT = "CONFLICT", _("冲突")
    ERROR = "ERROR", _("有误")


class Outcome(models.TextChoices):
    """What became of a row that could be written."""

    NONE = "", "—"
    DONE = "DONE", _("已写入")
    REFUSED = "REFUSED", _("未写入")
    UNDONE = "UNDONE", _("已撤销")
    LEFT = "LEFT", _("未撤销")


class GrantImportRow(models.Model):
    """One row of the sheet as last read.

    ``given`` has what stood in the cells by field, ``line`` what is understood of it,
    ``problems`` a list of ``{"field", "reason", "given"}``. ``state`` and ``seen`` are
    the line it meets and its last event then; ``event`` is what was written for it.
    """

    grant_import = models.ForeignKey(
        GrantImport, on_delete=models.RESTRICT, related_name="rows"
    )
    number = models.PositiveIntegerField()
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    # Its staff number would be somebody's with the zeros it may have lost.
    is_proposed = models.BooleanField(default=False)
    text = models.CharField(max_length=300, blank=True)  # what a search looks in
    given = models.JSONField(default=dict)
    line = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    practitioner = models.ForeignKey(
        Practitioner, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    state = models.ForeignKey(
        GrantState, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    seen = models.BigIntegerField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True)
    event = models.ForeignKey(
        GrantEvent, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )

    class Meta:
        ordering = ["grant_import", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["grant_import", "number"],
                name="permissions_grantimportrow_once",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
