"""A list of grades before it is written: who and what it would concern."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from permissions.presenters.listed_grades import list_panel
from permissions.regrading import Changing
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.ui.filters import day_or_none
from portal.ui.moments import today
from surgery.models import ProcedureImport, ProcedureImportRow
from surgery.models.imports import Sort, Verdict
from surgery.services.grade_ledger import transition_until


@requires(Capability.CHANGE_CATALOGUE)
@require_GET
def list_preview(request: AuthenticatedRequest, import_id: int) -> HttpResponse:
    """Consequences for the day that is typed, for today while none is."""
    one = ProcedureImport.objects.filter(pk=import_id, sort=Sort.GRADES).first()
    if one is None:
        raise Http404
    typed = day_or_none(request.GET.get("effective_on", ""))
    on = typed or today()
    context = {
        "panel": list_panel(changings(one, on), now=timezone.now()),
        "on": on,
        "is_typed": typed is not None,
    }
    return render(request, "permissions/_list_panel.html", context)


def changings(one: ProcedureImport, on: date) -> list[Changing]:
    """What the dry run found changed, as it would hold from that day on."""
    rows = ProcedureImportRow.objects.filter(
        procedure_import=one, verdict=Verdict.CHANGED
    )
    found = rows.order_by("number").values_list(
        "procedure__code", "before__grade", "after__grade"
    )
    return [
        Changing(code, before, after, on, transition_until(on, before, after, today()))
        for code, before, after in found
        if code
    ]
