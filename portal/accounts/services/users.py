"""Users: made, shut out, let in again, unlocked."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from portal.accounts import refusals
from portal.accounts.capabilities import Capability
from portal.accounts.lockout import lock_ends, unlock
from portal.accounts.models import LoginSession, User
from portal.accounts.services.passwords import put_password
from portal.accounts.services.shared import (
    INDISPENSABLE,
    demand,
    hold_administrators,
    locked,
    refuse_last,
    refuse_own,
    save_changed,
)
from portal.audit.acting import acting
from portal.audit.models import EventKind
from portal.audit.services import record

# In the event log: the one change of an account that leaves no history row.
UNLOCKED = "UNLOCKED"


@transaction.atomic
def create_user(
    *,
    staff_no: str,
    name: str,
    password: str,
    by: User | None,
    reason: str,
    office: str = "",
    must_change: bool = True,
) -> User:
    """Make an active user without roles, who must change the given password."""
    demand(by, Capability.ASSIGN_ROLE)
    if User.objects.filter(staff_no=staff_no).exists():
        raise refusals.StaffNumberTaken
    user = User(staff_no=staff_no, name=name, office=office)
    put_password(user, password)
    user.must_change_password = must_change
    try:
        with transaction.atomic(), acting(by=by, reason=reason):
            user.save()
    except IntegrityError:
        # Somebody, or a second click, was faster.
        raise refusals.StaffNumberTaken from None
    record(EventKind.USER_CREATED, by=by, subject=("user", user.pk), reason=reason)
    return user


@transaction.atomic
def deactivate_user(*, user: User, by: User | None, reason: str) -> User:
    """Shut the user out at once; sessions end, roles and history stay."""
    demand(by, Capability.ASSIGN_ROLE)
    hold_administrators()
    user = locked(user)
    refuse_own(user, by)
    if not user.is_active:
        raise refusals.UserInactive
    for role in INDISPENSABLE:
        refuse_last(user, role)
    user.is_active = False
    save_changed(user, by, reason, "DEACTIVATED")
    LoginSession.objects.filter(user=user).update(session_key="")
    return user


@transaction.atomic
def activate_user(*, user: User, by: User | None, reason: str) -> User:
    """Let the user in again, with the roles they had."""
    demand(by, Capability.ASSIGN_ROLE)
    user = locked(user)
    refuse_own(user, by)
    if user.is_active:
        raise refusals.UserActive
    user.is_active = True
    save_changed(user, by, reason, "ACTIVATED")
    return user


@transaction.atomic
def unlock_user(*, user: User, by: User | None, reason: str) -> User:
    """Forget the failed logins before the lock ends by itself; the password stays."""
    demand(by, Capability.ASSIGN_ROLE)
    user = locked(user)
    refuse_own(user, by)
    if user.staff_no not in lock_ends([user.staff_no]):
        raise refusals.NotLocked
    unlock(user.staff_no)
    record(
        EventKind.USER_CHANGED,
        by=by,
        subject=("user", user.pk),
        reason=reason,
        code=UNLOCKED,
    )
    return user
