"""What the 工作台 counts: each number by the condition of the page it leads to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, Min, Q, QuerySet, Value, When

from permissions.models import Application, CatalogueVersion, GrantState
from permissions.models.attributes import VersionState
from permissions.queries.applications import open_applications
from permissions.queries.bookings import OF_SURGEON, open_hits
from permissions.queries.grants import (
    OF_PRACTITIONER,
    Standing,
    grant_states,
    standing_condition,
)
from permissions.queries.reviews import open_reviews
from portal.accounts.models import RoleAssignment, User
from portal.accounts.scope import Scope
from portal.approvals.workflow import ProposalState
from portal.desk.lists_log import told_as
from portal.desk.log_sources import Asked, Source, entries
from portal.outbox import queries as outbox
from portal.outbox.models import Message
from portal.parameters.days import end_of, start_of
from portal.ui.moments import today

SHOWN = 6


@dataclass(frozen=True)
class Figure:
    """How many, and the moment of the one to look at first."""

    count: int
    first: datetime | None = None


def _figures(rows: QuerySet[Any], moment: str, **conditions: Q) -> dict[str, Figure]:
    """One query for all conditions."""
    asked: dict[str, Any] = {}
    for name, condition in conditions.items():
        asked[f"count_{name}"] = Count("pk", filter=condition)
        asked[f"first_{name}"] = Min(moment, filter=condition)
    row = rows.order_by().aggregate(**asked)
    return {
        name: Figure(row[f"count_{name}"], row[f"first_{name}"]) for name in conditions
    }


def application_figures(user: User, scope: Scope) -> dict[str, Figure]:
    """What waits for another's decision, and what this user asked for."""
    waiting = Application.objects.filter(
        scope.of(OF_PRACTITIONER), state=ProposalState.SUBMITTED
    )
    own = Q(proposed_by=user.pk)
    return _figures(waiting, "proposed_at", others=~own, own=own)


def waiting_applications(user: User, scope: Scope) -> list[Application]:
    """What this user may decide first, then what only others may."""
    is_own = Case(When(proposed_by=user.pk, then=Value(1)), default=Value(0))
    theirs = open_applications().filter(scope.of(OF_PRACTITIONER))
    return list(theirs.order_by(is_own, "proposed_at", "pk")[:SHOWN])


def his_figures() -> dict[str, Figure]:
    """By the tabs of the page HIS 对接."""
    return _figures(
        Message.objects.filter(outbox.IS_OPEN),
        "enqueued_at",
        rejected=outbox.IS_REJECTED,
        stuck=outbox.IS_STUCK,
        doubt=outbox.IS_UNKNOWN | outbox.IS_DIFFERENT,
    )


def expiring_figure(now: datetime, scope: Scope) -> Figure:
    condition = standing_condition(Standing.EXPIRING, now)
    theirs = GrantState.objects.filter(scope.of(OF_PRACTITIONER))
    return _figures(theirs, "valid_to", all=condition)["all"]


def expiring_states(now: datetime, scope: Scope) -> list[GrantState]:
    """The next to end."""
    found = grant_states().filter(
        standing_condition(Standing.EXPIRING, now), scope.of(OF_PRACTITIONER)
    )
    return list(found.order_by("valid_to", "pk")[:SHOWN])


def rights_asked_for(states: Sequence[GrantState]) -> set[tuple[int, int, str]]:
    """Whose and which of these rights have an application that waits."""
    found = Application.objects.filter(
        state=ProposalState.SUBMITTED,
        practitioner__in={state.practitioner_id for state in states},
    ).order_by("pk")
    return set(found.values_list("practitioner_id", "privilege_id", "item_code"))


def catalogue_figure(user: User) -> Figure:
    """The version of the catalogue that waits for somebody other than its author."""
    waiting = CatalogueVersion.objects.filter(state=VersionState.SUBMITTED)
    others = ~Q(submitted_by=user.pk)
    return _figures(waiting, "submitted_at", all=others)["all"]


def review_figure() -> Figure:
    """Reviews nobody has concluded; the first is the one to be concluded first."""
    return _figures(open_reviews(), "opened_at", all=Q())["all"]


def booking_figure(scope: Scope) -> Figure:
    """Booked operations that were hit and nobody has seen to."""
    found = open_hits().filter(scope.of(OF_SURGEON))
    return _figures(found, "due_at", all=Q())["all"]


def role_figure() -> Figure:
    waiting = RoleAssignment.objects.filter(state=RoleAssignment.State.PENDING)
    return _figures(waiting, "requested_at", all=Q())["all"]


@dataclass(frozen=True)
class TodaysChanges:
    """What happened to rights today, and how much of it has not arrived."""

    count: int
    open_count: int
    latest: list[Any]


def todays_changes(shown: int) -> TodaysChanges:
    on = today()
    asked = Asked([Source.GRANT], since=start_of(on), until=end_of(on))
    found = entries(asked)
    not_there = entries(replace(asked, arrival=told_as("open")))
    if found is None or not_there is None:
        return TodaysChanges(0, 0, [])
    return TodaysChanges(found.count(), not_there.count(), list(found[:shown]))
