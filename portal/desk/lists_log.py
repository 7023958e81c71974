"""变更日志 as a list: what its address may ask for, one page of it, all of it as a file.

Not a ``ListSpec``: that one reads a single table. The address, the page and the look are
the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.audit.models import EventKind
from portal.audit.services import record
from portal.desk.log_sources import (
    ACCESS_KINDS,
    ACCOUNT_KINDS,
    HIS_KINDS,
    OF_ACCOUNTS,
    RECORDS,
    TABLES,
    Asked,
    Source,
    Told,
    entries,
    sources_for,
)
from portal.desk.log_words import (
    AUDIT_CHIPS,
    CATALOGUE,
    CATALOGUE_CHIP,
    PARAMETER,
    PARAMETER_CHIP,
    application_kinds,
    grant_kinds,
)
from portal.desk.presenters_log import LogRow, log_rows
from portal.directory.models import Practitioner
from portal.outbox import queries as outbox
from portal.outbox.models import State
from portal.parameters.days import end_of, start_of
from portal.ui.elements import Emptiness, Tab, Tabs, Text
from portal.ui.filters import (
    LONGEST_SEARCH,
    ChoiceFilter,
    Control,
    day_or_none,
    given_conditions,
)
from portal.ui.lists import PER_PAGE, Column, ListPage
from portal.ui.pages import column_heads, pager_of, sorting_of
from portal.ui.spreadsheets import Cell, workbook
from surgery.enums import GradeAct
from surgery.presenters.grade_versions import ACT_CHIPS

KEY = "log"
COLUMNS: tuple[Column[LogRow], ...] = (
    Column("at", _("时间"), css="nw", export=lambda row: row.at),
    Column("actor", _("操作人"), export=lambda row: f"{row.actor} {row.actor_place}"),
    Column("about", _("对象"), export=lambda row: f"{row.who} {row.what}".strip()),
    Column("kind", _("操作"), export=lambda row: row.chip.text),
    Column("change", _("变更"), export=lambda row: row.change),
    Column("reason", _("原因"), export=lambda row: row.reason),
    Column("doc_no", _("依据"), export=lambda row: row.doc_no),
    Column(
        "arrival",
        _("HIS 到达"),
        css="nw",
        export=lambda row: row.arrival.text if row.arrival else "",
    ),
)
# In the file only: the whole entry in one sentence, and its number to find it again.
EXPORTED: tuple[Column[LogRow], ...] = (
    *COLUMNS,
    Column("text", _("内容"), export=lambda row: row.text),
    Column("number", _("日志编号"), export=lambda row: row.number),
)
# Each tab with its sources; none named: all that are changes.
VIEWS: Mapping[str, tuple[Text, tuple[Source, ...]]] = {
    "all": (_("全部"), ()),
    "grants": (_("授权"), (Source.GRANT, Source.IMPORT)),
    "applications": (_("申请"), (Source.APPLICATION,)),
    "reviews": (
        _("复核与培训"),
        (
            *(Source.REVIEW, Source.ASSESSMENT, Source.TRAINING),
            *(Source.TRAINING_IMPORT, Source.CERTIFICATE),
            Source.CERTIFICATE_IMPORT,
        ),
    ),
    "catalogue": (_("权限字典"), (Source.CATALOGUE, Source.RULE, Source.TEMPLATE)),
    "surgery": (
        _("手术目录与申报"),
        (
            *(Source.PROCEDURE, Source.ALIAS, Source.DEPARTMENT, Source.GRADE),
            *(Source.GRADING, Source.GRADE_PROPOSAL, Source.PUBLICATION),
            *(Source.RECODING, Source.RECODED_CODE),
            *(Source.DECLARATION, Source.FILING, Source.BOOKING),
        ),
    ),
    "his": (_("HIS 操作"), (Source.HIS, Source.DRIFT)),
    "parameters": (_("参数"), (Source.PARAMETER,)),
    "accounts": (_("账户与角色"), (Source.ACCOUNT,)),
    "access": (_("登录与访问"), (Source.ACCESS,)),
}
ARRIVALS: Mapping[str, tuple[Text, Q]] = {
    "same": (_("回读一致"), Q(state=State.CONFIRMED)),
    "open": (_("未达"), outbox.IS_OPEN),
    "waiting": (_("等待"), outbox.IS_WAITING),
    "delivered": (_("待回读"), Q(state=State.DELIVERED, mismatch__isnull=True)),
    "stuck": (_("卡住"), outbox.IS_STUCK),
    "rejected": (_("拒收"), outbox.IS_REJECTED),
    "unknown": (_("未知"), outbox.IS_UNKNOWN),
    "different": (_("不一致"), outbox.IS_DIFFERENT),
    "stopped": (_("已停止"), Q(state=State.STOPPED)),
}
SETTLED = ("same", "stopped")


@dataclass(frozen=True)
class Address:
    """One address read: the controls as set, and what is asked of the sources."""

    view: str
    search: Control
    controls: list[Control]
    asked: Asked


def read(given: Mapping[str, str], capabilities: frozenset[Capability]) -> Address:
    """What does not make sense narrows nothing, as in every list."""
    allowed = sources_for(capabilities)
    view = _view(given.get("view", ""), allowed)
    text = given.get("q", "").strip()[:LONGEST_SEARCH]
    kind = _choice("kind", _("操作"), kinds_of(view, allowed), given)
    actor = _choice("actor", _("操作人"), actors(_sources(view, allowed)), given)
    arrivals = [(key, label) for key, (label, _condition) in ARRIVALS.items()]
    arrived = _choice("arrival", _("HIS 到达"), arrivals, given)
    doctor = _doctor(given)
    period, asked = _period(given)
    asked = replace(
        asked,
        sources=_sources(view, allowed),
        text=text,
        kind=kind.value if kind.says else "",
        actor=actor.value if actor.says else "",
        doctor=doctor.value if doctor else "",
        arrival=told_as(arrived.value) if arrived.says else None,
    )
    controls = [period, kind, actor, arrived, *([doctor] if doctor else [])]
    label = _("医师、权限、文号或拼音首字母")
    return Address(view, Control("text", "q", label, text, says=text), controls, asked)


def told_as(name: str) -> Told:
    """Messages by a key of ``ARRIVALS``; only what is settled is archived."""
    return Told(ARRIVALS[name][1], is_settled=name in SETTLED)


def _view(name: str, allowed: list[Source]) -> str:
    is_there = name in VIEWS and set(VIEWS[name][1]) <= set(allowed)
    return name if is_there else "all"


def _sources(view: str, allowed: list[Source]) -> list[Source]:
    """Logins are no changes: they stand in their own tab only."""
    chosen = VIEWS[view][1]
    if chosen:
        return list(chosen)
    return [source for source in allowed if source is not Source.ACCESS]


def kinds_of(view: str, allowed: list[Source]) -> list[tuple[str, Text]]:
    """What can have happened in this view."""
    by_source: dict[Source, list[tuple[str, Text]]] = {
        Source.GRANT: grant_kinds(),
        Source.APPLICATION: application_kinds(),
        Source.HIS: [(kind.value, AUDIT_CHIPS[kind].text) for kind in HIS_KINDS],
        Source.CATALOGUE: [(CATALOGUE, CATALOGUE_CHIP.text)],
        **{
            source: [(record.kind, record.chip.text)]
            for source, record in RECORDS.items()
        },
        Source.GRADING: [(act.value, ACT_CHIPS[act].text) for act in GradeAct],
        Source.PARAMETER: [(PARAMETER, PARAMETER_CHIP.text)],
        Source.ACCOUNT: [
            (kind.value, AUDIT_CHIPS[kind].text) for kind in ACCOUNT_KINDS
        ],
        Source.ACCESS: [(kind.value, AUDIT_CHIPS[kind].text) for kind in ACCESS_KINDS],
    }
    return [one for source in _sources(view, allowed) for one in by_source[source]]


def actors(sources: list[Source]) -> list[tuple[str, Text]]:
    """Who ever did something that stands in these sources; nobody else is named."""
    acted = Q()
    for source in sources:
        table = TABLES[source]
        acted |= Q(pk__in=table.rows().order_by().values(table.by))
    users = User.objects.filter(acted).order_by("staff_no")
    return [
        (str(pk), f"{name} {staff_no}")
        for pk, name, staff_no in users.values_list("pk", "name", "staff_no")
    ]


def _choice(
    name: str, label: Text, choices: list[tuple[str, Text]], given: Mapping[str, str]
) -> Control:
    return ChoiceFilter(name, label, choices, name).read(given)[0]


def _doctor(given: Mapping[str, str]) -> Control | None:
    """Only where a link named one: six hundred doctors are no choice."""
    emp_no = given.get("doctor", "")
    found = Practitioner.objects.filter(emp_no=emp_no).first() if emp_no else None
    if found is None:
        return None
    options: list[tuple[str, Text]] = [(found.emp_no, f"{found.name} {found.emp_no}")]
    return _choice("doctor", _("医师"), options, given)


def _period(given: Mapping[str, str]) -> tuple[Control, Asked]:
    first = day_or_none(given.get("on_from", ""))
    last = day_or_none(given.get("on_to", ""))
    start, end = (day.isoformat() if day else "" for day in (first, last))
    says = _t("%(first)s 至 %(last)s") % {"first": start, "last": end}
    asked = Asked(
        since=start_of(first) if first else None, until=end_of(last) if last else None
    )
    is_given = bool(start or end)
    control = Control(
        "dates", "on", _("时间"), start, end, says=says if is_given else ""
    )
    return control, asked


# --- one page -------------------------------------------------------------------------


def log_page(
    request: HttpRequest, capabilities: frozenset[Capability]
) -> ListPage[Any]:
    """The entries this address asks for, and everything around them."""
    address = read(request.GET, capabilities)
    found = entries(address.asked)
    total = 0 if found is None else found.count()
    pager = pager_of(total, request.GET.get("page", ""), PER_PAGE)
    lines = [] if found is None or not total else list(found[pager.start : pager.end])
    sorting = sorting_of(COLUMNS, "", ())
    return ListPage(
        key=KEY,
        rows=log_rows(lines),
        row_template="desk/_log_row.html",
        heads=column_heads(COLUMNS, sorting),
        controls=address.controls,
        search=address.search,
        tabs=_tabs(address.view, sources_for(capabilities)),
        view="" if address.view == "all" else address.view,
        sort="",
        pager=pager,
        emptiness=_emptiness(request.path, address),
        is_selectable=False,
        batch_template="",
        path=request.path,
    )


def _tabs(chosen: str, allowed: list[Source]) -> Tabs:
    return Tabs(
        [
            Tab(label, f"?view={key}", key == chosen)
            for key, (label, sources) in VIEWS.items()
            if set(sources) <= set(allowed)
        ]
    )


def _emptiness(path: str, address: Address) -> Emptiness:
    conditions = given_conditions([*address.controls, address.search])
    if not conditions:
        return Emptiness(_("还没有变更"))
    return Emptiness(
        _("没有符合条件的变更"),
        _t("已按「%(conditions)s」筛选。") % {"conditions": conditions},
        link_url=path,
        link_text=_("清除筛选"),
    )


# --- all of it ------------------------------------------------------------------------


def log_export(request: Any) -> HttpResponse:
    """All entries of the filters given, as .xlsx; needs EXPORT, leaves a trace."""
    if Capability.EXPORT not in request.capabilities:
        raise PermissionDenied(Capability.EXPORT)
    found = entries(read(request.GET, request.capabilities).asked)

    def cells(part: Any) -> list[list[Cell]]:
        return [
            [column.export(row) for column in EXPORTED if column.export]
            for row in log_rows(part)
        ]

    titles = [str(column.title) for column in EXPORTED]
    lines = User.objects.none() if found is None else found
    response, rows = workbook(KEY, titles, lines, cells)
    record(EventKind.EXPORTED, by=request.user, subject=("list", KEY), rows=rows)
    # Guards speak of HttpResponse; a streamed file is one to them.
    return cast(HttpResponse, response)


def may_read(source: Source, capabilities: frozenset[Capability]) -> bool:
    return source not in OF_ACCOUNTS or Capability.VIEW_USERS in capabilities
