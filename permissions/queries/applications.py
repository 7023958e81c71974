"""Proposals as pages ask for them."""

from __future__ import annotations

from django.db.models import QuerySet

from permissions.models import Application
from portal.approvals.workflow import ProposalState


def applications() -> QuerySet[Application]:
    """Proposals with everything a row shows."""
    return Application.objects.select_related(
        "practitioner__department", "privilege", "proposed_by", "decided_by"
    )


def application_or_none(application_id: int) -> Application | None:
    return applications().filter(pk=application_id).first()


def open_applications() -> QuerySet[Application]:
    """What waits for a decision, oldest first."""
    waiting = applications().filter(state=ProposalState.SUBMITTED)
    return waiting.order_by("proposed_at", "pk")


def to_decide(user_id: int) -> QuerySet[Application]:
    """What waits for this person: nobody decides what they proposed."""
    return open_applications().exclude(proposed_by=user_id)
