"""What pulls did: each run, what it changed, what it set aside, what it asked."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class PulledView(models.Model):
    """Where our copy of one view stands; its row is the lock of all pulls of it."""

    view = models.CharField(max_length=40, unique=True)
    # Goes up with each difference taken over: a pull that compared with an older
    # version starts over.
    version = models.IntegerField(default=0)
    # Of all the HIS gave at the last compare; blank: compare whatever it gives.
    fingerprint = models.CharField(max_length=64, blank=True)
    quarantined = models.IntegerField(default=0)
    # Of facts: up to which modification we have them, and when all were last read.
    watermark = models.DateTimeField(null=True, blank=True)
    read_whole_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["view"]

    def __str__(self) -> str:
        return self.view


class SyncRun(models.Model):
    """One pull of one view, written when it ended: counts, or why it failed."""

    class State(models.TextChoices):
        TAKEN = "TAKEN", _("完成")
        FAILED = "FAILED", _("失败")
        HELD = "HELD", _("等待确认")  # too many rows gone: a person must say

    view = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    state = models.CharField(max_length=6, choices=State.choices)
    error = models.CharField(max_length=200, blank=True)
    # The HIS does not offer the view, or not to us: nothing to try again.
    is_missing = models.BooleanField(default=False)
    read_ms = models.IntegerField(default=0)
    read = models.IntegerField(default=0)
    added = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    vanished = models.IntegerField(default=0)
    quarantined = models.IntegerField(default=0)

    class Meta:
        ordering = ["-started_at"]
        indexes = [
            models.Index(fields=["view", "-id"], name="directory_run_of_view"),
            models.Index(fields=["started_at"], name="directory_run_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.view} #{self.pk}"

    @property
    def is_ok(self) -> bool:
        return self.state == self.State.TAKEN


class RowChange(models.Model):
    """A row one pull added, changed or lost; the first load of a view tells none.

    ``columns`` lists ``{"column", "before", "after"}`` of a changed row; what is a
    person's is masked.
    """

    class Kind(models.TextChoices):
        ADDED = "ADDED", _("新增")
        CHANGED = "CHANGED", _("变更")
        VANISHED = "VANISHED", _("消失")

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    key = models.CharField(max_length=150)
    columns = models.JSONField(default=list)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class QuarantinedRow(models.Model):
    """A row the last compare set aside: where to look in the HIS, and what for.

    ``value`` is shortened, and of a person no more than the first character.
    """

    class Reason(models.TextChoices):
        NO_KEY = "NO_KEY", _("主键为空")
        MISSING = "MISSING", _("缺少必填值")
        UNKNOWN_CODE = "UNKNOWN_CODE", _("未知代码")
        TOO_LONG = "TOO_LONG", _("超过约定长度")
        BROKEN_TEXT = "BROKEN_TEXT", _("乱码")
        NOT_A_DATE = "NOT_A_DATE", _("不是日期")
        INSANE_DATE = "INSANE_DATE", _("日期不合理")
        NOT_A_NUMBER = "NOT_A_NUMBER", _("不是数字")
        DOUBLED = "DOUBLED", _("主键重复")

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="bad_rows")
    view = models.CharField(max_length=40, db_index=True)
    key = models.CharField(max_length=150, blank=True)
    column = models.CharField(max_length=30)
    reason = models.CharField(max_length=12, choices=Reason.choices)
    value = models.CharField(max_length=50, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.reason} #{self.pk}"


class Loss(models.Model):
    """So many rows of a view gone at once that a person must say whether it is true."""

    class State(models.TextChoices):
        OPEN = "OPEN", _("等待确认")
        ACCEPTED = "ACCEPTED", _("已确认采用")
        DISMISSED = "DISMISSED", _("已放弃")
        OVER = "OVER", _("已无需确认")  # the rows came back, or others went

    view = models.CharField(max_length=40)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    # While the HIS goes on showing this: the question, or the answer to it, stands.
    is_current = models.BooleanField(default=True)
    found_at = models.DateTimeField()
    known = models.IntegerField()
    keys = models.JSONField()  # of the rows that would vanish
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["view"],
                condition=models.Q(is_current=True),
                name="directory_loss_one_current",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["ACCEPTED", "DISMISSED"],
                    decided_at__isnull=False,
                    decided_by__isnull=False,
                )
                | models.Q(
                    state__in=["OPEN", "OVER"],
                    decided_at__isnull=True,
                    decided_by__isnull=True,
                ),
                name="directory_loss_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.view} #{self.pk}"


class ConformanceRun(models.Model):
    """One run of the conformance kit against the HIS."""

    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ConformanceResult(models.Model):
    """What the cases of one interface found."""

    run = models.ForeignKey(
        ConformanceRun, on_delete=models.CASCADE, related_name="results"
    )
    interface = models.CharField(max_length=40)
    passed = models.IntegerField()
    failed = models.IntegerField()
    unproved = models.IntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "interface"], name="directory_conformanceresult_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.interface} #{self.pk}"
