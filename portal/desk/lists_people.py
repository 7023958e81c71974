"""The lists of the pages 用户与角色."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.accounts.capabilities import Role
from portal.accounts.models import RoleAssignment, User
from portal.accounts.queries import users_with_roles
from portal.desk.presenters_people import RequestRow, UserRow, user_rows
from portal.ui.filters import ChoiceFilter, Search
from portal.ui.lists import Column, ListSpec, QuickView

State = RoleAssignment.State


def _with_role(state: State, role: str = "") -> Q:
    """Users with such a role; by subquery, so that nobody is listed twice."""
    held = RoleAssignment.objects.filter(state=state)
    if role:
        held = held.filter(role=role)
    return Q(pk__in=held.order_by().values("user"))


USERS = ListSpec[User, UserRow](
    key="users",
    columns=(
        Column("name", _("姓名"), ("name",), export=lambda row: row.name),
        Column("staff_no", _("工号"), ("staff_no",), export=lambda row: row.staff_no),
        Column("office", _("部门"), ("office",), export=lambda row: row.office),
        Column("roles", _("角色"), export=lambda row: row.roles),
        Column("waiting", _("待批准"), css="w-104", export=lambda row: row.waiting),
        Column("state", _("状态"), ("-is_active",), export=lambda row: row.state.text),
        Column(
            "logged_in",
            _("最近登录"),
            ("loginsession__logged_in_at",),
            export=lambda row: row.logged_in,
        ),
    ),
    order=("staff_no",),
    present=user_rows,
    row_template="accounts/_user_row.html",
    search=Search(_("姓名或工号"), ("name__contains", "staff_no__startswith")),
    filters=(
        ChoiceFilter(
            "role",
            _("角色"),
            Role.choices,
            lambda role: _with_role(State.ACTIVE, role),
        ),
    ),
    views=(
        QuickView("all", _("全部")),
        QuickView("active", _("启用"), Q(is_active=True)),
        QuickView("inactive", _("停用"), Q(is_active=False)),
        QuickView("waiting", _("角色待批准"), _with_role(State.PENDING), "warn"),
    ),
    nothing=_("没有符合条件的用户"),
)


def listed_users() -> QuerySet[User]:
    return users_with_roles().select_related("loginsession")


# ``present`` depends on who looks: the view puts it in.
REQUESTS = ListSpec[RoleAssignment, RequestRow](
    key="role-requests",
    columns=(
        Column("user", _("用户"), ("user__staff_no",)),
        Column("role", _("角色"), ("role",)),
        Column("state", _("状态")),
        Column("requested", pgettext_lazy("role", "申请"), ("requested_at",), css="nw"),
        Column("reason", _("原因")),
        Column("acts", _("操作"), css="w-240"),
    ),
    order=("requested_at",),
    present=lambda rows: [],
    row_template="accounts/_request_row.html",
    search=Search(
        _("姓名或工号"), ("user__name__contains", "user__staff_no__startswith")
    ),
    nothing=_("没有等待批准的角色"),
)
