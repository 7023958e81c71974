"""接入测试: the page of the information center for whoever builds a launch."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from his_plugin.trial import presenters as present
from his_plugin.trial.finding import first_fault_of
from his_plugin.trial.forms import FORM, FailingForm, LinkForm
from his_plugin.trial.making import make_link
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.his.entrances import Method


@requires(Capability.OPERATE_HIS)
@require_http_methods(["GET", "POST"])
def trial(request: AuthenticatedRequest) -> HttpResponse:
    """Both forms are posted: a link is nothing for an address or a history."""
    is_failing = "address" in request.POST
    is_made = request.method == "POST" and not is_failing
    link = LinkForm(request.POST if is_made else None, prefix="")
    failing = FailingForm(request.POST if is_failing else None)
    context: dict[str, Any] = {"link": link, "failing": failing}
    if is_made and link.is_valid():
        context["shown"] = _shown(request, link)
    if is_failing and failing.is_valid():
        finding = first_fault_of(failing.cleaned_data["address"], at=timezone.now())
        context["found"] = present.found_in(finding)
    context["is_open"] = bool(settings.LAUNCH.stations or settings.LAUNCH.platforms)
    status = 422 if link.errors or failing.errors else 200
    return render(request, "his_plugin/trial.html", context, status=status)


def _shown(request: AuthenticatedRequest, form: LinkForm) -> present.Shown:
    way, name = form.cleaned_data["way"].split(":")
    portal = settings.PORTAL_URL or request.build_absolute_uri("/").rstrip("/")
    asked = form.asked()
    if way in {Method.LINK, FORM}:
        made = make_link(
            app=settings.LAUNCH.stations[name],
            asked=asked,
            portal=portal,
            by=request.user,
            at=timezone.now(),
        )
        return present.shown_link(made, is_form=way == FORM)
    if way == Method.TICKET:
        return present.shown_ticket(name, asked, portal)
    platforms = {one.name: one for one in settings.LAUNCH.platforms}
    return present.shown_platform(platforms[name], asked.station, portal)
