"""新增授权 without a proposal: 直接授权."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from permissions import services
from permissions.enums import GrantKind, Setting
from permissions.forms import DirectForm
from permissions.presenters.direct import DirectPrecheck, direct_precheck
from permissions.services.refusals import ActRefused
from permissions.views.second import NotAgreed, put_refusal, second_of
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.parameters.days import day_of
from portal.ui.notices import invalid, saved


@requires(Capability.CHANGE_GRANT)
@sensitive_post_parameters("second_password")
def grant_new(request: AuthenticatedRequest) -> HttpResponse:
    """The drawer of a direct grant, and the act."""
    if not request.htmx:
        return redirect("permissions:grant-list")
    if request.method != "POST":
        return _drawer(request, _form(initial=request.GET.dict()))
    form = _form(request.POST)
    if form.is_valid() and _granted(request, form):
        person, line = form.cleaned_data["practitioner"], form.line()
        what = line.privilege.name if line else ""
        return saved(_("已授权 1 项"), f"{person.name} {what}")
    return invalid(_drawer(request, form))


@requires(Capability.CHANGE_GRANT)
@require_POST
def grant_fields(request: AuthenticatedRequest) -> HttpResponse:
    """The fields the chosen privilege asks for, and the check; saves nothing."""
    context = {
        "form": _form(initial=request.POST.dict()),
        "precheck": _precheck(request, _form(request.POST)),
        "is_fragment": True,
    }
    return render(request, "permissions/_direct_fields.html", context)


@requires(Capability.CHANGE_GRANT)
@require_POST
def grant_precheck(request: AuthenticatedRequest) -> HttpResponse:
    """What will be, as far as the form is filled in; saves nothing."""
    context = {
        "precheck": _precheck(request, _form(request.POST)),
        "is_fragment": True,
    }
    return render(request, "permissions/_direct_precheck.html", context)


def _form(data: Any = None, *, initial: dict[str, Any] | None = None) -> DirectForm:
    """Unbound it stays without errors, whatever was typed so far."""
    usual = {
        "valid_from": day_of(timezone.now()),
        "setting": Setting.ALL,
        "kind": GrantKind.DIRECT,
    }
    return DirectForm(
        data,
        initial={**usual, **(initial or {})},
        auto_id="drawer_%s",
        needs_second=services.is_second_needed(),
    )


def _granted(request: AuthenticatedRequest, form: DirectForm) -> bool:
    """Do it; a refusal goes into the form, beside what was typed."""
    line = form.line()
    if line is None:
        return False
    try:
        services.grant(
            practitioner=form.cleaned_data["practitioner"],
            line=line,
            by=request.user,
            at=timezone.now(),
            reason=form.cleaned_data["reason"],
            second=second_of(request, form),
        )
    except NotAgreed:
        return False
    except ActRefused as refused:
        put_refusal(form, refused)
        return False
    return True


def _precheck(request: AuthenticatedRequest, form: DirectForm) -> DirectPrecheck:
    if not form.is_bound:
        return direct_precheck(None, None, by=request.user, now=timezone.now())
    form.is_valid()
    person = form.cleaned_data.get("practitioner")
    return direct_precheck(person, form.line(), by=request.user, now=timezone.now())


def _drawer(request: AuthenticatedRequest, form: DirectForm) -> HttpResponse:
    context = {
        "form": form,
        "drawer_post": request.path,
        "may_propose": Capability.PROPOSE_PRIVILEGE in request.capabilities,
        "precheck": _precheck(request, form),
        "is_fragment": False,
    }
    return render(request, "permissions/_direct_drawer.html", context)
