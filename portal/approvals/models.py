"""What every proposal has; each room adds what it proposes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.approvals.workflow import ProposalState
from portal.audit.history import HistoricalModel

STATE_CHOICES = [
    (ProposalState.SUBMITTED.value, _("待审批")),
    (ProposalState.APPROVED.value, _("已同意")),
    (ProposalState.RETURNED.value, _("已退回")),
    (ProposalState.REJECTED.value, _("已驳回")),
    (ProposalState.WITHDRAWN.value, _("已撤回")),
]


class Proposal(HistoricalModel):
    """Asked by one person, decided by another; both moments are kept."""

    state = models.CharField(
        max_length=10, choices=STATE_CHOICES, default=ProposalState.SUBMITTED.value
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.RESTRICT, related_name="+"
    )
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True, decided_at__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="%(app_label)s_%(class)s_decided_whole",
            ),
            # A proposal is withdrawn by its proposer, decided by anybody else.
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(state="WITHDRAWN")
                | ~Q(decided_by=F("proposed_by")),
                name="%(app_label)s_%(class)s_second_person",
                violation_error_message=_("提出人不能审批自己的申请。"),
            ),
        ]
