"""我的权限: the page a launch opens, and the way out of it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from his_plugin.embedding import shown_in_stations
from his_plugin.my.framed import page_of
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, public, requires
from portal.accounts.sessions import LAUNCHED, close_session
from portal.directory.models import Practitioner
from portal.parameters.queries import value_of
from portal.parameters.registry import IDLE_MINUTES

# In a launched session: the patient the station was at; shown, never believed.
PATIENT = "launch_patient"


@requires(Capability.VIEW_OWN_PRIVILEGES)
@shown_in_stations
def my_privileges(request: AuthenticatedRequest) -> HttpResponse:
    """Own rights only; who they are comes from the session, never from the address."""
    station = request.session.get(LAUNCHED, "")
    layout = "base_embed.html" if station else "base.html"
    practitioner = (
        Practitioner.objects.select_related("department")
        .filter(user=request.user)
        .first()
    )
    if practitioner is None:
        return render(request, "his_plugin/no_practitioner.html", {"layout": layout})
    page = page_of(
        practitioner,
        tab=request.GET.get("tab", ""),
        station=station,
        patient=request.session.get(PATIENT, {}),
    )
    context = {
        "page": page,
        "layout": layout,
        "is_launched": bool(station),
        "token": "",
    }
    return render(request, "his_plugin/my_privileges.html", context)


@requires(Capability.VIEW_OWN_PRIVILEGES)
@shown_in_stations
@require_POST
def leave(request: AuthenticatedRequest) -> HttpResponse:
    """退出: ends the session; a launched one cannot log in again, so no login page."""
    close_session(request, code="ASKED")
    return render(request, "his_plugin/left.html")


@public
@shown_in_stations
def ended(request: HttpRequest) -> HttpResponse:
    """Where a launched session that idled out is led; an address of its own, so that
    a reload does not end at a login page the doctor has no password for."""
    return render(request, "his_plugin/ended.html", {"minutes": value_of(IDLE_MINUTES)})
