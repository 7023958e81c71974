"""Roles: asked for by one person, put in force by another, taken away by one."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from portal.accounts import refusals
from portal.accounts.capabilities import Capability, Role
from portal.accounts.models import RoleAssignment, User
from portal.accounts.queries import open_roles_of
from portal.accounts.services.shared import (
    INDISPENSABLE,
    State,
    demand,
    hold_administrators,
    locked,
    locked_role,
    refuse_excluding,
    refuse_last,
    refuse_own,
    save_role,
)
from portal.audit.models import EventKind
from portal.directory.models import Department


@transaction.atomic
def request_role(
    *,
    user: User,
    role: Role,
    by: User,
    reason: str,
    departments: Collection[str] = (),
) -> RoleAssignment:
    """Ask for a role for somebody else; it is in force once another approved it.

    ``departments`` are codes: those a head looks after beside the own one. What is
    approved is the role with exactly these; others are asked for anew.
    """
    demand(by, Capability.ASSIGN_ROLE)
    user = locked(user)
    refuse_own(user, by)
    if not user.is_active:
        raise refusals.UserInactive
    if role == Role.DOCTOR and user.practitioner_id is None:
        raise refusals.DoctorByLaunch
    opened = open_roles_of(user)
    if role in opened:
        raise refusals.RoleAlreadyOpen
    refuse_excluding(role, opened)
    assignment = RoleAssignment(
        user=user,
        role=role,
        departments=_scope(user, role, departments),
        state=State.PENDING,
        requested_by=by,
    )
    save_role(assignment, EventKind.ROLE_REQUESTED, by=by, reason=reason)
    return assignment


@transaction.atomic
def approve_role(
    *, assignment: RoleAssignment, by: User, reason: str
) -> RoleAssignment:
    """Put a requested role in force; never one's own request, never one's own role."""
    assignment = _pending(assignment, by)
    if not assignment.user.is_active:
        raise refusals.UserInactive
    held = set(
        assignment.user.role_assignments.filter(state=State.ACTIVE).values_list(
            "role", flat=True
        )
    )
    refuse_excluding(assignment.role, held)
    return _decide(assignment, State.ACTIVE, EventKind.ROLE_APPROVED, by, reason)


@transaction.atomic
def reject_role(*, assignment: RoleAssignment, by: User, reason: str) -> RoleAssignment:
    """Say no to a requested role."""
    assignment = _pending(assignment, by)
    return _decide(assignment, State.REJECTED, EventKind.ROLE_REJECTED, by, reason)


@transaction.atomic
def end_role(*, assignment: RoleAssignment, by: User, reason: str) -> RoleAssignment:
    """Take a role in force away, at once; taking away needs no second person."""
    if not by.capabilities & {Capability.ASSIGN_ROLE, Capability.APPROVE_ROLE}:
        raise refusals.NotAllowed
    hold_administrators()
    assignment = locked_role(assignment)
    refuse_own(assignment.user, by)
    if assignment.state != State.ACTIVE:
        raise refusals.NotInForce
    if assignment.role in INDISPENSABLE:
        refuse_last(assignment.user, assignment.role)
    assignment.state = State.ENDED
    save_role(assignment, EventKind.ROLE_ENDED, by=by, reason=reason)
    return assignment


def _scope(user: User, role: Role, departments: Collection[str]) -> list[str]:
    """The codes, in order, if this role takes them and the HIS knows them."""
    asked = sorted(set(departments))
    if role != Role.DEPARTMENT_HEAD:
        if asked:
            raise refusals.ScopeNotAsked
        return []
    if not asked and user.practitioner_id is None:
        raise refusals.ScopeMissing
    if Department.objects.filter(code__in=asked).count() != len(asked):
        raise refusals.ScopeUnknown
    return asked


def _pending(assignment: RoleAssignment, by: User) -> RoleAssignment:
    """The request, locked, if ``by`` may decide it."""
    demand(by, Capability.APPROVE_ROLE)
    assignment = locked_role(assignment)
    if assignment.state != State.PENDING:
        raise refusals.NotPending
    refuse_own(assignment.user, by)
    if assignment.requested_by_id == by.pk:
        raise refusals.SamePerson
    return assignment


def _decide(
    assignment: RoleAssignment, state: State, kind: EventKind, by: User, reason: str
) -> RoleAssignment:
    assignment.state = state
    assignment.decided_by = by
    assignment.decided_at = timezone.now()
    save_role(assignment, kind, by=by, reason=reason)
    return assignment
