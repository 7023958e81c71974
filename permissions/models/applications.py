"""Proposals to grant."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from permissions.models.terms import Terms
from portal.approvals.models import Proposal


class Application(Terms, Proposal):
    """A proposed grant. What is approved is exactly what stands here."""

    reason = models.CharField(_("说明"), max_length=200)

    class Meta:
        ordering = ["-proposed_at", "-id"]
        constraints = [
            *Terms.Meta.constraints,
            *Proposal.Meta.constraints,
            models.UniqueConstraint(
                fields=[
                    *("practitioner", "privilege", "item_code", "role"),
                    *("setting", "campus", "side", "visit_no"),
                ],
                condition=Q(state="SUBMITTED"),
                name="permissions_application_one_open",
                violation_error_message=_("同一医师的同一权限已有待审批的申请。"),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
