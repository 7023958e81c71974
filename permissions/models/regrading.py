"""What a regrading does to rights that were granted before it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from permissions.enums import RegradeOutcome
from permissions.models.ledger import GrantEvent, GrantState
from portal.audit.history import HistoricalModel
from surgery.models import GradeChange, GradeVersion


class RegradedGrant(HistoricalModel):
    """A grant that does not reach the new grade of its procedure.

    On ``due_on`` it is suspended, unless by then the procedure's grade is within its
    reach again; ``event`` is that suspension.
    """

    change = models.ForeignKey(
        GradeChange, on_delete=models.RESTRICT, related_name="regraded_grants"
    )
    state = models.ForeignKey(
        GrantState, on_delete=models.RESTRICT, related_name="regradings"
    )
    due_on = models.DateField()
    outcome = models.CharField(
        max_length=9,
        choices=RegradeOutcome.choices,
        default=RegradeOutcome.WAITING,
    )
    event = models.ForeignKey(
        GrantEvent, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["change", "state"], name="permissions_regradedgrant_once"
            ),
            models.CheckConstraint(
                condition=Q(event__isnull=True) | ~Q(outcome__in=["WAITING", "KEPT"]),
                name="permissions_regradedgrant_event_when_suspended",
            ),
        ]
        indexes = [
            models.Index(fields=["outcome", "due_on"], name="permissions_regraded_due")
        ]

    def __str__(self) -> str:
        return f"{self.outcome} #{self.pk}"


class FollowedVersion(models.Model):
    """A version of the graded catalogue whose grants have been looked at.

    One without this row is looked at by the next run, however late that comes.
    """

    version = models.OneToOneField(
        GradeVersion,
        on_delete=models.RESTRICT,
        primary_key=True,
        related_name="followed",
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["version"]

    def __str__(self) -> str:
        return f"#{self.pk}"
