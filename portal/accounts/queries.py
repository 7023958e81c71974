"""Reading accounts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, FilteredRelation, Prefetch, Q, QuerySet

from portal.accounts.models import SYSTEM_STAFF_NO, RoleAssignment, User

State = RoleAssignment.State


@dataclass(frozen=True)
class Standing:
    """What one request must know of its user, read in one query."""

    roles: frozenset[str]
    session_key: str | None  # of the one portal session; None before the first login

    @classmethod
    def of(cls, rows: Iterable[tuple[str | None, str | None]]) -> Standing:
        """From pairs of session key and role, one a role."""
        pairs = list(rows)
        return cls(
            roles=frozenset(role for _key, role in pairs if role),
            session_key=pairs[0][0] if pairs else None,
        )


def standing_rows(user_id: int, *columns: str) -> QuerySet[Any, Any]:
    """Columns of the user, the portal session's key and a role; a row for each role."""
    held = FilteredRelation(
        "role_assignments", condition=Q(role_assignments__state=State.ACTIVE)
    )
    users: QuerySet[Any, Any] = User.objects.annotate(held=held)
    return (
        users.filter(pk=user_id)
        .order_by("pk")
        .values_list(*columns, "loginsession__session_key", "held__role")
    )


def standing_of(user: User) -> Standing:
    """Roles and portal session in force; a request's user brings them along."""
    known: Standing | None = getattr(user, "standing", None)
    return known or Standing.of(standing_rows(user.pk))


def users_with_roles() -> QuerySet[User]:
    """All users but the system's own; ``open_roles`` are those in force or waiting."""
    opened = RoleAssignment.objects.filter(
        state__in=[State.ACTIVE, State.PENDING]
    ).order_by("role")
    people = User.objects.exclude(staff_no=SYSTEM_STAFF_NO)
    users: QuerySet[User] = people.prefetch_related(
        Prefetch("role_assignments", queryset=opened, to_attr="open_roles")
    )
    return users


def pending_roles() -> QuerySet[RoleAssignment]:
    """Roles that wait for a second person, oldest first."""
    return (
        RoleAssignment.objects.filter(state=State.PENDING)
        .select_related("user", "requested_by")
        .order_by("requested_at", "id")
    )


def other_active_holders(user: User, role: str) -> bool:
    """Whether somebody else who may log in holds the role."""
    return (
        RoleAssignment.objects.filter(
            role=role, state=State.ACTIVE, user__is_active=True
        )
        .exclude(user=user)
        .exists()
    )


def holders_by_role() -> dict[str, int]:
    """How many users who may log in hold each role."""
    rows = (
        RoleAssignment.objects.filter(state=State.ACTIVE, user__is_active=True)
        .order_by("role")
        .values("role")
        .annotate(holders=Count("pk"))
    )
    return {row["role"]: row["holders"] for row in rows}


def open_roles_of(user: User) -> set[str]:
    """Roles the user has or waits for."""
    opened = user.role_assignments.filter(state__in=[State.ACTIVE, State.PENDING])
    return set(opened.order_by().values_list("role", flat=True))
