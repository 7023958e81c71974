"""岗位模板: what a post usually has, kept with its history."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from permissions import services
from permissions.enums import ItemKind
from permissions.forms import ReasonForm
from permissions.forms.copying import MOST_MONTHS, AddedLineForm, TemplateForm
from permissions.models import PostTemplate, PostTemplateLine
from permissions.presenters.copying import (
    TemplateRow,
    key_of,
    line_rows,
    offer_rows,
    template_history,
    template_row,
    template_rows,
)
from permissions.queries.ledger import privileges_of
from permissions.queries.templates import lines_of, template_or_none, templates
from permissions.services import Line
from permissions.services.copying import Offer
from permissions.services.lines import SHORT, of_terms
from permissions.services.rules import last_day_after
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.directory.models import Practitioner
from portal.directory.queries import practitioner_by_emp_no
from portal.parameters.days import day_of, last_day_of
from portal.ui.filters import ChoiceFilter, Search
from portal.ui.ids import is_id
from portal.ui.lists import Column, ListSpec, list_response
from portal.ui.moments import today
from portal.ui.notices import invalid, saved

IS_ON = Q(is_enabled=True)
TEMPLATES = ListSpec[PostTemplate, TemplateRow](
    key="post-templates",
    columns=(
        Column("name", _("岗位"), order=("name",), export=lambda row: row.name),
        Column("note", _("用途"), export=lambda row: row.note),
        Column("count", _("权限"), css="num", export=lambda row: row.count),
        Column("state", _("状态"), export=lambda row: row.state.text),
    ),
    search=Search(_("岗位名称"), ("name__contains",)),
    filters=(
        ChoiceFilter(
            "state",
            _("状态"),
            [("on", _("启用")), ("off", _("停用"))],
            lambda value: IS_ON if value == "on" else ~IS_ON,
        ),
    ),
    order=("name",),
    present=template_rows,
    row_template="permissions/_template_row.html",
    nothing=_("还没有岗位模板"),
)


@requires(Capability.VIEW_PRIVILEGES)
def template_list(request: AuthenticatedRequest) -> HttpResponse:
    return list_response(
        request, TEMPLATES, templates(), template="permissions/template_list.html"
    )


@requires(Capability.VIEW_PRIVILEGES)
def template_detail(request: AuthenticatedRequest, template_id: int) -> HttpResponse:
    """The lines of one post and how they came to be."""
    one = _template_or_404(template_id)
    context = {
        "row": template_row(one),
        "lines": line_rows(lines_of(one)),
        "timeline": template_history(one),
    }
    return render(request, "permissions/template_detail.html", context)


@requires(Capability.CHANGE_GRANT)
def template_new(request: AuthenticatedRequest, emp_no: str) -> HttpResponse:
    """A post made of what one doctor holds now; some lines may be left out."""
    doctor = practitioner_by_emp_no(emp_no)
    if doctor is None:
        raise Http404
    if not request.htmx:
        return redirect("permissions:practitioner-detail", emp_no)
    lines = _held(doctor)
    form = TemplateForm(request.POST or None, auto_id="drawer_%s")
    ticked = request.POST.getlist("line") if form.is_bound else None
    if form.is_bound and form.is_valid():
        chosen = [line for line in lines if key_of(line) in set(ticked or ())]
        if _kept(request, form, chosen):
            return saved(_("已建立岗位模板"), form.cleaned_data["name"])
    context = {
        "form": form,
        "offers": offer_rows([Offer(line) for line in lines], ticked),
        "drawer_post": request.path,
        "drawer_wide": True,
    }
    answer = render(request, "permissions/_template_new_drawer.html", context)
    return invalid(answer) if form.is_bound else answer


def _held(doctor: Practitioner) -> list[Line]:
    """The doctor's lines as long as each was granted for."""
    held = privileges_of(doctor, timezone.now())
    return [
        of_terms(
            terms,
            valid_from=day_of(terms.valid_from),
            valid_to=last_day_of(terms.valid_to),
        )
        for terms in held
        if terms.kind not in SHORT
    ]


