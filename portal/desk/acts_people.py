"""The drawers of 用户与角色: each does one act of ``accounts.services``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from portal.accounts import services
from portal.accounts.capabilities import Capability, Role
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.accounts.models import RoleAssignment, User
from portal.accounts.queries import open_roles_of
from portal.accounts.refusals import (
    AccountRefusal,
    PasswordRefused,
    ScopeMissing,
    ScopeNotAsked,
    ScopeUnknown,
    StaffNumberTaken,
)
from portal.desk.drawers import Drawer, act_drawer, sent_to
from portal.desk.forms_people import NewPasswordForm, NewUserForm, RoleForm
from portal.desk.presenters_people import names_for, role_words
from portal.desk.reasons import ReasonForm
from portal.desk.views_people import decided_row
from portal.directory.queries import department_choices
from portal.ui import notices

Service = Callable[..., object]


# --- users --------------------------------------------------------------------------


@requires(Capability.ASSIGN_ROLE)
@sensitive_post_parameters("password")
def user_new(request: AuthenticatedRequest) -> HttpResponse:
    """Make a user."""
    form = NewUserForm(request.POST or None)
    drawer = Drawer(
        title=_("新增用户"),
        button=_("新增用户"),
        done=_("已新增用户"),
        page=reverse("desk:user-list"),
        to=_("首次登录时须修改密码；角色另行申请，由安全管理员批准"),
    )
    made: list[User] = []

    def act(typed: dict[str, Any]) -> None:
        made.append(services.create_user(**typed, by=request.user))

    def go_there() -> HttpResponse:
        page = reverse("desk:user-detail", args=[made[0].pk])
        return sent_to(request, page, drawer.done)

    return act_drawer(request, drawer, form, act=_refusable(form, act), saved=go_there)


@requires(Capability.ASSIGN_ROLE)
@sensitive_post_parameters("password")
def user_password(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Set somebody's password; also unlocks."""
    user = get_object_or_404(User, pk=pk)
    drawer = _about(
        user,
        title=_("重设密码"),
        button=_("重设密码"),
        done=_("密码已重设"),
        to=_("同时解除锁定；本人下次登录时须修改"),
    )
    form = NewPasswordForm(request.POST or None)
    return _user_act(request, user, drawer, form, services.set_password)


