"""The ledger of grants.

``Grant`` and ``GrantEvent`` are written once and are the truth; ``GrantState`` is
what they add up to (``permissions.ledger.fold``), one row per grant, for lists.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from permissions.enums import EventKind, GrantStatus, ReasonCode
from permissions.models.applications import Application
from permissions.models.terms import KeyedLine, Terms
from portal.audit.history import HistoricalModel, WriteOnceModel

# Every kind an as-of read looks for by its line; written out, for SQL Server's filtered
# indexes know no NOT. What takes a renewal back is found by what it undoes.
CHANGES = (*("SUSPEND", "RESTORE", "REVOKE", "VOID", "RENEW", "DOWNGRADE", "RECODE"),)


class Grant(Terms, WriteOnceModel):
    """One ledger line as granted. Name, title and department are frozen as they were.

    ``follows`` is the line this one renews, downgrades, grants again or carries on under
    another code; then ``first_due`` is the last day to assess it that it took over.
    """

    application = models.OneToOneField(
        Application, null=True, blank=True, on_delete=models.RESTRICT
    )
    follows = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="followed_by",
    )
    practitioner_name = models.CharField(max_length=50)
    title_code = models.CharField(max_length=3, blank=True)
    department_code = models.CharField(max_length=20)
    department_name = models.CharField(max_length=50)
    first_due = models.DateField(null=True, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [*Terms.Meta.constraints]
        indexes = [
            models.Index(
                fields=["item_code", "valid_from"],
                name="permissions_grant_item",
                condition=Q(item_code__gt=""),
            ),
            models.Index(
                fields=["first_due"],
                name="permissions_grant_carried",
                condition=Q(first_due__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class GrantEvent(WriteOnceModel):
    """Something that happened to a grant.

    ``effective_at`` says from when it holds, ``recorded_at`` when we knew it. ``until``
    is the end of a suspension, or the new end a renewal gives; exclusive. ``second`` is
    the person who agreed where the hospital asks for two; ``undoes`` the event this one
    takes back.
    """

    grant = models.ForeignKey(Grant, on_delete=models.RESTRICT, related_name="events")
    kind = models.CharField(max_length=9, choices=EventKind.choices)
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+"
    )
    second = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    undoes = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="undone_by",
    )
    reason_code = models.CharField(max_length=2, choices=ReasonCode.choices, blank=True)
    reason = models.CharField(max_length=200)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="RENEW", until__isnull=False)
                | Q(kind="SUSPEND")
                | ~Q(kind__in=["RENEW", "SUSPEND"]) & Q(until__isnull=True),
                name="permissions_grantevent_until_fits_kind",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=models.F("effective_at")),
                name="permissions_grantevent_until_after_start",
            ),
            models.CheckConstraint(
                condition=Q(second__isnull=True) | ~Q(second=models.F("by")),
                name="permissions_grantevent_second_is_another",
            ),
            models.CheckConstraint(
                condition=~Q(kind="UNRENEW") | Q(undoes__isnull=False),
                name="permissions_grantevent_unrenews_something",
            ),
        ]
        indexes = [
            # Most lines have nothing but their grant; as-of reads look at the others.
            models.Index(
                fields=["grant", "effective_at", "id"],
                name="permissions_event_changes",
                condition=Q(kind__in=CHANGES),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"

    @property
    def subject(self) -> str:
        return self.subject_of(self.pk)

    @staticmethod
    def subject_of(event_id: int | str) -> str:
        """How the outbox names what a message is about."""
        return f"permissions.grantevent:{event_id}"


class GrantState(KeyedLine, HistoricalModel):
    """What the events of a grant add up to; written with each event, for lists.

    ``valid_to`` is the end as last renewed. ``changed_from`` is the moment from which
    the status holds; a suspension with ``suspended_until`` ends there by itself, a
    revoked line ended at ``ended_at``.
    """

    grant = models.OneToOneField(Grant, on_delete=models.RESTRICT, related_name="state")
    status = models.CharField(max_length=9, choices=GrantStatus.choices)
    changed_from = models.DateTimeField()
    suspended_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    last_event = models.OneToOneField(GrantEvent, on_delete=models.RESTRICT)

    class Meta:
        ordering = ["-last_event_id"]
        indexes = [
            models.Index(
                fields=["practitioner", "privilege", "item_code"],
                name="permissions_state_whose_what",
            ),
            models.Index(fields=["status", "valid_to"], name="permissions_state_ends"),
            # Orders of the list, to the last column: a deep page walks the index alone.
            models.Index(fields=["last_event", "id"], name="permissions_state_newest"),
            models.Index(
                fields=["valid_to", "valid_from", "id"], name="permissions_state_by_end"
            ),
            models.Index(
                fields=["privilege", "item_code", "id"],
                name="permissions_state_by_what",
            ),
            # Its filters, newest first, and the view of those that are to begin.
            models.Index(fields=["valid_from"], name="permissions_state_begins"),
            models.Index(fields=["role", "last_event"], name="permissions_state_role"),
            models.Index(fields=["kind", "last_event"], name="permissions_state_kind"),
            models.Index(
                fields=["setting", "last_event"], name="permissions_state_setting"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.status}"
