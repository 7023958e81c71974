"""手术申报: what doctors declared in the station's field, for the office to read."""

from __future__ import annotations

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, demand_department, requires
from portal.ui.filters import ChoiceFilter, DateRange, Search
from portal.ui.lists import Column, ListSpec, QuickView, list_response
from surgery.enums import Nature, Planned, Reoperation, Technique, VerdictCode
from surgery.models import ApplicationProcedure, SurgeryApplication
from surgery.presenters.declarations import (
    DeclarationRow,
    declaration_drawer,
    declaration_rows,
)
from surgery.queries.applications import declaration_or_none, declarations, versions_of

LETS_THROUGH = (VerdictCode.ALLOWED, VerdictCode.OVERRIDE)


def application_matches(text: str) -> Q:
    """The number, a procedure, the surgeon or the applicant."""
    lines = ApplicationProcedure.objects.filter(
        Q(code__istartswith=text) | Q(name__contains=text), is_dropped=False
    )
    found = Q(application_no__icontains=text)
    found |= Q(pk__in=lines.order_by().values("application"))
    for person in ("surgeon", "applicant"):
        for field, lookup in (
            ("name", "contains"),
            ("emp_no", "istartswith"),
            ("initials", "istartswith"),
        ):
            found |= Q((f"{person}__{field}__{lookup}", text))
    return found


COLUMNS: tuple[Column[DeclarationRow], ...] = (
    Column(
        "application_no",
        _("申请单号"),
        order=("application_no",),
        export=lambda row: row.application_no,
    ),
    Column("procedures", _("拟行手术"), export=lambda row: row.procedures_in_one),
    Column(
        "surgeon",
        _("主刀"),
        order=("surgeon__pinyin", "surgeon__emp_no"),
        export=lambda row: f"{row.surgeon} {row.surgeon_no} {row.department}",
    ),
    Column("applicant", _("申请医师"), export=lambda row: row.applicant),
    Column(
        "planned_at",
        _("手术时间"),
        order=("planned_at",),
        export=lambda row: row.planned_in_full,
    ),
    Column("is_planned", _("是否计划手术"), export=lambda row: row.is_planned),
    Column("nature", _("手术性质"), export=lambda row: row.nature_in_one),
    Column("reoperation", _("再次手术"), export=lambda row: row.reoperation_in_one),
    Column("verdict", _("判定"), export=lambda row: row.verdict.text),
    Column(
        "declared_at",
        _("申报时间"),
        order=("declared_at",),
        export=lambda row: row.declared_in_full,
    ),
)

DECLARATIONS = ListSpec[SurgeryApplication, DeclarationRow](
    key="declarations",
    columns=COLUMNS,
    search=Search(_("申请单号、手术、主刀或申请医师"), application_matches),
    filters=(
        ChoiceFilter("planned", _("是否计划手术"), Planned.choices, "is_planned"),
        ChoiceFilter("nature", _("手术性质"), Nature.choices, "nature"),
        ChoiceFilter("technique", _("技术类别"), Technique.choices[1:], "technique"),
        ChoiceFilter("verdict", _("判定"), VerdictCode.choices, "verdict_code"),
        DateRange("on", _("手术时间"), "planned_at"),
    ),
    views=(
        QuickView("all", _("全部")),
        QuickView("unplanned", _("非计划"), Q(is_planned=Planned.UNPLANNED)),
        QuickView(
            "reoperation", _("非计划再次"), Q(reoperation=Reoperation.UNPLANNED), "warn"
        ),
        QuickView("blocked", _("判定未通过"), ~Q(verdict_code__in=LETS_THROUGH), "bad"),
        QuickView("override", _("急诊越级"), Q(verdict_code=VerdictCode.OVERRIDE)),
    ),
    order=("-declared_at",),
    present=declaration_rows,
    row_template="surgery/_declaration_row.html",
    nothing=_("没有符合条件的手术申报"),
)


@requires(Capability.VIEW_PRIVILEGES)
def application_list(request: AuthenticatedRequest) -> HttpResponse:
    """The list, its rows alone, or the list as a file."""
    return list_response(
        request,
        DECLARATIONS,
        declarations().filter(request.scope.of("surgeon__department__code")),
        template="components/list_page.html",
        context={"list_title": _("手术申报")},
    )


@requires(Capability.VIEW_PRIVILEGES)
def application_history(
    request: AuthenticatedRequest, application_id: int
) -> HttpResponse:
    """One declaration: the verdict as it stood, and what each change made of it."""
    application = declaration_or_none(application_id)
    if application is None:
        raise Http404
    demand_department(request, application.surgeon.department.code)
    if not request.htmx:
        return redirect("surgery:application-list")
    drawer = declaration_drawer(application, versions_of(application))
    return render(request, "surgery/_history_drawer.html", {"drawer": drawer})
