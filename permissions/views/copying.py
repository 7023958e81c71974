"""复制授权: what a colleague holds, or a post usually has, for another doctor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_htmx.http import trigger_client_event

from permissions import services
from permissions.forms.copying import CopyForm
from permissions.presenters.copying import copy_result, key_of, offer_rows
from permissions.queries.templates import template_or_none
from permissions.services.copying import Offer
from permissions.services.refusals_of_acts import SameDoctor
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.directory.models import Practitioner
from portal.directory.queries import practitioner_by_emp_no
from portal.ui.ids import is_id
from portal.ui.notices import invalid

CHOSEN = "line"


@requires(Capability.CHANGE_GRANT)
def grant_copy(request: AuthenticatedRequest) -> HttpResponse:
    """The drawer, and the act: of what was offered the ticked lines are given."""
    if not request.htmx:
        return redirect("permissions:grant-list")
    if request.method != "POST":
        given = {name: request.GET.get(name, "") for name in ("target", "template")}
        form = CopyForm(initial=given, auto_id="drawer_%s")
        return _drawer(request, form, _offers(given), None)
    form = CopyForm(request.POST, auto_id="drawer_%s")
    second = form.second(request) if form.is_valid() else None
    if form.is_valid():
        try:
            return _given(request, form, second)
        except services.ActRefused as refused:
            field = refused.field if refused.field in form.fields else None
            form.add_error(field, str(refused.message))
    ticked = request.POST.getlist(CHOSEN)
    return invalid(_drawer(request, form, _offers(request.POST), ticked))


def _given(
    request: AuthenticatedRequest, form: CopyForm, second: object
) -> HttpResponse:
    given, at = form.cleaned_data, timezone.now()
    ticked = set(request.POST.getlist(CHOSEN))
    offers = _offers_of(given["target"], given["source"], given["template"], at)
    lines = [offer.line for offer in offers if key_of(offer.line) in ticked]
    if not lines:
        raise services.ActRefused(_("没有勾选要授予的权限。"))
    done = services.give(
        target=given["target"],
        lines=lines,
        by=request.user,
        at=at,
        reason=given["reason"],
        second=second,  # type: ignore[arg-type]
    )
    context = {"result": copy_result(done, given["target"].emp_no)}
    answer = render(request, "permissions/_copy_result.html", context)
    return trigger_client_event(answer, "yw:changed", {}, after="settle")


@requires(Capability.CHANGE_GRANT)
def grant_copy_offers(request: AuthenticatedRequest) -> HttpResponse:
    """What would be granted, as far as the form is filled in; saves nothing."""
    context = {"offers": _rows(_offers(request.GET), None)}
    return render(request, "permissions/_copy_offers.html", context)


def _offers(given: Mapping[str, str]) -> list[Offer] | None:
    """None while doctor and origin are not chosen."""
    target = practitioner_by_emp_no(given.get("target", ""))
    source = practitioner_by_emp_no(given.get("source", ""))
    number = given.get("template", "")
    template = int(number) if is_id(number) else None
    if target is None or (source is None) == (template is None):
        return None
    try:
        return _offers_of(target, source, template, timezone.now())
    except SameDoctor:
        return None


def _offers_of(
    target: Practitioner,
    source: Practitioner | None,
    template: int | None,
    at: datetime,
) -> list[Offer]:
    if source is not None:
        return services.from_colleague(source=source, target=target, at=at)
    found = template_or_none(template or 0)
    if found is None or not found.is_enabled:
        return []
    return services.from_template(template=found, target=target, at=at)


def _rows(offers: list[Offer] | None, ticked: list[str] | None) -> object:
    return None if offers is None else offer_rows(offers, ticked)


def _drawer(
    request: AuthenticatedRequest,
    form: CopyForm,
    offers: list[Offer] | None,
    ticked: list[str] | None,
) -> HttpResponse:
    context = {
        "form": form,
        "offers": _rows(offers, ticked),
        "drawer_post": request.path,
        "drawer_wide": True,
    }
    return render(request, "permissions/_copy_drawer.html", context)
