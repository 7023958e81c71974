"""限制类与停用: filing with its countdown, and procedures the hospital does not do.

Procedures are put out of use where the catalogue is maintained.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.parameters.days import day_of, start_of
from portal.parameters.working_days import calendar_of_settings
from portal.ui.acting import done
from portal.ui.filters import ChoiceFilter, Search
from portal.ui.lists import Column, ListSpec, QuickView, list_response
from portal.ui.notices import invalid, saved
from portal.ui.phrases import noted
from surgery.enums import RestrictedClass
from surgery.forms.techniques import FilingForm
from surgery.models import Procedure
from surgery.presenters.techniques import TechniqueRow, technique_rows
from surgery.queries.techniques import (
    BEGUN,
    RESTRICTED,
    STOPPED,
    overdue_before,
    technique_or_none,
    techniques,
)
from surgery.services.techniques import file_technique

LIST = "surgery:technique-list"
CLASSES = [(str(one.value), one.label) for one in RestrictedClass]
COLUMNS: tuple[Column[TechniqueRow], ...] = (
    Column(
        "procedure",
        _("手术"),
        order=("code",),
        export=lambda row: noted(row.name, row.code),
    ),
    Column("restricted", _("限制类"), export=lambda row: row.restricted),
    Column("first", _("首例"), order=("first_at",), export=lambda row: row.first_on),
    Column("state", _("备案"), export=lambda row: row.state.text),
    Column("deadline", _("备案期限"), export=lambda row: row.deadline),
    Column(
        "filed",
        _("备案登记"),
        order=("filed_on",),
        export=lambda row: f"{row.filed_on} {row.filing}",
    ),
    Column(
        "stopped",
        _("停用"),
        order=("effective_to",),
        export=lambda row: row.stopped_in_one,
    ),
    Column("acts", _("操作")),
)


def technique_spec(now: datetime) -> ListSpec[Procedure, TechniqueRow]:
    """The countdown goes by working days: what is overdue depends on the day."""
    today, calendar = day_of(now), calendar_of_settings()
    limit = start_of(overdue_before(today, calendar))
    return ListSpec[Procedure, TechniqueRow](
        key="techniques",
        columns=COLUMNS,
        search=Search(
            _("手术名称、编码或首字母"),
            ("name__contains", "code__istartswith", "initials__istartswith"),
        ),
        filters=(ChoiceFilter("class", _("限制类"), CLASSES, "restricted_class"),),
        views=(
            QuickView("all", _("全部")),
            QuickView("restricted", _("限制类"), RESTRICTED),
            QuickView("counting", _("倒计时"), BEGUN & Q(first_at__gte=limit), "warn"),
            QuickView("overdue", _("逾期"), BEGUN & Q(first_at__lt=limit), "bad"),
            QuickView("stopped", _("停用"), STOPPED),
        ),
        order=("code",),
        present=partial(technique_rows, today=today, calendar=calendar),
        row_template="surgery/_technique_row.html",
        nothing=_("没有符合条件的限制类或停用手术"),
    )


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def technique_list(request: AuthenticatedRequest) -> HttpResponse:
    return list_response(
        request,
        technique_spec(timezone.now()),
        techniques(),
        template="surgery/technique_list.html",
    )


@requires(Capability.CHANGE_CATALOGUE)
def technique_file(request: AuthenticatedRequest, procedure_id: int) -> HttpResponse:
    """The drawer 登记备案, and the act; what was filed before is there to correct."""
    procedure = _technique_or_404(procedure_id)
    if not request.htmx:
        return redirect(LIST)
    filing = getattr(procedure, "filing", None)
    initial = {
        name: getattr(filing, name)
        for name in ("filed_on", "authority", "document_no", "document")
        if filing is not None
    }
    form = FilingForm(request.POST or None, initial=initial, auto_id="drawer_%s")

    def act() -> object:
        return file_technique(
            procedure=procedure, by=request.user, at=timezone.now(), **form.cleaned_data
        )

    if request.method == "POST" and form.is_valid() and done(form, act):
        return saved(_("已登记备案"), procedure.name)
    context = {"form": form, "procedure": procedure, "drawer_post": request.path}
    response = render(request, "surgery/_filing_drawer.html", context)
    return invalid(response) if request.method == "POST" else response


def _technique_or_404(procedure_id: int) -> Any:
    found = technique_or_none(procedure_id)
    if found is None:
        raise Http404
    return found
