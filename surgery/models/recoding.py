"""编码调整: one code replaced, several merged, one split; and the sheets it comes by.

A re-coding is decided once and holds from its day on. What it did to the grants is the
upper room's (``permissions.models.recoding``).
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.audit.history import HistoricalModel
from portal.sheets.models import SheetImport, SheetRow, somebody
from surgery.enums import RecodingKind, RecodingState
from surgery.models.grading import GradeVersion
from surgery.models.procedures import Procedure

# The kinds of the jobs of its sheets.
CHECK, APPLY, UNDO = (
    "surgery.check_recoding",
    "surgery.decide_recoding",
    "surgery.undo_recoding",
)


class Recoding(HistoricalModel):
    """Codes that become others on one day, by one document.

    ``applied_at`` is the moment it was done, on ``effective_on`` or as soon after as
    could be; ``version`` what it made of the grades, ``undo_version`` what its undo made
    of them. ``problem`` says why it could not be done on its day.
    """

    state = models.CharField(
        max_length=8, choices=RecodingState.choices, default=RecodingState.PLANNED
    )
    effective_on = models.DateField(_("施行日期"))
    reason = models.CharField(_("理由"), max_length=200)
    doc_no = models.CharField(_("文号"), max_length=50)
    meeting = models.CharField(_("会议"), max_length=50, blank=True)
    proposed_by = somebody()
    decided_by = somebody()
    decided_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)
    ended_by = somebody(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=200, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    version = models.OneToOneField(
        GradeVersion,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="recoding",
    )
    undo_version = models.OneToOneField(
        GradeVersion,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="recoding_undone",
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["PLANNED", "CANCELED"], applied_at__isnull=True)
                | Q(state__in=["APPLIED", "UNDONE"], applied_at__isnull=False),
                name="surgery_recoding_applied_when_applied",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["PLANNED", "APPLIED"],
                    ended_at__isnull=True,
                    ended_by__isnull=True,
                )
                | Q(
                    state__in=["CANCELED", "UNDONE"],
                    ended_at__isnull=False,
                    ended_by__isnull=False,
                ),
                name="surgery_recoding_ended_by_someone",
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=models.F("proposed_by")),
                name="surgery_recoding_second_person",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "effective_on"], name="surgery_recoding_due")
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class RecodingLine(HistoricalModel):
    """One old code and one new one; a split has several lines, a merge too.

    ``new`` is there once it was done, ``is_made`` where the entry was made for it.
    """

    recoding = models.ForeignKey(
        Recoding, on_delete=models.RESTRICT, related_name="lines"
    )
    kind = models.CharField(max_length=7, choices=RecodingKind.choices)
    old = models.ForeignKey(
        Procedure, on_delete=models.RESTRICT, related_name="recoded_to"
    )
    old_code = models.CharField(max_length=32)
    old_name = models.CharField(max_length=100)
    new = models.ForeignKey(
        Procedure,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="recoded_from",
    )
    new_code = models.CharField(max_length=32)
    new_name = models.CharField(max_length=100)
    is_made = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["recoding", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["recoding", "old", "new_code"],
                name="surgery_recodingline_once",
            ),
            models.CheckConstraint(
                condition=Q(is_made=False) | Q(new__isnull=False),
                name="surgery_recodingline_made_is_there",
            ),
            models.CheckConstraint(
                condition=Q(new__isnull=True) | ~Q(new=models.F("old")),
                name="surgery_recodingline_to_another",
            ),
        ]
        indexes = [
            models.Index(fields=["new_code"], name="surgery_recodingline_new_code")
        ]

    def __str__(self) -> str:
        return f"{self.old_code} → {self.new_code}"


class RecodingSheet(SheetImport):
    """A sheet of old and new codes; ``recoding`` is what was decided by it."""

    effective_on = models.DateField(null=True, blank=True)
    meeting = models.CharField(max_length=50, blank=True)
    recoding = models.OneToOneField(
        Recoding,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="sheet",
    )


class RowVerdict(models.TextChoices):
    """What a dry run says of a row."""

    REPLACE = "REPLACE", _("替换")
    MERGE = "MERGE", _("合并")
    SPLIT = "SPLIT", _("拆分")
    CHAIN = "CHAIN", _("连环")
    UNKNOWN = "UNKNOWN", _("旧编码不在目录")
    CONFLICT = "CONFLICT", _("冲突")
    CIRCLE = "CIRCLE", _("循环")
    ERROR = "ERROR", _("有误")


class RecodingSheetRow(SheetRow):
    """One row as last read, with what it comes to.

    ``lines`` are the codes it ends at, each ``{"code", "name", "kind", "is_there",
    "grade"}`` with the grade the new entry will have; ``notes`` what one should know;
    ``touched`` how many ``grants``, ``applications``, ``booked`` operations and
    ``messages`` of the old code that concerns.
    """

    recoding_sheet = models.ForeignKey(
        RecodingSheet, on_delete=models.RESTRICT, related_name="rows"
    )
    verdict = models.CharField(max_length=8, choices=RowVerdict.choices)
    code = models.CharField(max_length=32, blank=True)
    name = models.CharField(max_length=100, blank=True)
    new_code = models.CharField(max_length=32, blank=True)
    new_name = models.CharField(max_length=100, blank=True)
    note = models.CharField(max_length=200, blank=True)
    lines = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    touched = models.JSONField(default=dict)

    class Meta:
        ordering = ["recoding_sheet", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["recoding_sheet", "number"],
                name="surgery_recodingsheetrow_once",
            )
        ]
