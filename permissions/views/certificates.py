"""个人证书: the list of all, those of one doctor, adding and voiding one."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from permissions.forms.certificates import CertificateForm
from permissions.forms.rules import RuleDecisionForm
from permissions.models import PersonalCertificate
from permissions.presenters.certificates import certificate_rows
from permissions.queries.certificates import (
    all_certificates,
    certificate_or_none,
    certificates_of,
)
from permissions.services.certificates import (
    Issued,
    record_certificate,
    void_certificate,
)
from permissions.views.lists_certificates import certificate_list_spec
from permissions.views.scoped import OF_PRACTITIONER, practitioner_in_scope
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, demand_department, requires
from portal.ui.acting import done
from portal.ui.lists import list_response
from portal.ui.moments import today
from portal.ui.notices import invalid, saved


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def certificate_list(request: AuthenticatedRequest) -> HttpResponse:
    """Who holds which certificate, until when."""
    return list_response(
        request,
        certificate_list_spec(today()),
        all_certificates().filter(request.scope.of(OF_PRACTITIONER)),
        template="permissions/certificate_list.html",
        context={"list_title": _("个人证书")},
    )


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def practitioner_certificates(
    request: AuthenticatedRequest, emp_no: str
) -> HttpResponse:
    """The certificates of one doctor, as the card of the page."""
    doctor = practitioner_in_scope(request, emp_no)
    if not request.htmx:
        return redirect("permissions:practitioner-detail", emp_no=emp_no)
    context = {"rows": certificate_rows(list(certificates_of(doctor)))}
    return render(request, "permissions/_certificates.html", context)


@requires(Capability.CHANGE_GRANT)
def certificate_new(request: AuthenticatedRequest, emp_no: str) -> HttpResponse:
    """The drawer 登记证书, and the act."""
    doctor = practitioner_in_scope(request, emp_no)
    if not request.htmx:
        return redirect("permissions:practitioner-detail", emp_no=emp_no)
    form = CertificateForm(request.POST or None, auto_id="drawer_%s")

    def act() -> object:
        given = dict(form.cleaned_data)
        reason = given.pop("reason")
        return record_certificate(
            practitioner=doctor,
            issued=Issued(**given),
            by=request.user,
            at=timezone.now(),
            reason=reason,
        )

    if request.method == "POST" and form.is_valid() and done(form, act):
        return saved(_("已登记 1 张证书"), doctor.name)
    context = {"form": form, "doctor": doctor, "drawer_post": request.path}
    response = render(request, "permissions/_certificate_drawer.html", context)
    return invalid(response) if request.method == "POST" else response


@requires(Capability.CHANGE_GRANT)
def certificate_void(request: AuthenticatedRequest, record_id: int) -> HttpResponse:
    """作废 with a reason: entered in error."""
    record = _certificate_in_scope(request, record_id)
    if not request.htmx:
        return redirect(
            "permissions:practitioner-detail", emp_no=record.practitioner.emp_no
        )
    form = RuleDecisionForm(request.POST or None, auto_id="drawer_%s")

    def act() -> object:
        return void_certificate(
            record=record,
            by=request.user,
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
        )

    if request.method == "POST" and form.is_valid() and done(form, act):
        return saved(_("已作废 1 张证书"), record.practitioner.name)
    context = {
        "form": form,
        "row": certificate_rows([record])[0],
        "drawer_post": request.path,
    }
    response = render(request, "permissions/_certificate_void_drawer.html", context)
    return invalid(response) if request.method == "POST" else response


def _certificate_in_scope(
    request: AuthenticatedRequest, record_id: int
) -> PersonalCertificate:
    record = certificate_or_none(record_id)
    if record is None:
        raise Http404
    demand_department(request, record.practitioner.department.code)
    return record
