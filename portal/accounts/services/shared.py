"""What the acts on accounts share: who may, what is locked, what is refused."""

from __future__ import annotations

from django.utils import timezone

from portal.accounts import refusals
from portal.accounts.capabilities import SEPARATED, Capability, Role
from portal.accounts.models import SYSTEM_STAFF_NO, RoleAssignment, User
from portal.accounts.queries import other_active_holders
from portal.audit.acting import acting
from portal.audit.models import EventKind
from portal.audit.services import record

State = RoleAssignment.State
# Without one of each nobody could ever be given a role again.
INDISPENSABLE = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)


def demand(by: User | None, capability: Capability) -> None:
    if by is not None and not by.has_capability(capability):
        raise refusals.NotAllowed


def locked(user: User) -> User:
    """The row as it stands now, kept from others until the transaction ends.

    The system's own account is nobody's to change.
    """
    if user.staff_no == SYSTEM_STAFF_NO:
        raise refusals.NotAllowed
    row: User = User.objects.select_for_update().get(pk=user.pk)
    return row


def hold_administrators() -> None:
    """Whoever takes an administrator away waits here for one another: of two who
    take each other away at once, the second finds the last one."""
    holders = RoleAssignment.objects.filter(role__in=INDISPENSABLE, state=State.ACTIVE)
    users = User.objects.select_for_update().filter(pk__in=holders.values("user"))
    list(users.order_by("pk").values_list("pk"))


def locked_role(assignment: RoleAssignment) -> RoleAssignment:
    locked(assignment.user)
    return RoleAssignment.objects.select_for_update().get(pk=assignment.pk)


def refuse_own(user: User, by: User | None) -> None:
    if by is not None and user.pk == by.pk:
        raise refusals.OwnAccount


def refuse_excluding(role: str, held: set[str]) -> None:
    if role in SEPARATED and (held & SEPARATED) - {role}:
        raise refusals.RolesExclude


def refuse_last(user: User, role: str) -> None:
    if role in user.roles and not other_active_holders(user, role):
        raise refusals.LastAdministrator


def save_changed(user: User, by: User | None, reason: str, code: str) -> None:
    with acting(by=by, reason=reason):
        user.save()
    record(
        EventKind.USER_CHANGED,
        by=by,
        subject=("user", user.pk),
        reason=reason,
        code=code,
    )


def save_role(
    assignment: RoleAssignment, kind: EventKind, *, by: User | None, reason: str
) -> None:
    with acting(by=by, reason=reason):
        assignment.save()
    record(
        kind,
        by=by,
        subject=("user", assignment.user_id),
        reason=reason,
        role=assignment.role,
        assignment=assignment.pk,
    )


def give_role(user: User, role: Role, *, reason: str) -> None:
    assignment = RoleAssignment(
        user=user, role=role, state=State.ACTIVE, decided_at=timezone.now()
    )
    save_role(assignment, EventKind.ROLE_APPROVED, by=None, reason=reason)
