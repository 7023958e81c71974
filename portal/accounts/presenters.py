"""What the account pages show, as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.accounts.queries import standing_of
from portal.audit.models import AuditEvent, EventKind
from portal.directory.queries import department_choices
from portal.parameters.days import ZONE
from portal.parameters.queries import value_of
from portal.parameters.registry import PASSWORD_DAYS

LOGINS_SHOWN = 10


@dataclass(frozen=True)
class LoginLine:
    """One login or failed login of the user."""

    at: datetime
    text: str
    address: str
    is_ok: bool


@dataclass(frozen=True)
class Profile:
    """我的账户."""

    staff_no: str
    name: str
    office: str
    roles: str
    scope: str
    password: str
    has_password: bool
    logins: Sequence[LoginLine]


def profile_of(user: User) -> Profile:
    return Profile(
        staff_no=user.staff_no,
        name=user.name,
        office=user.office or "—",
        roles=_("、").join(role_names(user.roles)) or _("没有角色"),
        scope=scope_text(user),
        password=password_text(user),
        has_password=user.has_usable_password(),
        logins=logins_of(user),
    )


def scope_text(user: User) -> str:
    """Whose rights a head looks at; "" where no limit is set."""
    departments = standing_of(user).scope.departments
    if departments is None:
        return ""
    names = [name for _code, name in department_choices(departments)]
    return _("、").join(names) or _("还没有科室，请联系系统管理员")


def role_names(roles: frozenset[str]) -> list[str]:
    """In the order the roles are declared."""
    return [str(role.label) for role in Role if role in roles]


def password_text(user: User) -> str:
    """When the password was changed and until when it serves."""
    if not user.has_usable_password():
        return _("没有密码，只能从医生站进入")
    changed = user.password_changed_at
    if changed is None:
        return _("尚未修改")
    ends = changed + timedelta(days=value_of(PASSWORD_DAYS))
    return _("%(changed)s 修改，%(ends)s 到期") % {
        "changed": changed.astimezone(ZONE).date().isoformat(),
        "ends": ends.astimezone(ZONE).date().isoformat(),
    }


def logins_of(user: User) -> list[LoginLine]:
    kinds = [EventKind.LOGIN, EventKind.LOGIN_FAILED, EventKind.LOCKED]
    events = AuditEvent.objects.filter(
        subject_type="user", subject_id=str(user.pk), kind__in=kinds
    )[:LOGINS_SHOWN]
    return [
        LoginLine(
            at=event.at,
            text=str(EventKind(event.kind).label),
            address=event.address or "—",
            is_ok=event.is_ok,
        )
        for event in events
    ]