@requires(Capability.CHANGE_GRANT)
def template_change(request: AuthenticatedRequest, template_id: int) -> HttpResponse:
    """Name, note, lines kept with their months, and one more line."""
    one = _template_or_404(template_id)
    if not request.htmx:
        return redirect("permissions:grant-template-detail", template_id)
    rows = lines_of(one)
    initial = {"name": one.name, "note": one.note}
    data = request.POST or None
    form = TemplateForm(data, initial=initial, auto_id="drawer_%s")
    added = AddedLineForm(data, auto_id="drawer_%s", initial={"setting": "ALL"})
    if form.is_bound and form.is_valid() and added.is_valid():
        lines = [*_kept_lines(request, rows), *_added(added)]
        if _kept(request, form, lines, one):
            return saved(_("已修改岗位模板"), form.cleaned_data["name"])
    context = {
        "form": form,
        "added": added,
        "lines": _as_typed(request, rows),
        "drawer_post": request.path,
        "drawer_wide": True,
    }
    answer = render(request, "permissions/_template_drawer.html", context)
    return invalid(answer) if form.is_bound else answer


@requires(Capability.CHANGE_GRANT)
def template_switch(request: AuthenticatedRequest, template_id: int) -> HttpResponse:
    """停用、启用: a post that is off is offered no more; its lines stay."""
    one = _template_or_404(template_id)
    if not request.htmx:
        return redirect("permissions:grant-template-detail", template_id)
    form = ReasonForm(request.POST or None, auto_id="drawer_%s")
    if form.is_bound and form.is_valid():
        lines = [_line(row, row.months) for row in lines_of(one)]
        if _kept(request, form, lines, one, is_enabled=not one.is_enabled):
            done = _("已停用岗位模板") if one.is_enabled else _("已启用岗位模板")
            return saved(done, one.name)
    context = {"form": form, "row": template_row(one), "drawer_post": request.path}
    answer = render(
        request,
        "permissions/_template_switch_drawer.html",
        {**context, "is_enabled": one.is_enabled},
    )
    return invalid(answer) if form.is_bound else answer


def _kept(
    request: AuthenticatedRequest,
    form: Any,
    lines: list[Line],
    one: PostTemplate | None = None,
    **given: Any,
) -> bool:
    """Keep it; a refusal goes into the form, beside what was typed."""
    said = form.cleaned_data
    is_enabled = given.get("is_enabled", one.is_enabled if one else True)
    try:
        services.keep_template(
            name=said.get("name", one.name if one else ""),
            note=said.get("note", one.note if one else ""),
            lines=lines,
            by=request.user,
            at=timezone.now(),
            reason=said["reason"],
            template=one,
            is_enabled=is_enabled,
        )
    except services.ActRefused as refused:
        field = refused.field if refused.field in form.fields else None
        form.add_error(field, str(refused.message))
        return False
    return True


def _line(row: PostTemplateLine, months: int | None) -> Line:
    """A line of the post, from today on for its months."""
    first = today()
    return Line(
        privilege=row.privilege,
        valid_from=first,
        valid_to=last_day_after(first, months) if months else None,
        item=row.item_code,
        item_kind=row.item_kind or ItemKind.PROCEDURE,
        item_name=row.item_name,
        role=row.role,
        setting=row.setting,
        campus=row.campus,
        side=row.side,
    )


def _kept_lines(
    request: AuthenticatedRequest, rows: list[PostTemplateLine]
) -> list[Line]:
    ticked = set(request.POST.getlist("line"))
    return [
        _line(row, _months(request.POST.get(f"months-{row.pk}", "")))
        for row in rows
        if str(row.pk) in ticked
    ]


def _months(text: str) -> int | None:
    """Whole months; anything else is as long as the privilege allows."""
    number = int(text) if is_id(text) else 0
    return number if 0 < number <= MOST_MONTHS else None


def _added(form: AddedLineForm) -> list[Line]:
    given = form.cleaned_data
    if given["privilege"] is None:
        return []
    first, months = today(), given["months"]
    return [
        Line(
            privilege=given["privilege"],
            valid_from=first,
            valid_to=last_day_after(first, months) if months else None,
            item=given["item"],
            role=given["role"],
            setting=given["setting"],
        )
    ]


def _as_typed(
    request: AuthenticatedRequest, rows: list[PostTemplateLine]
) -> list[tuple[Any, bool]]:
    """Each line with its months as typed, and whether it is still ticked."""
    if request.method != "POST":
        return [(row, True) for row in line_rows(rows)]
    ticked = set(request.POST.getlist("line"))
    return [
        (
            replace(row, months=_months(request.POST.get(f"months-{row.key}", ""))),
            row.key in ticked,
        )
        for row in line_rows(rows)
    ]


def _template_or_404(template_id: int) -> PostTemplate:
    one = template_or_none(template_id)
    if one is None:
        raise Http404
    return one
