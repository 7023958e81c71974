"""手术量: how often who did what, by surgeon and procedure, by surgeon, by procedure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.directory.models import Department, Practitioner
from portal.parameters.days import day_of, months_after, start_of
from portal.ui.filters import ChoiceFilter, DateRange, Search, day_or_none
from portal.ui.lists import Column, ListSpec, QuickView, list_response
from surgery.enums import TeamRole
from surgery.models import CaseShare, Procedure
from surgery.presenters.volumes import VolumeRow, volume_rows, window_note
from surgery.queries.volumes import (
    BY_BOTH,
    BY_PROCEDURE,
    BY_SURGEON,
    groups_by_role,
    pulled_stamp,
    undated,
    volumes,
)

MONTHS = 12  # counted where no days are asked for
R = TeamRole
PAGES = (
    ("surgery:volume-list", _("医师 × 手术")),
    ("surgery:volume-surgeons", _("按医师")),
    ("surgery:volume-procedures", _("按手术")),
)


def departments() -> list[tuple[str, str, str]]:
    rows = Department.objects.order_by("code")
    return list(rows.values_list("code", "name", "initials"))


def of_department(code: str) -> Q:
    people = Practitioner.objects.filter(department__code=code)
    return Q(who__in=people.order_by().values("emp_no"))


def person_matches(text: str) -> Q:
    people = Practitioner.objects.filter(
        Q(name__contains=text) | Q(initials__istartswith=text)
    )
    found = Q(who__in=people.order_by().values("emp_no"))
    return found | Q(who__istartswith=text)


def procedure_matches(text: str) -> Q:
    known = Procedure.objects.filter(
        Q(name__contains=text) | Q(initials__istartswith=text)
    )
    found = Q(code__in=known.order_by().values("code"))
    return found | Q(code__istartswith=text)


def person_or_procedure(text: str) -> Q:
    return person_matches(text) | procedure_matches(text)


PERSON: Column[VolumeRow] = Column(
    "who",
    _("医师"),
    order=("who",),
    export=lambda row: row.person.in_one if row.person else "",
)
DEPARTMENT: Column[VolumeRow] = Column(
    "department",
    _("科室"),
    export=lambda row: row.person.department if row.person else "",
)
ROLE: Column[VolumeRow] = Column(
    "role", _("角色"), order=("role",), export=lambda row: row.role
)
PROCEDURE: Column[VolumeRow] = Column(
    "procedure",
    _("手术"),
    order=("code",),
    export=lambda row: row.operation.in_one if row.operation else "",
)
NUMBERS: tuple[Column[VolumeRow], ...] = (
    Column("cases", _("台数"), ("cases",), "num", lambda row: row.cases),
    Column(
        "complications",
        _("并发症"),
        ("complications",),
        "num",
        lambda row: row.complications.count,
    ),
    Column(
        "reoperations",
        _("非计划再次"),
        ("reoperations",),
        "num",
        lambda row: row.reoperations.count,
    ),
    Column("deaths", _("死亡"), ("deaths",), "num", lambda row: row.deaths.count),
)
ON = DateRange("on", _("手术日期"), "op_start")
OF_DEPARTMENT = ChoiceFilter(
    "dept", _("医师科室"), departments, of_department, is_searchable=True
)
# What each quick view shows; blank is the surgeon of a case without a team.
ROLES: Mapping[str, tuple[Any, Collection[str]]] = {
    "surgeon": (R.SURGEON.label, (R.SURGEON, "")),
    "assistant": (
        _("助手"),
        (R.FIRST_ASSISTANT, R.SECOND_ASSISTANT, R.THIRD_ASSISTANT),
    ),
    "anesthetist": (R.ANESTHETIST.label, (R.ANESTHETIST,)),
    "all": (_("全部角色"), (*R.values, "")),
}
VIEWS = tuple(
    QuickView(key, label, Q() if key == "all" else Q(role__in=list(roles)))
    for key, (label, roles) in ROLES.items()
)


def count_views(groups: Any, _conditions: dict[str, Q]) -> dict[str, int]:
    found = groups_by_role(groups)
    return {
        key: sum(found.get(role, 0) for role in roles)
        for key, (_label, roles) in ROLES.items()
    }


VOLUMES = ListSpec[CaseShare, VolumeRow](
    key="volumes",
    columns=(PERSON, DEPARTMENT, ROLE, PROCEDURE, *NUMBERS),
    search=Search(_("医师、工号或手术"), person_or_procedure),
    filters=(OF_DEPARTMENT, ON),
    views=VIEWS,
    count_views=count_views,
    order=("-cases",),
    present=volume_rows,
    row_template="surgery/_volume_row.html",
    nothing=_("没有符合条件的手术"),
)
SURGEONS = replace(
    VOLUMES,
    key="volumes-surgeons",
    columns=(PERSON, DEPARTMENT, ROLE, *NUMBERS),
    search=Search(_("医师或工号"), person_matches),
)
PROCEDURES = replace(
    VOLUMES,
    key="volumes-procedures",
    columns=(PROCEDURE, *NUMBERS),
    search=Search(_("手术名称、编码或首字母"), procedure_matches),
    filters=(
        ChoiceFilter(
            "dept", _("申请科室"), departments, "dept_code", is_searchable=True
        ),
        ON,
    ),
    views=(),
    count_views=None,
)


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def volume_list(request: AuthenticatedRequest) -> HttpResponse:
    return _page(request, VOLUMES, BY_BOTH)


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def volume_surgeons(request: AuthenticatedRequest) -> HttpResponse:
    return _page(request, SURGEONS, BY_SURGEON)


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def volume_procedures(request: AuthenticatedRequest) -> HttpResponse:
    return _page(request, PROCEDURES, BY_PROCEDURE)


def _page(
    request: AuthenticatedRequest,
    spec: ListSpec[CaseShare, VolumeRow],
    by: tuple[str, ...],
) -> HttpResponse:
    since = _since(request)
    stamp = (since, pulled_stamp())
    groups: Any = volumes(by, since=start_of(since) if since else None)
    context = {
        "pages": PAGES,
        "here": request.resolver_match.view_name if request.resolver_match else "",
        "notes": window_note(since, undated()),
    }
    return list_response(
        request,
        replace(spec, stamp=lambda: stamp),
        groups,
        template="surgery/volume_list.html",
        context=context,
    )


def _since(request: AuthenticatedRequest) -> date | None:
    """The first day of the last months, unless days are asked for."""
    asked = (request.GET.get(name, "") for name in ("on_from", "on_to"))
    if any(day_or_none(text.strip()) for text in asked):
        return None
    return months_after(day_of(timezone.now()), -MONTHS)
