"""Where the grades of the HIS are not ours: each look at them, and what it found."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from surgery.models.procedures import Procedure


class GradeComparison(models.Model):
    """One look at ``V_YW_OP_GRADE`` beside our catalogue.

    Without ``ended_at`` it was asked for and waits for a worker. With a ``problem`` the
    HIS could not be read, and nothing was compared. ``by`` None: the nightly one.
    """

    asked_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    problem = models.CharField(max_length=300, blank=True)
    ours = models.PositiveIntegerField(default=0)  # procedures with a grade
    theirs = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    extra = models.PositiveIntegerField(default=0)
    different = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)  # not there the time before
    settled = models.PositiveIntegerField(default=0)  # gone since the time before

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True)
                | Q(ended_at__gte=models.F("asked_at")),
                name="surgery_gradecomparison_asked_before_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def total(self) -> int:
        return self.missing + self.extra + self.different


class GradeDifference(models.Model):
    """One difference, from the look that found it to the look that found it gone.

    ``ours`` and ``theirs`` are as the contract writes them; empty: there is none.
    """

    class Kind(models.TextChoices):
        MISSING = "MISSING", _("HIS 缺少")
        EXTRA = "EXTRA", _("HIS 多出")
        DIFFERENT = "DIFFERENT", _("不一致")

    class Field(models.TextChoices):
        GRADE = "grade", _("手术级别")
        EFFECTIVE_FROM = "effective_from", _("生效日期")

    kind = models.CharField(max_length=9, choices=Kind.choices)
    field = models.CharField(max_length=14, choices=Field.choices)
    code = models.CharField(max_length=32)
    name = models.CharField(max_length=200, blank=True)
    procedure = models.ForeignKey(
        Procedure,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    ours = models.CharField(max_length=10, blank=True)
    theirs = models.CharField(max_length=10, blank=True)
    found_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["code", "field", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "field"],
                condition=Q(gone_at__isnull=True),
                name="surgery_gradedifference_once",
            ),
            models.CheckConstraint(
                condition=Q(gone_at__isnull=True)
                | Q(gone_at__gte=models.F("found_at")),
                name="surgery_gradedifference_found_before_gone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.field}"
