"""培训考核 on the doctor's page: seeing, adding, voiding."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from permissions import services
from permissions.forms.rules import RuleDecisionForm
from permissions.forms.trainings import TrainingForm
from permissions.presenters.trainings import training_rows
from permissions.queries.trainings import record_or_none, records_of
from permissions.services.trainings import Passed
from permissions.views.scoped import practitioner_in_scope
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, demand_department, requires
from portal.ui.acting import done
from portal.ui.notices import invalid, saved


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def training_list(request: AuthenticatedRequest, emp_no: str) -> HttpResponse:
    """The records of one doctor, as the card of the page."""
    doctor = practitioner_in_scope(request, emp_no)
    if not request.htmx:
        return redirect("permissions:practitioner-detail", emp_no=emp_no)
    context = {"rows": training_rows(list(records_of(doctor))), "emp_no": emp_no}
    return render(request, "permissions/_trainings.html", context)


@requires(Capability.CHANGE_GRANT)
def training_new(request: AuthenticatedRequest, emp_no: str) -> HttpResponse:
    """The drawer 登记培训考核, and the act."""
    doctor = practitioner_in_scope(request, emp_no)
    if not request.htmx:
        return redirect("permissions:practitioner-detail", emp_no=emp_no)
    form = TrainingForm(request.POST or None, auto_id="drawer_%s")

    def act() -> object:
        given = dict(form.cleaned_data)
        reason = given.pop("reason")
        given["training"] = form.found[given["training"]]
        return services.record_training(
            practitioner=doctor,
            passed=Passed(**given),
            by=request.user,
            at=timezone.now(),
            reason=reason,
        )

    if request.method == "POST" and form.is_valid() and done(form, act):
        return saved(_("已登记 1 条培训考核"), doctor.name)
    context = {"form": form, "doctor": doctor, "drawer_post": request.path}
    response = render(request, "permissions/_training_drawer.html", context)
    return invalid(response) if request.method == "POST" else response


@requires(Capability.CHANGE_GRANT)
def training_void(request: AuthenticatedRequest, record_id: int) -> HttpResponse:
    """作废 with a reason: entered in error."""
    record = record_or_none(record_id)
    if record is None:
        raise Http404
    doctor = record.practitioner
    demand_department(request, doctor.department.code)
    if not request.htmx:
        return redirect("permissions:practitioner-detail", emp_no=doctor.emp_no)
    form = RuleDecisionForm(request.POST or None, auto_id="drawer_%s")

    def act() -> object:
        return services.void_training(
            record=record,
            by=request.user,
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
        )

    if request.method == "POST" and form.is_valid() and done(form, act):
        return saved(_("已作废 1 条培训考核"), doctor.name)
    context = {
        "form": form,
        "row": training_rows([record])[0],
        "doctor": doctor,
        "drawer_post": request.path,
    }
    response = render(request, "permissions/_training_void_drawer.html", context)
    return invalid(response) if request.method == "POST" else response
