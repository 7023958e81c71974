"""What makes the office look at rights again: events read, reviews, assessments."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from permissions.enums import (
    AssessmentResult,
    LineDecision,
    Outcome,
    ReminderKind,
    ReviewState,
    Trigger,
)
from permissions.models.ledger import GrantEvent, GrantState
from portal.audit.history import HistoricalModel, WriteOnceModel
from portal.directory.models import Practitioner, PractitionerEvent


class EventCursor(models.Model):
    """Up to where all events are read; what lies above says itself whether it is.

    Not simply the last number: of two pulls at once, the one that took the lower
    numbers may commit last.
    """

    name = models.CharField(max_length=20, unique=True)
    floor = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.floor}"


class Review(HistoricalModel):
    """复核: somebody looks at the rights of a practitioner again and concludes.

    One of many practitioners at once (MASS) has none of its own, and no lines: the
    events it holds back are its ``readings``.
    """

    practitioner = models.ForeignKey(
        Practitioner, null=True, blank=True, on_delete=models.RESTRICT
    )
    trigger = models.CharField(max_length=18, choices=Trigger.choices)
    why = models.CharField(max_length=200)
    opened_at = models.DateTimeField()
    due_on = models.DateField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    state = models.CharField(
        max_length=9, choices=ReviewState.choices, default=ReviewState.OPEN
    )
    concluded_at = models.DateTimeField(null=True, blank=True)
    concluded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    conclusion = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["practitioner", "trigger"],
                condition=Q(state="OPEN", practitioner__isnull=False),
                name="permissions_review_one_open",
            ),
            models.CheckConstraint(
                condition=Q(
                    state="OPEN", concluded_at__isnull=True, concluded_by__isnull=True
                )
                | Q(
                    state__in=["KEPT", "SUSPENDED", "REVOKED", "CLOSED"],
                    concluded_at__isnull=False,
                    concluded_by__isnull=False,
                ),
                name="permissions_review_concluded_by_whom",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_on"], name="permissions_review_due")
        ]

    def __str__(self) -> str:
        return f"{self.trigger} #{self.pk}"


class ReviewLine(HistoricalModel):
    """A right under review; ``event`` is what the conclusion did to it, if anything."""

    review = models.ForeignKey(Review, on_delete=models.RESTRICT, related_name="lines")
    state = models.ForeignKey(GrantState, on_delete=models.RESTRICT, related_name="+")
    decision = models.CharField(
        max_length=7, choices=LineDecision.choices, blank=True, default=""
    )
    event = models.ForeignKey(
        GrantEvent, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["review", "state"], name="permissions_reviewline_once"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.decision}"


class EventReading(models.Model):
    """That an event was read, and what came of it: the row makes it happen once."""

    event = models.OneToOneField(
        PractitionerEvent, on_delete=models.RESTRICT, related_name="reading"
    )
    trigger = models.CharField(max_length=18, choices=Trigger.choices, blank=True)
    outcome = models.CharField(max_length=9, choices=Outcome.choices)
    read_at = models.DateTimeField()
    review = models.ForeignKey(
        Review,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="readings",
    )

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["outcome", "read_at"], name="permissions_reading_when")
        ]

    def __str__(self) -> str:
        return f"{self.outcome} #{self.pk}"


class Assessment(WriteOnceModel):
    """能力评估 of one right (GR07). ``next_due`` is the last day for the next one."""

    state = models.ForeignKey(
        GrantState, on_delete=models.RESTRICT, related_name="assessments"
    )
    assessed_on = models.DateField(_("评估日期"))
    result = models.CharField(
        _("结论"), max_length=11, choices=AssessmentResult.choices
    )
    doc_no = models.CharField(_("依据文号"), max_length=50)
    note = models.CharField(_("说明"), max_length=200)
    next_due = models.DateField(_("下次评估不晚于"), null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+"
    )
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-assessed_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(result="FAIL", next_due__isnull=True)
                | Q(result__in=["PASS", "CONDITIONAL"], next_due__isnull=False),
                name="permissions_assessment_next_unless_failed",
            ),
            models.UniqueConstraint(
                fields=["state", "assessed_on"],
                name="permissions_assessment_one_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.result} #{self.pk}"


class Reminder(models.Model):
    """That a line's coming end was told at one stage; so many days before, 0 overdue.

    A renewal moves ``due_on``, and so begins anew.
    """

    OVERDUE = 0

    state = models.ForeignKey(GrantState, on_delete=models.RESTRICT, related_name="+")
    kind = models.CharField(max_length=10, choices=ReminderKind.choices)
    due_on = models.DateField()
    stage = models.PositiveSmallIntegerField()
    told_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["state", "kind", "due_on", "stage"],
                name="permissions_reminder_once",
            )
        ]
        indexes = [models.Index(fields=["told_at"], name="permissions_reminder_when")]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
