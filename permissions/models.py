"""The privilege catalogue, proposals to grant, and the ledger of grants.

``Grant`` and ``GrantEvent`` are written once and are the truth; ``GrantState`` is
what they add up to, one row per grant, for lists.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from permissions.enums import (
    Category,
    EventKind,
    GrantStatus,
    ReasonCode,
    Setting,
    TitleRule,
    ValueKind,
)
from portal.approvals.models import Proposal
from portal.audit.history import HistoricalModel, WriteOnceModel
from portal.directory.models import Practitioner


class Privilege(HistoricalModel):
    """One entry of the privilege catalogue 医生权限字典 (domain 2.3)."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    initials = models.CharField(max_length=100, db_index=True)
    category = models.CharField(max_length=2, choices=Category.choices)
    value_kind = models.CharField(max_length=5, choices=ValueKind.choices)
    level = models.CharField(max_length=10, blank=True)
    setting = models.CharField(
        max_length=4, choices=Setting.choices, default=Setting.ALL
    )
    title_rule = models.CharField(
        max_length=4, choices=TitleRule.choices, default=TitleRule.NONE
    )
    min_title_rank = models.PositiveSmallIntegerField(default=0)
    requirements = models.CharField(max_length=200, blank=True)
    validity_months = models.PositiveSmallIntegerField(null=True, blank=True)
    his_effect = models.CharField(max_length=100, blank=True)
    is_enabled = models.BooleanField(default=True)
    sort = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["sort", "code"]

    def __str__(self) -> str:
        return self.code


class Terms(models.Model):
    """Who gets what, where, from when to when; shared by proposal and grant.

    ``item_code`` is the procedure's code for ITEM privileges and empty otherwise;
    ``valid_to`` is exclusive, None means without end.
    """

    practitioner = models.ForeignKey(Practitioner, on_delete=models.RESTRICT)
    privilege = models.ForeignKey(Privilege, on_delete=models.RESTRICT)
    item_code = models.CharField(max_length=32, blank=True)
    item_name = models.CharField(max_length=100, blank=True)
    item_grade = models.PositiveSmallIntegerField(null=True, blank=True)
    setting = models.CharField(max_length=4, choices=Setting.choices)
    valid_from = models.DateTimeField(_("生效日期"))
    valid_to = models.DateTimeField(_("到期日期"), null=True, blank=True)
    doc_no = models.CharField(_("依据文号"), max_length=50, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_from__lt=F("valid_to")),
                name="%(app_label)s_%(class)s_ends_after_start",
                violation_error_message=_("到期日期不能早于生效日期。"),
            )
        ]


class Application(Terms, Proposal):
    """A proposed grant. What is approved is exactly what stands here."""

    reason = models.CharField(_("说明"), max_length=200)

    class Meta:
        ordering = ["-proposed_at", "-id"]
        constraints = [
            *Terms.Meta.constraints,
            *Proposal.Meta.constraints,
            models.UniqueConstraint(
                fields=["practitioner", "privilege", "item_code", "setting"],
                condition=Q(state="SUBMITTED"),
                name="permissions_application_one_open",
                violation_error_message=_("同一医师的同一权限已有待审批的申请。"),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


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
