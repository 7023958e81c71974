"""The sidebar as data: which pages exist and who sees them.

A line is shown when its URL name resolves and the user holds its capability; so a
page appears by itself as soon as its room brings it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts.capabilities import Capability

NO_GROUP = ""
PRIVILEGES = _("授权管理")
HIS_AND_AUDIT = _("对接与审计")


@dataclass(frozen=True)
class NavItem:
    """One line; ``capability`` None means everybody signed in.

    ``badge`` names the place where ``desk:badges`` writes a number; ``beside`` are the
    lists that are reached from this one and have no line of their own; ``also`` is another
    capability that opens the page.
    """

    label: str | Promise
    icon: str
    url_name: str
    capability: Capability | None = None
    group: str | Promise = NO_GROUP
    badge: str = ""
    beside: tuple[str, ...] = ()
    also: Capability | None = None

    def is_open_to(self, capabilities: Collection[Capability]) -> bool:
        if self.capability is None or self.capability in capabilities:
            return True
        return self.also is not None and self.also in capabilities

    def is_shown_on(self, view_name: str) -> bool:
        """Pages below a list belong to it: ``grant-list`` also lights ``grant-detail``."""
        return any(
            view_name == name or view_name.startswith(f"{name.removesuffix('-list')}-")
            for name in (self.url_name, *self.beside)
        )


NAVIGATION: tuple[NavItem, ...] = (
    NavItem(_("工作台"), "layout-dashboard", "desk:home"),
    NavItem(
        _("我的权限"),
        "shield-lock",
        "his_plugin:my-privileges",
        Capability.VIEW_OWN_PRIVILEGES,
    ),
    NavItem(
        _("医师档案"),
        "user-check",
        "permissions:practitioner-list",
        Capability.VIEW_PRIVILEGES,
        PRIVILEGES,
    ),
    NavItem(
        _("权限维护"),
        "shield-check",
        "permissions:grant-list",
        Capability.VIEW_PRIVILEGES,
        PRIVILEGES,
    ),
    NavItem(
        _("申请审批"),
        "clipboard-check",
        "permissions:application-list",
        Capability.VIEW_PRIVILEGES,
        PRIVILEGES,
        badge="applications",
    ),
    NavItem(
        _("授权复核"),
        "scale",
        "permissions:review-list",
        Capability.VIEW_PRIVILEGES,
        PRIVILEGES,
        badge="reviews",
    ),
    NavItem(
        _("受影响手术"),
        "calendar-due",
        "permissions:booking-list",
        Capability.VIEW_PRIVILEGES,
        PRIVILEGES,
    ),
    NavItem(
        _("授权矩阵"),
        "grid-dots",
        "permissions:matrix",
        Capability.VIEW_PRIVILEGES,
        PRIVILEGES,
    ),
    NavItem(
        _("谁能做"),
        "search",
        "permissions:who-may",
        Capability.VIEW_PRIVILEGES,
        PRIVILEGES,
    ),
    NavItem(
        _("手术室名册"),
        "file-text",
        "permissions:roster",
        Capability.VIEW_PRIVILEGES,
        PRIVILEGES,
    ),
    NavItem(
        _("授权变化"),
        "git-compare",
        "permissions:differences",
        Capability.VIEW_PRIVILEGES,
        PRIVILEGES,
    ),
    NavItem(
        _("权限字典"),
        "list-tree",
        "permissions:catalogue-list",
        Capability.VIEW_PRIVILEGES,
        PRIVILEGES,
    ),
    NavItem(
        _("手术目录"),
        "stethoscope",
        "surgery:procedure-list",
        Capability.VIEW_PRIVILEGES,
        PRIVILEGES,
        beside=("permissions:recoding-list",),
    ),
    NavItem(
        _("定级审定"),
        "checks",
        "permissions:grade-proposal-list",
        Capability.VIEW_PRIVILEGES,
        PRIVILEGES,
        beside=("surgery:grade-version-list",),
    ),
    NavItem(
        _("核对规则"),
        "scale",
        "permissions:rule-list",
        Capability.VIEW_PRIVILEGES,
        PRIVILEGES,
    ),
    NavItem(
        _("核对试算"),
        "help-circle",
        "permissions:trial",
        Capability.PROPOSE_PRIVILEGE,
        PRIVILEGES,
    ),
    NavItem(
        _("手术申报"),
        "first-aid-kit",
        "surgery:application-list",
        Capability.VIEW_PRIVILEGES,
        PRIVILEGES,
    ),
    NavItem(
        _("已排手术"),
        "calendar-due",
        "surgery:booking-list",
        Capability.VIEW_PRIVILEGES,
        PRIVILEGES,
    ),
    NavItem(
        _("手术量"),
        "chart-bar",
        "surgery:volume-list",
        Capability.VIEW_PRIVILEGES,
        PRIVILEGES,
    ),
    NavItem(
        _("限制类与停用"),
        "player-pause",
        "surgery:technique-list",
        Capability.VIEW_PRIVILEGES,
        PRIVILEGES,
    ),
    NavItem(
        _("HIS 对接"),
        "plug-connected",
        "desk:his",
        Capability.VIEW_HIS,
        HIS_AND_AUDIT,
        badge="his",
    ),
    NavItem(
        _("接入测试"),
        "tool",
        "his_plugin:trial",
        Capability.OPERATE_HIS,
        HIS_AND_AUDIT,
    ),
    NavItem(
        _("HIS 差异"),
        "git-compare",
        "permissions:drift-list",
        Capability.VIEW_PRIVILEGES,
        HIS_AND_AUDIT,
        also=Capability.VIEW_HIS,
    ),
    NavItem(
        _("通知投递"),
        "send",
        "notices:delivery-list",
        Capability.VIEW_HIS,
        HIS_AND_AUDIT,
        badge="deliveries",
    ),
    NavItem(_("变更日志"), "history", "desk:log", Capability.VIEW_LOG, HIS_AND_AUDIT),
    NavItem(
        _("系统设置"),
        "settings",
        "desk:parameter-list",
        Capability.VIEW_PARAMETERS,
        HIS_AND_AUDIT,
    ),
    NavItem(
        _("用户与角色"),
        "users",
        "desk:user-list",
        Capability.VIEW_USERS,
        HIS_AND_AUDIT,
    ),
)


@dataclass(frozen=True)
class NavLine:
    """A line as the sidebar draws it."""

    label: str | Promise
    icon: str
    url: str
    badge: str
    is_on: bool


@dataclass(frozen=True)
class NavGroup:
    label: str | Promise
    lines: Sequence[NavLine]


def url_if_any(url_name: str) -> str:
    """The address of a page that may not be there yet."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def navigation_for(
    capabilities: Collection[Capability], view_name: str
) -> list[NavGroup]:
    """What this user's sidebar shows on this page."""
    groups: dict[str | Promise, list[NavLine]] = {}
    for item in NAVIGATION:
        url = url_if_any(item.url_name)
        if url and item.is_open_to(capabilities):
            line = NavLine(
                item.label, item.icon, url, item.badge, item.is_shown_on(view_name)
            )
            groups.setdefault(item.group, []).append(line)
    return [NavGroup(label, lines) for label, lines in groups.items()]


def place_of(view_name: str) -> tuple[str | Promise, ...]:
    """Group and page of a view, for the breadcrumbs."""
    for item in NAVIGATION:
        if item.is_shown_on(view_name):
            return (item.group, item.label) if item.group else (item.label,)
    return ()
