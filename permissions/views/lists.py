"""The lists of this room, declared."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from permissions.enums import TITLE_WORDS, Category, GrantKind, Setting, SurgicalRole
from permissions.models import Application, GrantState
from permissions.presenters import words
from permissions.presenters.applications import ApplicationRow, application_rows
from permissions.presenters.grant_list import draw_rows
from permissions.presenters.grants import GrantRow, grant_rows
from permissions.presenters.practitioners import PractitionerRow, practitioner_rows
from permissions.queries.catalogue import in_category
from permissions.queries.grant_lines import COLUMNS, line_of
from permissions.queries.grants import (
    Standing,
    campuses,
    departments,
    entries,
    graded,
    list_stamp,
    not_confirmed,
    standing_condition,
)
from permissions.queries.reviews import assessment_overdue
from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.approvals.models import STATE_CHOICES
from portal.approvals.workflow import ProposalState
from portal.directory.models import Practitioner, PractitionerStatus
from portal.ui.elements import Text
from portal.ui.filters import ChoiceFilter, DateRange, Filter, Search
from portal.ui.lists import Column, ListSpec, QuickView
from portal.ui.phrases import noted, spanning

GRANT_COLUMNS: tuple[Column[GrantRow], ...] = (
    Column(
        "practitioner",
        _("医师"),
        order=("practitioner__pinyin", "practitioner__emp_no", "privilege__sort"),
        export=lambda row: f"{row.name} {row.emp_no}",
    ),
    Column(
        "department",
        _("科室与职称"),
        order=("practitioner__department__code", "practitioner__pinyin"),
        css="wr",
        export=lambda row: f"{row.department} {row.title}".strip(),
    ),
    Column(
        "privilege",
        _("权限项"),
        order=("privilege__sort", "item_code"),
        export=lambda row: noted(row.what, row.codes),
    ),
    Column(
        "grade",
        _("级别"),
        export=lambda row: row.grade.text if row.grade else row.level,
    ),
    Column(
        "role",
        _("权种与场合"),
        css="wr",
        export=lambda row: f"{row.role} · {row.where}",
    ),
    Column(
        "valid_to",
        _("有效期"),
        order=("valid_to", "valid_from"),
        export=lambda row: spanning(row.starts_on, row.ends_on),
    ),
    Column("state", _("状态"), export=lambda row: row.standing.text),
    Column(
        "arrival",
        _("HIS 到达"),
        css="wr",
        export=lambda row: row.arrival.text if row.arrival else "",
    ),
    Column(
        "doc_no",
        _("依据"),
        export=lambda row: f"{row.doc_no} {row.kind}".strip(),
    ),
    Column("acts", _("更多"), css="w-48"),
)
# What the filter of grades offers: the two that are granted item by item first.
GRADES: dict[str, tuple[Text, tuple[int, ...]]] = {
    "34": (_("三级、四级"), (3, 4)),
    "4": (_("四级"), (4,)),
    "3": (_("三级"), (3,)),
    "2": (_("二级"), (2,)),
    "1": (_("一级"), (1,)),
}


def practitioner_matches(text: str, prefix: str = "") -> Q:
    """Name, 工号, pinyin or initials of a practitioner behind ``prefix``."""
    found = Q()
    for field, lookup in (
        ("name", "contains"),
        ("emp_no", "istartswith"),
        ("initials", "istartswith"),
        ("pinyin", "istartswith"),
    ):
        found |= Q((f"{prefix}{field}__{lookup}", text))
    return found


def right_matches(text: str) -> Q:
    """The practitioner, the privilege or the procedure."""
    return (
        practitioner_matches(text, "practitioner__")
        | Q(privilege__name__contains=text)
        | Q(privilege__code__istartswith=text)
        | Q(privilege__initials__istartswith=text)
        | Q(item_code__istartswith=text)
    )


def grant_list_spec(
    now: datetime, capabilities: frozenset[Capability] = frozenset()
) -> ListSpec[GrantState, GrantRow]:
    """What is in force, ends soon and so on is a matter of the moment, to the minute;
    rows can be ticked by who may do something with them."""
    return _grant_list_spec(now.replace(second=0, microsecond=0), BATCH & capabilities)


@lru_cache(maxsize=8)
def _grant_list_spec(
    now: datetime, batch: frozenset[Capability]
) -> ListSpec[GrantState, GrantRow]:
    expiring = standing_condition(Standing.EXPIRING, now)
    unconfirmed = not_confirmed()
    return ListSpec[GrantState, GrantRow](
        key="grants",
        columns=GRANT_COLUMNS,
        search=Search(
            _("医师、工号、权限或拼音首字母"),
            lambda text: right_matches(text) | Q(grant__item_name__contains=text),
        ),
        filters=grant_filters(now, unconfirmed),
        views=(
            QuickView("all", _("全部")),
            QuickView("expiring", _("30 天内到期"), expiring, "warn"),
            QuickView("future", _("待生效"), standing_condition(Standing.FUTURE, now)),
            QuickView(
                "suspended", _("已暂停"), standing_condition(Standing.SUSPENDED, now)
            ),
            QuickView(
                "assessment",
                _("四级评估超期"),
                graded(GRADES["4"][1]) & assessment_overdue(now),
                "bad",
            ),
            QuickView("his", _("HIS 未一致"), unconfirmed, "bad"),
        ),
        order=("-last_event_id",),
        present=grant_rows,
        row_template="permissions/_grant_row.html",
        nothing=_("没有符合条件的授权"),
        is_selectable=bool(batch),
        batch_template=BATCH_TEMPLATE if batch else "",
        stamp=list_stamp,
        reads=COLUMNS,
        made=line_of,
        draw=draw_rows,
    )


# Who may do something with ticked rows.
BATCH = frozenset({Capability.CHANGE_GRANT, Capability.EXPORT})
BATCH_TEMPLATE = "permissions/_grant_batch.html"


def grant_filters(now: datetime, unconfirmed: Q) -> tuple[Filter, ...]:
    standings = [
        (standing.value, chip.text) for standing, chip in words.STANDING_CHIPS.items()
    ]
    return (
        ChoiceFilter(
            "dept",
            _("科室"),
            departments,
            "practitioner__department__code",
            is_searchable=True,
        ),
        ChoiceFilter(
            "category",
            _("类别"),
            Category.choices,
            lambda value: in_category(value, "privilege__"),
        ),
        ChoiceFilter(
            "privilege", _("权限项"), entries, "privilege__code", is_searchable=True
        ),
        ChoiceFilter(
            "grade",
            _("级别"),
            [(key, label) for key, (label, _numbers) in GRADES.items()],
            lambda value: graded(GRADES[value][1]),
        ),
        ChoiceFilter("role", _("权种"), SurgicalRole.choices[1:], "role"),
        ChoiceFilter("setting", _("场合"), Setting.choices, "setting"),
        ChoiceFilter(
            "state",
            _("状态"),
            standings,
            lambda value: standing_condition(Standing(value), now),
        ),
        ChoiceFilter("kind", _("授权方式"), GrantKind.choices, "kind"),
        DateRange("ends", _("到期"), "valid_to", is_end=True),
        ChoiceFilter(
            "his",
            "HIS",
            [("same", _("一致")), ("open", _("未一致"))],
            lambda value: unconfirmed if value == "open" else ~unconfirmed,
        ),
        ChoiceFilter("campus", _("院区"), campuses, "campus"),
    )


def application_list_spec(user: User) -> ListSpec[Application, ApplicationRow]:
    """What waits, what I asked for, what is decided."""
    waiting = Q(state=ProposalState.SUBMITTED)
    return ListSpec[Application, ApplicationRow](
        key="applications",
        columns=(
            Column(
                "practitioner",
                _("医师"),
                order=("practitioner__pinyin", "practitioner__emp_no"),
                export=lambda row: f"{row.name} {row.emp_no}",
            ),
            Column("department", _("科室与职称"), export=lambda row: row.department),
            Column("privilege", _("权限项"), export=lambda row: row.what_and_codes),
            Column(
                "grade",
                _("级别"),
                export=lambda row: row.grade.text if row.grade else "",
            ),
            Column("setting", _("场合"), export=lambda row: row.setting),
            Column(
                "valid_to",
                _("有效期"),
                export=lambda row: spanning(row.starts_on, row.ends_on),
            ),
            Column(
                "proposed",
                _("提出"),
                order=("proposed_at",),
                export=lambda row: f"{row.proposed_by} {row.proposed_at}",
            ),
            Column("state", _("状态"), export=lambda row: row.state.text),
            Column(
                "decided",
                _("审批"),
                order=("decided_at",),
                export=lambda row: f"{row.decided_by} {row.decided_at}".strip(),
            ),
        ),
        search=Search(_("医师、工号、权限或拼音首字母"), right_matches),
        filters=(
            ChoiceFilter(
                "dept", _("科室"), departments, "practitioner__department__code"
            ),
            ChoiceFilter(
                "category",
                _("类别"),
                Category.choices,
                lambda value: in_category(value, "privilege__"),
            ),
            ChoiceFilter("state", _("状态"), STATE_CHOICES, "state"),
            DateRange("on", _("提出日期"), "proposed_at"),
        ),
        views=(
            QuickView(
                "waiting", _("待我审"), waiting & ~Q(proposed_by=user.pk), "warn"
            ),
            QuickView("mine", _("我提出的"), Q(proposed_by=user.pk)),
            QuickView("decided", _("已办"), ~waiting),
            QuickView("all", _("全部")),
        ),
        order=("-proposed_at",),
        present=application_rows,
        row_template="permissions/_application_row.html",
        nothing=_("没有符合条件的申请"),
    )


PRACTITIONERS = ListSpec[Practitioner, PractitionerRow](
    key="practitioners",
    columns=(
        Column(
            "name",
            _("医师"),
            order=("pinyin", "emp_no"),
            export=lambda row: f"{row.name} {row.emp_no}",
        ),
        Column(
            "department",
            _("科室"),
            order=("department__code", "pinyin"),
            export=lambda row: row.department,
        ),
        Column(
            "title",
            _("职称"),
            order=("title_code", "pinyin"),
            export=lambda row: row.title,
        ),
        Column("post", _("职务"), export=lambda row: row.post),
        Column("state", _("在院状态"), export=lambda row: row.state.text),
        Column(
            "license",
            _("执业注册有效期"),
            order=("license_valid_to", "pinyin"),
            export=lambda row: row.license_valid_to,
        ),
        Column(
            "count",
            _("有效授权"),
            css="num",
            export=lambda row: row.in_force,
        ),
        Column("ceiling", _("手术上限"), export=lambda row: row.ceiling_text),
    ),
    search=Search(_("姓名、工号或拼音首字母"), lambda text: practitioner_matches(text)),
    filters=(
        ChoiceFilter("dept", _("科室"), departments, "department__code"),
        ChoiceFilter(
            "title",
            _("职称"),
            list(TITLE_WORDS.items()),
            "title_code",
        ),
        ChoiceFilter("status", _("在院状态"), PractitionerStatus.choices, "status"),
    ),
    order=("pinyin", "emp_no"),
    present=practitioner_rows,
    row_template="permissions/_practitioner_row.html",
    nothing=_("没有符合条件的医师"),
)
