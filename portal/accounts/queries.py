"""Reading accounts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, FilteredRelation, Prefetch, Q, QuerySet

from portal.accounts.capabilities import Role
from portal.accounts.models import SYSTEM_STAFF_NO, RoleAssignment, User
from portal.accounts.scope import Scope, scope_for
from portal.directory.models import Department

State = RoleAssignment.State


@dataclass(frozen=True)
class Standing:
    """What one request must know of its user, read in one query."""

    roles: frozenset[str]
    session_key: str | None  # of the one portal session; None before the first login
    departments: frozenset[str] = frozenset()  # the own one and those of the roles

    @classmethod
    def of(cls, rows: Iterable[tuple[Any, ...]]) -> Standing:
        """From ``STANDING``: the session's key, the own department, a role and its
        departments; one row a role."""
        given = list(rows)
        codes = {code for row in given for code in (row[1], *(row[3] or ())) if code}
        return cls(
            roles=frozenset(row[2] for row in given if row[2]),
            session_key=given[0][0] if given else None,
            departments=frozenset(codes),
        )

    @property
    def scope(self) -> Scope:
        return scope_for(self.roles, self.departments)


STANDING = (
    "loginsession__session_key",
    "practitioner__department__code",
    "held__role",
    "held__departments",
)


def standing_rows(user_id: int, *columns: str) -> QuerySet[Any, Any]:
    """Columns of the user, the portal session's key and a role; a row for each role."""
    held = FilteredRelation(
        "role_assignments", condition=Q(role_assignments__state=State.ACTIVE)
    )
    users: QuerySet[Any, Any] = User.objects.annotate(held=held)
    return users.filter(pk=user_id).order_by("pk").values_list(*columns, *STANDING)


def standing_of(user: User) -> Standing:
    """Roles and portal session in force; a request's user brings them along."""
    known: Standing | None = getattr(user, "standing", None)
    return known or Standing.of(standing_rows(user.pk))


def heads_of(department: Department) -> list[User]:
    """Heads who may log in: of the department itself, or who look after it."""
    held = RoleAssignment.objects.filter(
        role=Role.DEPARTMENT_HEAD, state=State.ACTIVE, user__is_active=True
    ).select_related("user__practitioner")
    return [
        one.user
        for one in held.order_by("user")
        if department.code in one.departments
        or (
            one.user.practitioner
            and one.user.practitioner.department_id == department.pk
        )
    ]


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
