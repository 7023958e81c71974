"""Booked operations whose surgeon lost the right to them, until somebody saw to it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from permissions.enums import HitOutcome, HitState
from permissions.models.ledger import GrantEvent
from portal.audit.history import HistoricalModel
from portal.directory.models import Practitioner


class BookingHit(HistoricalModel):
    """受影响手术: one booked operation, hit by an act or by a change of the catalogue.

    ``procedures`` and ``surgeon`` are as they were then: the booking itself may be
    changed, which is what its handling may come to. ``event`` is the act, if it was one.
    """

    application_no = models.CharField(max_length=40)
    surgeon = models.ForeignKey(
        Practitioner, on_delete=models.RESTRICT, related_name="+"
    )
    procedures = models.CharField(max_length=300)
    planned_at = models.DateTimeField()
    event = models.ForeignKey(
        GrantEvent, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    why = models.CharField(max_length=200)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    state = models.CharField(
        max_length=7, choices=HitState.choices, default=HitState.OPEN
    )
    outcome = models.CharField(
        max_length=10, choices=HitOutcome.choices, blank=True, default=""
    )
    note = models.CharField(max_length=200, blank=True)
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )

    class Meta:
        ordering = ["planned_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application_no"],
                condition=Q(state="OPEN"),
                name="permissions_bookinghit_one_open",
            ),
            models.CheckConstraint(
                condition=Q(
                    state="OPEN",
                    handled_at__isnull=True,
                    handled_by__isnull=True,
                    outcome="",
                )
                | Q(
                    state__in=["HANDLED", "CLEARED"],
                    handled_at__isnull=False,
                    handled_by__isnull=False,
                ),
                name="permissions_bookinghit_handled_by_whom",
            ),
            models.CheckConstraint(
                condition=~Q(state="HANDLED") | ~Q(outcome=""),
                name="permissions_bookinghit_handled_how",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="permissions_bookinghit_due")
        ]

    def __str__(self) -> str:
        return f"{self.state} #{self.pk}"
