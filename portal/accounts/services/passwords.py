"""Passwords: one's own, and one set for somebody else."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from portal.accounts import refusals
from portal.accounts.capabilities import SEPARATED, Capability
from portal.accounts.lockout import unlock
from portal.accounts.models import LoginSession, User
from portal.accounts.passwords import KEPT_HASHES, was_used
from portal.accounts.services.shared import demand, locked, refuse_own
from portal.audit.acting import acting
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.parameters.queries import value_of
from portal.parameters.registry import PASSWORD_HISTORY


@transaction.atomic
def change_password(*, user: User, old: str, new: str) -> User:
    """The user's own change: the old one must be right, the new one must be new."""
    user = locked(user)
    if not user.check_password(old):
        raise refusals.WrongPassword
    put_password(user, new)
    user.must_change_password = False
    _save_password(user, by=user, reason=gettext_noop("本人修改密码"))
    unlock(user.staff_no)
    return user


@transaction.atomic
def set_password(
    *,
    user: User,
    password: str,
    by: User | None,
    reason: str,
    must_change: bool = True,
) -> User:
    """Somebody else's password; unlocks the account and ends its session.

    Not an administrator's, unless from the server: who could log in as the other
    administrator would be both the one who asks and the one who approves.
    """
    demand(by, Capability.ASSIGN_ROLE)
    user = locked(user)
    refuse_own(user, by)
    if by is not None and user.roles & SEPARATED:
        raise refusals.AdministratorPassword
    put_password(user, password)
    user.must_change_password = must_change
    _save_password(user, by=by, reason=reason)
    LoginSession.objects.filter(user=user).update(session_key="")
    unlock(user.staff_no)
    return user


def put_password(user: User, password: str) -> None:
    """Hold the password to the policy and set it; the caller saves."""
    try:
        validate_password(password, user)
    except ValidationError as broken:
        raise refusals.PasswordRefused(broken.messages) from None
    hashes = [known for known in (user.password, *user.password_history) if known]
    last = value_of(PASSWORD_HISTORY)
    if was_used(password, hashes, last=last):
        problem = _("不能与最近 %(last)s 次用过的密码相同。") % {"last": last}
        raise refusals.PasswordRefused([problem])
    user.set_password(password)
    user.password_history = hashes[:KEPT_HASHES]
    user.password_changed_at = timezone.now()


def _save_password(user: User, *, by: User | None, reason: str) -> None:
    with acting(by=by, reason=reason):
        user.save()
    record(EventKind.PASSWORD_CHANGED, by=by, subject=("user", user.pk), reason=reason)
