"""申请审批: propose, look, decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from permissions import services
from permissions.forms import DecisionForm, ProposeForm, WithdrawForm
from permissions.models import Application, GrantEvent
from permissions.presenters.applications import application_page, application_rows
from permissions.presenters.grants import grant_rows
from permissions.presenters.precheck import Precheck, precheck
from permissions.queries.applications import (
    application_or_none,
    applications,
    to_decide,
)
from permissions.queries.grants import states_of
from permissions.views.lists import application_list_spec
from permissions.views.scoped import OF_PRACTITIONER
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, demand_department, requires
from portal.approvals.workflow import Decision
from portal.outbox.models import Message
from portal.outbox.queries import arrival_of
from portal.parameters.days import day_of
from portal.ui.lists import list_response
from portal.ui.notices import invalid, saved

QUEUE_LENGTH = 12
STANDING_FOR = "stand_%s"  # its form stands beside that of the decision
DECISIONS: dict[Decision, Callable[..., Any]] = {
    Decision.APPROVE: services.approve,
    Decision.RETURN: services.return_,
    Decision.REJECT: services.reject,
}


@requires(Capability.VIEW_PRIVILEGES)
def application_list(request: AuthenticatedRequest) -> HttpResponse:
    return list_response(
        request,
        application_list_spec(request.user),
        applications().filter(request.scope.of(OF_PRACTITIONER)),
        template="permissions/application_list.html",
    )


@requires(Capability.PROPOSE_PRIVILEGE)
def application_new(request: AuthenticatedRequest) -> HttpResponse:
    """The drawer 新增授权, and the act."""
    if not request.htmx:
        return redirect("permissions:grant-list")
    if request.method != "POST":
        today = day_of(timezone.now())
        initial = {"valid_from": today, "setting": "ALL", **request.GET.dict()}
        return _new_drawer(request, ProposeForm(initial=initial, auto_id="drawer_%s"))
    form = ProposeForm(request.POST, auto_id="drawer_%s")
    if form.is_valid() and _proposed(request, form):
        name = form.cleaned_data["practitioner"].name
        detail = _("%(name)s：由另一人审批后送 HIS") % {"name": name}
        return saved(_("已提交 1 份申请"), detail)
    return invalid(_new_drawer(request, form))


def _proposed(request: AuthenticatedRequest, form: ProposeForm) -> bool:
    try:
        services.propose(by=request.user, at=timezone.now(), **form.cleaned_data)
    except services.ActRefused as refused:
        field = refused.field if refused.field in form.fields else None
        form.add_error(field, str(refused.message))
        return False
    return True


def _new_drawer(request: AuthenticatedRequest, form: ProposeForm) -> HttpResponse:
    context = {
        "form": form,
        "drawer_post": request.path,
        "may_grant": Capability.CHANGE_GRANT in request.capabilities,
        "precheck": precheck(form.data) if form.is_bound else Precheck(),
    }
    return render(request, "permissions/_propose_drawer.html", context)


@requires(Capability.PROPOSE_PRIVILEGE)
def application_precheck(request: AuthenticatedRequest) -> HttpResponse:
    """What will be, as far as the form is filled in; saves nothing."""
    context = {"precheck": precheck(request.GET)}
    return render(request, "permissions/_precheck.html", context)


@requires(Capability.VIEW_PRIVILEGES)
def application_detail(
    request: AuthenticatedRequest, application_id: int
) -> HttpResponse:
    """One proposal with everything needed to decide it."""
    application = _application_in_scope(request, application_id)
    return _page(request, application, DecisionForm())


@requires(Capability.APPROVE_PRIVILEGE)
def application_decide(
    request: AuthenticatedRequest, application_id: int
) -> HttpResponse:
    """同意、退回、不同意; then the next one that waits."""
    application = _application_in_scope(request, application_id)
    if request.method != "POST":
        return redirect("permissions:application-detail", application_id)
    form = DecisionForm(request.POST)
    if form.is_valid():
        decision = Decision(form.cleaned_data["decision"])
        if _done(request, application, DECISIONS[decision], form):
            messages.success(request, _said(decision, application))
            return redirect("permissions:application-detail", application_id)
    current = _application_in_scope(request, application_id)
    return invalid(_page(request, current, form))


@requires(Capability.PROPOSE_PRIVILEGE)
def application_withdraw(
    request: AuthenticatedRequest, application_id: int
) -> HttpResponse:
    """撤回: what nobody has decided yet."""
    application = _application_in_scope(request, application_id)
    if request.method != "POST":
        return redirect("permissions:application-detail", application_id)
    form = WithdrawForm(request.POST)
    if form.is_valid() and _done(request, application, services.withdraw, form):
        messages.success(request, _("已撤回这份申请"))
        return redirect("permissions:application-detail", application_id)
    current = _application_in_scope(request, application_id)
    return invalid(_page(request, current, DecisionForm(), form))


@requires(Capability.PROPOSE_PRIVILEGE)
def application_stand(
    request: AuthenticatedRequest, application_id: int
) -> HttpResponse:
    """确认提出: what the system proposed gets a person for its proposer."""
    application = _application_in_scope(request, application_id)
    if request.method != "POST":
        return redirect("permissions:application-detail", application_id)
    form = WithdrawForm(request.POST, auto_id=STANDING_FOR)
    if form.is_valid() and _done(request, application, services.stand_for, form):
        messages.success(request, _("已确认提出这份申请，由另一人审批"))
        return redirect("permissions:application-detail", application_id)
    current = _application_in_scope(request, application_id)
    return invalid(_page(request, current, DecisionForm(), stand_form=form))


def _done(
    request: AuthenticatedRequest,
    application: Application,
    act: Callable[..., Any],
    form: Form,
) -> bool:
    try:
        act(
            application=application,
            by=request.user,
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
        )
    except services.ActRefused as refused:
        field = refused.field if refused.field in form.fields else None
        form.add_error(field, str(refused.message))
        return False
    return True


def _said(decision: Decision, application: Application) -> str:
    name = application.practitioner.name
    said = {
        Decision.APPROVE: _("已同意%(name)s的申请，正在送 HIS"),
        Decision.RETURN: _("已退回%(name)s的申请"),
        Decision.REJECT: _("%(name)s的申请：不同意"),
    }
    return said[decision] % {"name": name}


def _page(
    request: AuthenticatedRequest,
    application: Application,
    form: DecisionForm,
    withdraw_form: WithdrawForm | None = None,
    stand_form: WithdrawForm | None = None,
) -> HttpResponse:
    theirs = to_decide(request.user.pk).filter(request.scope.of(OF_PRACTITIONER))
    waiting = list(theirs[:QUEUE_LENGTH])
    event = GrantEvent.objects.filter(grant__application=application).first()
    message = _message_of(event)
    page = application_page(application, message)
    is_own = application.proposed_by_id == request.user.pk
    may_approve = Capability.APPROVE_PRIVILEGE in request.capabilities
    may_propose = Capability.PROPOSE_PRIVILEGE in request.capabilities
    shown = {
        "may_decide": page.is_open and may_approve and not is_own,
        "may_withdraw": page.is_open and is_own and may_propose,
        "may_stand": page.lacks_proposer and may_propose,
    }
    if page.lacks_proposer:
        form.leave_out_approval()
    _say_unseen(request, form, shown["may_decide"])
    _say_unseen(request, withdraw_form, shown["may_withdraw"])
    _say_unseen(request, stand_form, shown["may_stand"])
    context = {
        **shown,
        "page": page,
        "queue": application_rows(waiting),
        "rights": grant_rows(states_of(application.practitioner)),
        "form": form,
        "withdraw_form": withdraw_form or WithdrawForm(),
        "stand_form": stand_form or WithdrawForm(auto_id=STANDING_FOR),
        "is_own": is_own,
    }
    return render(request, "permissions/application_detail.html", context)


def _say_unseen(request: AuthenticatedRequest, form: Form | None, shown: Any) -> None:
    """Somebody was quicker, and the form that was refused stands on the page no more."""
    if form is not None and form.is_bound and not shown:
        for words in form.errors.values():
            messages.error(request, " ".join(map(str, words)))


def _message_of(event: GrantEvent | None) -> Message | None:
    return arrival_of([event.subject]).get(event.subject) if event else None


def _application_in_scope(
    request: AuthenticatedRequest, application_id: int
) -> Application:
    application = application_or_none(application_id)
    if application is None:
        raise Http404
    demand_department(request, application.practitioner.department.code)
    return application
