"""The page of one user: account, roles, what may be done, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.capabilities import SEPARATED, Capability
from portal.accounts.lockout import lock_ends
from portal.accounts.models import RoleAssignment, User
from portal.desk.history_people import history_of
from portal.desk.presenters_people import (
    State,
    by_at,
    names_for,
    role_words,
    state_chip,
    user_chip,
    why_not,
)
from portal.ui.elements import Chip, Note, Text, Timeline
from portal.ui.moments import write_moment


@dataclass(frozen=True)
class RoleRow:
    pk: int
    role: Text
    state: Chip
    requested: str
    decided: str
    end_url: str  # "" where it cannot be ended from here
    approve_url: str  # "" where it cannot be decided from here
    reject_url: str
    why_not: str


@dataclass(frozen=True)
class UserAct:
    """A button of the page; its drawer does the act."""

    key: str
    label: Text
    icon: str
    url: str
    is_primary: bool = False


@dataclass(frozen=True)
class UserPage:
    pk: int
    name: str
    staff_no: str
    office: str
    practitioner: str
    state: Chip
    password: str
    last_login: str
    roles: Sequence[RoleRow]
    history: Timeline
    acts: Sequence[UserAct]
    notes: Sequence[Note]
    url: str


def user_page(
    user: User, *, viewer: User, capabilities: frozenset[Capability]
) -> UserPage:
    lock_end = lock_ends([user.staff_no]).get(user.staff_no)
    assignments = list(
        user.role_assignments.select_related(
            "user", "requested_by", "decided_by"
        ).order_by("-requested_at", "-id")
    )
    names = names_for(assignments)
    is_helped = Capability.ASSIGN_ROLE in capabilities and user.pk != viewer.pk
    session = getattr(user, "loginsession", None)
    return UserPage(
        pk=user.pk,
        name=user.name,
        staff_no=user.staff_no,
        office=user.office or "—",
        practitioner=_("HIS 医师，由 HIS 维护") if user.practitioner_id else "—",
        state=user_chip(user, is_locked=lock_end is not None),
        password=_password(user),
        last_login=write_moment(session.logged_in_at) if session else _("未登录过"),
        roles=[_role_row(item, viewer, capabilities, names) for item in assignments],
        history=Timeline(history_of(user)),
        acts=_acts(user, is_locked=lock_end is not None) if is_helped else [],
        notes=_notes(user, viewer, lock_end, is_helped=is_helped),
        url=reverse("desk:user-detail", args=[user.pk]),
    )


# --- roles --------------------------------------------------------------------------


def _role_row(
    item: RoleAssignment,
    viewer: User,
    capabilities: frozenset[Capability],
    names: Mapping[str, str],
) -> RoleRow:
    enders = {Capability.ASSIGN_ROLE, Capability.APPROVE_ROLE}
    is_other = item.user_id != viewer.pk
    can_end = is_other and item.state == State.ACTIVE and bool(capabilities & enders)
    why = why_not(item, viewer, capabilities)
    return RoleRow(
        pk=item.pk,
        role=role_words(item, names),
        state=state_chip(item.state),
        requested=by_at(item.requested_by, write_moment(item.requested_at)),
        decided=by_at(item.decided_by, write_moment(item.decided_at))
        if item.decided_at
        else "—",
        end_url=_url("desk:user-role-end", item, is_there=can_end),
        approve_url=_url("desk:user-role-approve", item, is_there=not why),
        reject_url=_url("desk:user-role-reject", item, is_there=not why),
        why_not=why if item.state == State.PENDING else "",
    )


def _url(name: str, item: RoleAssignment, *, is_there: bool) -> str:
    return reverse(name, args=[item.pk]) if is_there else ""


# --- the account --------------------------------------------------------------------


def _acts(user: User, *, is_locked: bool) -> list[UserAct]:
    """What fits the account as it stands; the acts themselves ask again."""

    def act(key: str, label: str, icon: str, *, is_primary: bool = False) -> UserAct:
        url = reverse(f"desk:user-{key}", args=[user.pk])
        return UserAct(key, label, icon, url, is_primary)

    acts = []
    if user.is_active:
        acts.append(act("deactivate", _("停用"), "ban"))
    else:
        acts.append(act("activate", _("启用"), "circle-check"))
    if is_locked:
        acts.append(act("unlock", _("解除锁定"), "rotate-2"))
    if not user.roles & SEPARATED:
        acts.append(act("password", _("重设密码"), "lock"))
    if user.is_active:
        acts.append(act("role", _("申请角色"), "plus", is_primary=True))
    return acts


def _notes(
    user: User, viewer: User, lock_end: datetime | None, *, is_helped: bool
) -> list[Note]:
    notes = []
    if user.pk == viewer.pk:
        notes.append(Note("info", _("本人的账户和角色由另一位管理员办理。")))
    if lock_end is not None:
        text = _("连续登录失败，账户已锁定，%(at)s 自动解锁。")
        notes.append(Note("warn", text % {"at": write_moment(lock_end)}))
    if is_helped and user.roles & SEPARATED:
        text = _("管理员的密码不能由另一位管理员重设，请在服务器上用命令重设。")
        notes.append(Note("mute", text))
    return notes


def _password(user: User) -> str:
    if not user.has_usable_password():
        return _("没有密码，从医生站进入")
    if user.must_change_password:
        return _("首次登录时须修改")
    return _("%(at)s 修改") % {"at": write_moment(user.password_changed_at)}
