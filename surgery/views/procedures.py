"""手术目录: the list, one entry in a drawer, and the drawers that change it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.ui.acting import done
from portal.ui.filters import LONGEST_SEARCH
from portal.ui.lists import list_response
from portal.ui.moments import today
from portal.ui.notices import invalid, saved
from surgery.forms.procedures import MoveSwitchForm, ProcedureForm, SwitchForm
from surgery.models import Procedure
from surgery.presenters.grade_versions import version_row
from surgery.presenters.procedures import (
    procedure_drawer,
    procedure_row,
    procedure_rows,
)
from surgery.queries.catalogue import (
    department_choices,
    entries,
    entry_or_none,
    last_change_of,
    name_and_place_changes,
    switch_ahead,
    versions_of,
)
from surgery.queries.grade_versions import version_in_force
from surgery.services.procedures import (
    add_procedure,
    change_procedure,
    recall_switch,
    switch_procedure,
)
from surgery.views.lists_procedures import PROCEDURES

DRAWER_IDS = "drawer_%s"


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def procedure_list(request: AuthenticatedRequest) -> HttpResponse:
    """The list, its rows alone, or the list as a file."""
    typed = request.GET.get("q", "")[:LONGEST_SEARCH]
    spec = replace(PROCEDURES, present=partial(procedure_rows, looked_for=typed))
    newest = version_in_force(today())
    context = {"version": version_row(newest) if newest else None}
    return list_response(
        request,
        spec,
        entries(),
        template="surgery/procedure_list.html",
        context=context,
    )


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def procedure_detail(request: AuthenticatedRequest, procedure_id: int) -> HttpResponse:
    """Every attribute of one entry, and what was made of it."""
    entry = _entry_or_404(procedure_id)
    if not request.htmx:
        return redirect("surgery:procedure-list")
    drawer = procedure_drawer(entry, versions_of(entry), name_and_place_changes(entry))
    return render(request, "surgery/_procedure_drawer.html", {"drawer": drawer})


@requires(Capability.CHANGE_CATALOGUE)
def procedure_new(request: AuthenticatedRequest) -> HttpResponse:
    """The drawer of a new entry."""
    if not request.htmx:
        return redirect("surgery:procedure-list")
    form = _form(request, None)

    def act() -> Procedure:
        return add_procedure(
            code=form.cleaned_data["code"],
            attributes=form.attributes(),
            effective_from=form.cleaned_data["effective_from"],
            by=request.user,
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
        )

    return _edited(request, form, None, act)


@requires(Capability.CHANGE_CATALOGUE)
def procedure_change(request: AuthenticatedRequest, procedure_id: int) -> HttpResponse:
    """The drawer that changes the attributes of one entry."""
    entry = _entry_or_404(procedure_id)
    if not request.htmx:
        return redirect("surgery:procedure-list")
    form = _form(request, entry)

    def act() -> Procedure:
        return change_procedure(
            procedure=entry,
            attributes=form.attributes(),
            by=request.user,
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
            seen=form.cleaned_data["seen"],
        )

    return _edited(request, form, entry, act)


@requires(Capability.CHANGE_CATALOGUE)
def procedure_switch(request: AuthenticatedRequest, procedure_id: int) -> HttpResponse:
    """停用、启用 from a day on; one that is ahead is moved or taken back."""
    entry = _entry_or_404(procedure_id)
    if not request.htmx:
        return redirect("surgery:procedure-list")
    ahead = switch_ahead(entry, today())
    form_class = SwitchForm if ahead is None else MoveSwitchForm
    form = form_class(
        request.POST or None,
        initial={"seen": last_change_of(entry), "on": ahead or today()},
        auto_id=DRAWER_IDS,
    )
    is_post = request.method == "POST"
    if is_post and form.is_valid() and done(form, _switching(request, entry, form)):
        return saved(_switched(entry, form), f"{entry.code} {entry.name}")
    row = procedure_row(entry)
    context = {
        "form": form,
        "drawer_post": request.path,
        "row": row,
        "is_ahead": ahead is not None,
        "is_enabled": not entry.is_enabled,
    }
    response = render(request, "surgery/_procedure_switch_drawer.html", context)
    return invalid(response) if is_post else response


def _switching(
    request: AuthenticatedRequest, entry: Procedure, form: SwitchForm
) -> Callable[[], object]:
    said: dict[str, Any] = {
        "procedure": entry,
        "by": request.user,
        "at": timezone.now(),
        "reason": form.cleaned_data["reason"],
        "seen": form.cleaned_data["seen"],
    }
    if isinstance(form, MoveSwitchForm) and form.is_recall:
        return partial(recall_switch, **said)
    on = form.cleaned_data["on"]
    return partial(switch_procedure, is_enabled=not entry.is_enabled, on=on, **said)


def _switched(entry: Procedure, form: SwitchForm) -> str:
    """What was done, in a word."""
    if isinstance(form, MoveSwitchForm) and form.is_recall:
        return _("已撤回，不再停用") if entry.is_enabled else _("已撤回，不再启用")
    if form.cleaned_data["on"] > today():
        return _("已定好日期")
    return _("已停用") if entry.is_enabled else _("已启用")


# --- what the views share -------------------------------------------------------------


def _entry_or_404(procedure_id: int) -> Procedure:
    entry = entry_or_none(procedure_id)
    if entry is None:
        raise Http404
    return entry


def _form(request: AuthenticatedRequest, entry: Procedure | None) -> ProcedureForm:
    choices = [(code, name) for code, name, _initials in department_choices()]
    if entry is not None:
        # One that is closed since stays chosen until somebody takes it off.
        places: Any = entry.standing_departments  # type: ignore[attr-defined]
        known = {code for code, _name in choices}
        held = [(one.department.code, one.department.name) for one in places]
        choices += [choice for choice in held if choice[0] not in known]
    return ProcedureForm(
        request.POST or None,
        departments=choices,
        entry=entry,
        today=today(),
        initial={"seen": last_change_of(entry) if entry else 0},
        auto_id=DRAWER_IDS,
    )


def _edited(
    request: AuthenticatedRequest,
    form: ProcedureForm,
    entry: Procedure | None,
    act: Any,
) -> HttpResponse:
    if request.method == "POST" and form.is_valid() and done(form, act):
        title = _("已修改") if entry else _("已新增，未定级")
        given = form.cleaned_data
        return saved(title, f"{given['code']} {given['name']}")
    context = {
        "form": form,
        "drawer_post": request.path,
        "drawer_wide": True,
        "entry": entry,
    }
    response = render(request, "surgery/_procedure_edit_drawer.html", context)
    return invalid(response) if request.method == "POST" else response
