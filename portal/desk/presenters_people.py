"""What the lists of 用户与角色 show: every string, color and link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.capabilities import Capability, Role
from portal.accounts.models import RoleAssignment, User
from portal.directory.queries import department_choices
from portal.ui.elements import Chip, Text
from portal.ui.moments import write_short
from portal.ui.phrases import listed

State = RoleAssignment.State
NAMES: dict[str, Text] = {role.value: role.label for role in Role}
CHIPS: dict[str, tuple[Any, str]] = {
    State.PENDING: ("info", "progress"),
    State.ACTIVE: ("ok", "circle-check"),
    State.REJECTED: ("bad", "arrow-back-up"),
    State.ENDED: ("mute", "x"),
}


def state_chip(state: str) -> Chip:
    tone, icon = CHIPS[state]
    return Chip(tone, icon, State(state).label)


def user_chip(user: User, *, is_locked: bool = False) -> Chip:
    """A deactivated account is that first: it stays shut when the lock ends."""
    if user.is_active and is_locked:
        return Chip("warn", "lock", _("已锁定"))
    if user.is_active:
        return Chip("ok", "circle-check", _("启用"))
    return Chip("mute", "ban", _("停用"))


def role_words(item: Any, names: Mapping[str, str]) -> str:
    """The role, and of a head the departments looked after; of a history row too.

    ``names`` come from ``names_for``.
    """
    if not item.departments:
        return str(NAMES[item.role])
    places = [names.get(code, code) for code in item.departments]
    return f"{NAMES[item.role]}（{listed(places)}）"


def names_for(items: Iterable[Any]) -> dict[str, str]:
    """Names of all departments the roles are for; a query only if there are any."""
    codes = {code for item in items for code in item.departments}
    return dict(department_choices(codes)) if codes else {}


def name_of(user: User | None) -> str:
    """Who did it; nobody is the system itself."""
    return f"{user.name} {user.staff_no}" if user else _("系统")


def by_at(user: User | None, at: str) -> str:
    return f"{user.name if user else _('系统')} {at}"


# --- the list of users --------------------------------------------------------------


@dataclass(frozen=True)
class UserRow:
    pk: int
    name: str
    staff_no: str
    office: str
    roles: str
    waiting: str
    state: Chip
    logged_in: str
    url: str


def user_rows(users: Sequence[User]) -> list[UserRow]:
    """``users`` come from ``users_with_roles`` with their LoginSession joined."""
    return [
        UserRow(
            pk=user.pk,
            name=user.name,
            staff_no=user.staff_no,
            office=user.office or "—",
            roles=_names_in(user, State.ACTIVE) or "—",
            waiting=_names_in(user, State.PENDING),
            state=user_chip(user),
            logged_in=_last_login(user),
            url=reverse("desk:user-detail", args=[user.pk]),
        )
        for user in users
    ]


def _names_in(user: Any, state: State) -> str:
    roles = [item.role for item in user.open_roles if item.state == state]
    return listed(NAMES[role] for role in roles)


def _last_login(user: User) -> str:
    session = getattr(user, "loginsession", None)
    return write_short(session.logged_in_at) if session else _("未登录过")


# --- roles that wait ----------------------------------------------------------------


@dataclass(frozen=True)
class RequestRow:
    pk: int
    name: str
    staff_no: str
    url: str
    role: Text
    state: Chip
    requested: str
    reason: str
    why_not: str  # why this viewer cannot decide it; "" if they can
    approve_url: str
    reject_url: str


def request_rows(
    assignments: Sequence[RoleAssignment],
    *,
    viewer: User,
    capabilities: frozenset[Capability],
) -> list[RequestRow]:
    reasons, names = _reasons_of(assignments), names_for(assignments)
    return [
        RequestRow(
            pk=item.pk,
            name=item.user.name,
            staff_no=item.user.staff_no,
            url=reverse("desk:user-detail", args=[item.user_id]),
            role=role_words(item, names),
            state=state_chip(item.state),
            requested=by_at(item.requested_by, write_short(item.requested_at)),
            reason=reasons.get(item.pk, "—"),
            why_not=why_not(item, viewer, capabilities),
            approve_url=reverse("desk:user-role-approve", args=[item.pk]),
            reject_url=reverse("desk:user-role-reject", args=[item.pk]),
        )
        for item in assignments
    ]


def _reasons_of(assignments: Sequence[RoleAssignment]) -> dict[int, str]:
    rows = RoleAssignment.history.filter(
        id__in=[item.pk for item in assignments], history_type="+"
    ).values_list("id", "history_change_reason")
    return dict(rows)


def why_not(
    item: RoleAssignment, viewer: User, capabilities: frozenset[Capability]
) -> str:
    """Why this person cannot decide it; "" if they can. The act itself asks again."""
    if item.state != State.PENDING:
        return _("已办理")
    if item.user_id == viewer.pk:
        return _("不能批准本人的角色，由另一人办理")
    if item.requested_by_id == viewer.pk:
        return _("不能批准自己申请的角色，由另一人办理")
    if Capability.APPROVE_ROLE not in capabilities:
        return _("由安全管理员批准")
    return ""
