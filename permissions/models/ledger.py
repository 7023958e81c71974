"""The ledger of grants.

``Grant`` and ``GrantEvent`` are written once and are the truth; ``GrantState`` is
what they add up to, one row per grant, for lists.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from permissions.enums import EventKind, GrantStatus, ReasonCode, Setting
from permissions.models.applications import Application
from permissions.models.catalogue import Privilege
from permissions.models.terms import Terms
from portal.audit.history import HistoricalModel, WriteOnceModel
from portal.directory.models import Practitioner


class Grant(Terms, WriteOnceModel):
    """One ledger line. Name, title and department are frozen as they were."""

    application = models.OneToOneField(
        Application, null=True, blank=True, on_delete=models.RESTRICT
    )
    practitioner_name = models.CharField(max_length=50)
    title_code = models.CharField(max_length=3, blank=True)
    department_name = models.CharField(max_length=50)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [*Terms.Meta.constraints]

    def __str__(self) -> str:
        return f"#{self.pk}"


class GrantEvent(WriteOnceModel):
    """Something that happened to a grant.

    ``effective_at`` says from when it holds, ``recorded_at`` when we knew it.
    """

    grant = models.ForeignKey(Grant, on_delete=models.RESTRICT, related_name="events")
    kind = models.CharField(max_length=7, choices=EventKind.choices)
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+"
    )
    reason_code = models.CharField(max_length=2, choices=ReasonCode.choices, blank=True)
    reason = models.CharField(max_length=200)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"

    @property
    def subject(self) -> str:
        """How the outbox names what a message is about."""
        return f"permissions.grantevent:{self.pk}"


class GrantState(HistoricalModel):
    """What the events of a grant add up to; written with each event, for lists."""

    grant = models.OneToOneField(Grant, on_delete=models.RESTRICT, related_name="state")
    practitioner = models.ForeignKey(Practitioner, on_delete=models.RESTRICT)
    privilege = models.ForeignKey(Privilege, on_delete=models.RESTRICT)
    item_code = models.CharField(max_length=32, blank=True)
    setting = models.CharField(max_length=4, choices=Setting.choices)
    status = models.CharField(max_length=9, choices=GrantStatus.choices)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    last_event = models.OneToOneField(GrantEvent, on_delete=models.RESTRICT)

    class Meta:
        ordering = ["-last_event_id"]
        indexes = [
            models.Index(
                fields=["practitioner", "privilege", "item_code"],
                name="permissions_state_whose_what",
            ),
            models.Index(fields=["status", "valid_to"], name="permissions_state_ends"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.status}"