@requires(Capability.ASSIGN_ROLE)
def user_unlock(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """End a lock before its time."""
    user = get_object_or_404(User, pk=pk)
    drawer = _about(
        user,
        title=_("解除锁定"),
        button=_("解除锁定"),
        done=_("已解除锁定"),
        to=_("立即可以登录，密码不变；先确认是本人忘记密码"),
    )
    form = ReasonForm(request.POST or None)
    return _user_act(request, user, drawer, form, services.unlock_user)


@requires(Capability.ASSIGN_ROLE)
def user_deactivate(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Shut a user out."""
    user = get_object_or_404(User, pk=pk)
    drawer = _about(
        user,
        title=_("停用账户"),
        button=_("确认停用 1 个账户"),
        done=_("账户已停用"),
        to=_("立即退出，不能再登录；角色和记录保留"),
        is_danger=True,
    )
    form = ReasonForm(request.POST or None)
    return _user_act(request, user, drawer, form, services.deactivate_user)


@requires(Capability.ASSIGN_ROLE)
def user_activate(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let a user in again."""
    user = get_object_or_404(User, pk=pk)
    drawer = _about(
        user,
        title=_("启用账户"),
        button=_("启用账户"),
        done=_("账户已启用"),
        to=_("原有角色随即恢复"),
    )
    form = ReasonForm(request.POST or None)
    return _user_act(request, user, drawer, form, services.activate_user)


# --- roles --------------------------------------------------------------------------


@requires(Capability.ASSIGN_ROLE)
def user_role(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Ask for a role for somebody."""
    user = get_object_or_404(User, pk=pk)
    drawer = _about(
        user,
        title=_("申请角色"),
        button=_("提交申请"),
        done=_("申请已提交，等待安全管理员批准"),
        to=_("安全管理员同意后生效"),
    )
    opened = open_roles_of(user) | {Role.DOCTOR}
    offered = [role for role in Role if role not in opened]
    form = RoleForm(
        request.POST or None, offered=offered, departments=department_choices()
    )
    return _user_act(request, user, drawer, form, services.request_role)


@requires(Capability.ASSIGN_ROLE, Capability.APPROVE_ROLE)
def role_end(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Take a role away."""
    item = _role_or_404(pk)
    drawer = _about_role(
        item,
        page=reverse("desk:user-detail", args=[item.user_id]),
        title=_("收回角色"),
        button=_("确认收回 1 个角色"),
        done=_("角色已收回"),
        to=_("立即生效，不需要第二人"),
        is_danger=True,
    )
    return _role_act(request, item, drawer, services.end_role)


@requires(Capability.APPROVE_ROLE)
def role_approve(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Put a requested role in force."""
    item = _role_or_404(pk)
    drawer = _about_role(
        item,
        title=_("同意角色"),
        button=_("确认同意 1 个角色"),
        done=_("角色已生效"),
        to=_("立即生效"),
    )
    return _role_act(request, item, drawer, services.approve_role)


@requires(Capability.APPROVE_ROLE)
def role_reject(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Say no to a requested role."""
    item = _role_or_404(pk)
    drawer = _about_role(
        item,
        title=_("不同意角色"),
        button=_("确认不同意 1 个角色"),
        done=_("已记为不同意"),
        to=_("申请结束，可以重新申请"),
        is_danger=True,
    )
    return _role_act(request, item, drawer, services.reject_role)


# --- what the drawers share ---------------------------------------------------------


def _about(user: User, **words: Any) -> Drawer:
    page = reverse("desk:user-detail", args=[user.pk])
    return Drawer(note=f"{user.name} {user.staff_no}", page=page, **words)


def _about_role(item: RoleAssignment, *, page: str = "", **words: Any) -> Drawer:
    note = f"{item.user.name} · {role_words(item, names_for([item]))}"
    return Drawer(note=note, page=page or reverse("desk:user-role-list"), **words)


def _role_or_404(pk: int) -> RoleAssignment:
    return get_object_or_404(RoleAssignment.objects.select_related("user"), pk=pk)


def _user_act(
    request: AuthenticatedRequest,
    user: User,
    drawer: Drawer,
    form: forms.Form,
    service: Service,
) -> HttpResponse:
    def act(typed: dict[str, Any]) -> None:
        service(user=user, by=request.user, **typed)

    return act_drawer(request, drawer, form, act=_refusable(form, act))


def _role_act(
    request: AuthenticatedRequest,
    item: RoleAssignment,
    drawer: Drawer,
    service: Service,
) -> HttpResponse:
    """On the list of requests the row stays, as decided; other pages read anew."""
    form = ReasonForm(request.POST or None)

    def act(typed: dict[str, Any]) -> None:
        service(assignment=item, by=request.user, **typed)

    def row() -> HttpResponse:
        path = request.htmx.current_url_abs_path or ""
        if not path.startswith(reverse("desk:user-role-list")):
            return notices.saved(drawer.done, drawer.note)
        rows = decided_row(request, item).content.decode()
        return notices.saved(drawer.done, drawer.note, rows=rows)

    return act_drawer(request, drawer, form, act=_refusable(form, act), saved=row)


def _refusable(
    form: forms.Form, act: Callable[[dict[str, Any]], object]
) -> Callable[[dict[str, Any]], bool]:
    """The act, whose refusal ends up at the field it is about."""

    def try_act(typed: dict[str, Any]) -> bool:
        try:
            act(typed)
        except PasswordRefused as refusal:
            form.add_error("password", [str(text) for text in refusal.problems])
        except StaffNumberTaken as refusal:
            form.add_error("staff_no", str(refusal.text))
        except (ScopeMissing, ScopeUnknown, ScopeNotAsked) as refusal:
            form.add_error("departments", str(refusal.text))
        except AccountRefusal as refusal:
            form.add_error(None, str(refusal.text))
        else:
            return True
        return False

    return try_act
