"""What the 工作台 shows; every number leads to its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from permissions.models import Application, GrantState
from permissions.presenters import words
from permissions.queries.grants import EXPIRING_DAYS
from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.accounts.scope import HOUSE, Scope
from portal.desk import home_queries as query
from portal.desk.home_queries import Figure
from portal.desk.presenters_log import LogRow, log_rows
from portal.parameters.days import last_day_of
from portal.ui.elements import Emptiness, Grade
from portal.ui.moments import today, write_short
from portal.ui.navigation import url_if_any

LATEST = 3
Tone = Literal["", "warn", "bad"]
C = Capability


@dataclass(frozen=True)
class Todo:
    """A line of 我的待办."""

    icon: str
    count: int
    title: str
    note: str
    when: str
    tone: Tone
    url: str


@dataclass(frozen=True)
class Waiting:
    """An application that waits for a decision."""

    url: str
    name: str
    department: str
    what: str
    grade: Grade | None
    proposed: str
    is_own: bool


@dataclass(frozen=True)
class Ending:
    """A right that ends soon, and whether its renewal was asked for."""

    url: str
    name: str
    what: str
    grade: Grade | None
    remaining: str
    is_asked_for: bool


@dataclass(frozen=True)
class Today:
    """What changed today, the newest first."""

    count: int
    open_count: int
    url: str
    open_url: str
    rows: Sequence[LogRow]


@dataclass(frozen=True)
class HomePage:
    """A part is None where the user may not see it."""

    day: str
    todos: Sequence[Todo]
    nothing: Emptiness
    today: Today | None
    waiting: Sequence[Waiting] | None
    waiting_count: int
    waiting_url: str
    ending: Sequence[Ending] | None
    ending_count: int
    ending_url: str
    has_his: bool


def home_page(
    user: User, capabilities: frozenset[Capability], scope: Scope = HOUSE
) -> HomePage:
    now = timezone.now()
    may_see = C.VIEW_PRIVILEGES in capabilities
    applications = query.application_figures(user, scope) if may_see else {}
    ending = query.expiring_figure(now, scope) if may_see else Figure(0)
    todos = [
        *_application_todos(applications, capabilities),
        *_booking_todos(capabilities, scope),
        *_review_todos(capabilities),
        *_catalogue_todos(user, capabilities),
        *_role_todos(capabilities),
        *_his_todos(capabilities),
        *_ending_todos(ending),
    ]
    return HomePage(
        day=write_today(today()),
        todos=[todo for todo in todos if todo.count],
        nothing=_nothing(capabilities),
        today=_today() if C.VIEW_LOG in capabilities else None,
        waiting=_waiting(user, scope) if may_see else None,
        waiting_count=sum(figure.count for figure in applications.values()),
        waiting_url=_waiting_url("all"),
        ending=_ending(now, scope) if may_see else None,
        ending_count=ending.count,
        ending_url=_ending_url(),
        has_his=C.VIEW_HIS in capabilities,
    )


def write_today(on: date) -> str:
    """``2026 年 11 月 23 日 星期一``"""
    names = [
        _("星期一"),
        _("星期二"),
        _("星期三"),
        _("星期四"),
        _("星期五"),
        _("星期六"),
        _("星期日"),
    ]
    return _("%(year)s 年 %(month)s 月 %(day)s 日 %(weekday)s") % {
        "year": on.year,
        "month": on.month,
        "day": on.day,
        "weekday": names[on.weekday()],
    }


def _nothing(capabilities: frozenset[Capability]) -> Emptiness:
    if not capabilities:
        text = _("要办理业务，请联系系统管理员申请角色。")
        return Emptiness.forbidden(_("账户还没有角色"), text)
    return Emptiness(_("没有待办"), _("新的申请和未送达的变更会出现在这里。"))


# --- 我的待办 -------------------------------------------------------------------------


def _waiting_url(view: str) -> str:
    return f"{reverse('permissions:application-list')}?view={view}&state=SUBMITTED"


def _ending_url() -> str:
    return f"{reverse('permissions:grant-list')}?view=expiring"


def _oldest(figure: Figure) -> str:
    if figure.first is None:
        return ""
    return _("最早 %(at)s") % {"at": write_short(figure.first)}


def _application_todos(
    figures: dict[str, Figure], capabilities: frozenset[Capability]
) -> list[Todo]:
    if not figures:
        return []
    others, own = figures["others"], figures["own"]
    is_mine = C.APPROVE_PRIVILEGE in capabilities
    first = Todo(
        "clipboard-check",
        others.count,
        _("授权申请待我审") if is_mine else _("授权申请待审批"),
        _("同意后即送 HIS") if is_mine else _("由医务科审批"),
        _oldest(others),
        "warn" if is_mine else "",
        _waiting_url("waiting"),
    )
    second = Todo(
        "send",
        own.count,
        _("我提出的申请待审批"),
        _("本人提交的不能自己审批，由另一人办理"),
        _oldest(own),
        "",
        _waiting_url("mine"),
    )
    return [first, second]


def _booking_todos(capabilities: frozenset[Capability], scope: Scope) -> list[Todo]:
    if C.HANDLE_BOOKING not in capabilities:
        return []
    figure = query.booking_figure(scope)
    return [
        Todo(
            icon="calendar-due",
            count=figure.count,
            title=_("受影响手术待处理"),
            note=_("主刀已无权做；改派、改期后记下结果"),
            when=_("最早 %(at)s 前") % {"at": write_short(figure.first)}
            if figure.first
            else "",
            tone="bad",
            url=reverse("permissions:booking-list"),
        )
    ]


def _review_todos(capabilities: frozenset[Capability]) -> list[Todo]:
    if C.CHANGE_GRANT not in capabilities:
        return []
    figure = query.review_figure()
    return [
        Todo(
            icon="scale",
            count=figure.count,
            title=_("授权复核待办"),
            note=_("人员变动和评估引起；逐项维持、暂停或取消"),
            when=_oldest(figure),
            tone="warn",
            url=reverse("permissions:review-list"),
        )
    ]


def _catalogue_todos(user: User, capabilities: frozenset[Capability]) -> list[Todo]:
    if C.APPROVE_CATALOGUE not in capabilities:
        return []
    figure = query.catalogue_figure(user)
    url = f"{reverse('permissions:catalogue-version-list')}?state=SUBMITTED"
    return [
        Todo(
            icon="list-tree",
            count=figure.count,
            title=_("权限字典新版本待审批"),
            note=_("先看受影响的授权；同意后到生效日期发布"),
            when=_oldest(figure),
            tone="warn",
            url=url,
        )
    ]


def _role_todos(capabilities: frozenset[Capability]) -> list[Todo]:
    url = url_if_any("desk:user-role-list")
    if C.VIEW_USERS not in capabilities or not url:
        return []
    figure = query.role_figure()
    is_mine = C.APPROVE_ROLE in capabilities
    note = _("申请人不能批准自己的申请") if is_mine else _("由安全管理员批准")
    tone: Tone = "warn" if is_mine else ""
    title = _("角色申请待批准")
    return [Todo("users", figure.count, title, note, _oldest(figure), tone, url)]


def _his_todos(capabilities: frozenset[Capability]) -> list[Todo]:
    if C.VIEW_HIS not in capabilities:
        return []
    figures = query.his_figures()
    lines: list[tuple[str, str, str, Tone]] = [
        ("rejected", _("HIS 拒收"), _("按 HIS 的代码和原因处理后重新送达"), "bad"),
        ("doubt", _("HIS 未知与不一致"), _("先回读，再决定"), "bad"),
        ("stuck", _("HIS 卡住"), _("已试 3 次以上，仍在重试"), "warn"),
    ]
    return [
        Todo(
            "plug-connected",
            figures[key].count,
            title,
            note,
            _oldest(figures[key]),
            tone,
            f"{reverse('desk:his')}?view={key}",
        )
        for key, title, note, tone in lines
    ]


def _ending_todos(figure: Figure) -> list[Todo]:
    on = last_day_of(figure.first)
    when = _("最近 %(day)s") % {"day": f"{on:%m-%d}"} if on else ""
    title = _("%(days)s 天内到期的授权") % {"days": EXPIRING_DAYS}
    note = _("到期后 HIS 即停止该项权限")
    return [Todo("calendar-due", figure.count, title, note, when, "", _ending_url())]


# --- the cards ------------------------------------------------------------------------


def _today() -> Today:
    changes = query.todays_changes(LATEST)
    on = today().isoformat()
    url = f"{reverse('desk:log')}?view=grants&on_from={on}&on_to={on}"
    return Today(
        count=changes.count,
        open_count=changes.open_count,
        url=url,
        open_url=f"{url}&arrival=open",
        rows=log_rows(changes.latest),
    )


def _waiting(user: User, scope: Scope) -> list[Waiting]:
    found = query.waiting_applications(user, scope)
    return [_waiting_row(one, user) for one in found]


def _waiting_row(application: Application, user: User) -> Waiting:
    what, _codes = words.what(application)
    at = write_short(application.proposed_at)
    return Waiting(
        url=reverse("permissions:application-detail", args=[application.pk]),
        name=application.practitioner.name,
        department=application.practitioner.department.name,
        what=what,
        grade=words.grade_of(application.privilege, application.item_grade),
        proposed=f"{application.proposed_by.name} {at}",
        is_own=application.proposed_by_id == user.pk,
    )


def _ending(now: datetime, scope: Scope) -> list[Ending]:
    states = query.expiring_states(now, scope)
    asked = query.rights_asked_for(states) if states else set()
    return [_ending_row(state, asked) for state in states]


def _ending_row(state: GrantState, asked: set[tuple[int, int, str]]) -> Ending:
    grant = state.grant
    what, _codes = words.what(grant)
    key = (state.practitioner_id, state.privilege_id, state.item_code)
    return Ending(
        url=reverse(
            "permissions:practitioner-detail", args=[state.practitioner.emp_no]
        ),
        name=state.practitioner.name,
        what=what,
        grade=words.grade_of(grant.privilege, grant.item_grade),
        remaining=_days_left(state),
        is_asked_for=key in asked,
    )


def _days_left(state: GrantState) -> str:
    """Whole days until the last one; on the last day itself 今天."""
    last = last_day_of(state.valid_to)
    days = (last - today()).days if last else 0
    return _("%(days)s 天") % {"days": days} if days else _("今天")
