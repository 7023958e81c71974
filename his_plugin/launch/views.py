"""The doors of the stations: a signed link or a platform in, a page without either out.

``/sso/launch`` answers with a one-time ticket and leads to ``/sso/enter``, which opens
the session and leads to the page: neither signature nor ticket stays in the address bar
or in the history. A refused launch leaves a session of this browser as it is.

Inside a page of a station no cookie may come back. There ``/sso/enter`` answers with
the page itself, which carries its own proof from click to click.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from his_plugin.embedding import shown_in_stations, tells_no_address
from his_plugin.launch.handshakes import forget, remember
from his_plugin.launch.haste import not_without_end
from his_plugin.launch.pages import refused_page
from his_plugin.launch.parameters import MY_PAGE
from his_plugin.launch.platforms import Way, come_back, way_to, way_to_ehr
from his_plugin.launch.refusals import LaunchRefused
from his_plugin.launch.services import redeem
from his_plugin.launch.stations import accept
from his_plugin.my.framed import framed_page
from his_plugin.my.views import PATIENT
from portal.accounts.guards import public
from portal.accounts.models import User
from portal.accounts.sessions import open_launched_session
from portal.his.entrances import Method

# What a browser says it wants a page for, where it says so: inside another page.
FRAMES = frozenset({"iframe", "frame", "embed", "object"})


@csrf_exempt  # a station posts from its own page; the signature is the proof
@public
@shown_in_stations
@tells_no_address
@not_without_end
@require_http_methods(["GET", "POST"])
def launch(request: HttpRequest) -> HttpResponse:
    """The signed link, in the address or as the fields of a form."""
    given = request.POST if request.method == "POST" else request.GET
    try:
        accepted = accept(given.lists(), page=MY_PAGE, at=timezone.now())
    except LaunchRefused as refused:
        return refused_page(request, refused)
    ticket = urlencode({"ticket": accepted.ticket})
    return redirect(f"{reverse('his_plugin:enter')}?{ticket}")


@public
@shown_in_stations
@tells_no_address
@not_without_end
@require_GET
def enter(request: HttpRequest) -> HttpResponse:
    """The ticket of an accepted launch opens the page, once."""
    ticket = request.GET.get("ticket", "")
    try:
        entry = redeem(ticket, at=timezone.now())
    except LaunchRefused as refused:
        return refused_page(request, refused)
    if entry.is_framed or request.headers.get("Sec-Fetch-Dest") in FRAMES:
        return framed_page(request, entry.user, entry.station, entry.patient)
    return _entered(request, entry.user, entry.station, entry.patient)


@public
@shown_in_stations
@tells_no_address
@not_without_end
@require_GET
def oidc(request: HttpRequest, name: str) -> HttpResponse:
    """To a platform that speaks OpenID Connect."""
    return _sent(request, lambda: way_to(request, Method.OIDC, name))


@public
@shown_in_stations
@tells_no_address
@not_without_end
@require_GET
def cas(request: HttpRequest, name: str) -> HttpResponse:
    """To a platform that speaks CAS."""
    return _sent(request, lambda: way_to(request, Method.CAS, name))


@public
@shown_in_stations
@tells_no_address
@not_without_end
@require_GET
def smart(request: HttpRequest) -> HttpResponse:
    """The launch address of SMART: ``iss`` and ``launch`` of the HIS that opens us."""
    return _sent(request, lambda: way_to_ehr(request))


@public
@shown_in_stations
@tells_no_address
@not_without_end
@require_GET
def oidc_back(request: HttpRequest, name: str) -> HttpResponse:
    return _back(request, Method.OIDC, name)


@public
@shown_in_stations
@tells_no_address
@not_without_end
@require_GET
def cas_back(request: HttpRequest, name: str) -> HttpResponse:
    return _back(request, Method.CAS, name)


@public
@shown_in_stations
@tells_no_address
@not_without_end
@require_GET
def smart_back(request: HttpRequest, name: str) -> HttpResponse:
    return _back(request, Method.SMART, name)


def _sent(request: HttpRequest, way: Callable[[], Way]) -> HttpResponse:
    try:
        going = way()
    except LaunchRefused as refused:
        return refused_page(request, refused)
    return remember(HttpResponseRedirect(going.address), going.handshake)


def _back(request: HttpRequest, method: Method, name: str) -> HttpResponse:
    """What stands in this address leads no further than here."""
    try:
        accepted = come_back(request, method, name, at=timezone.now())
    except LaunchRefused as refused:
        return forget(refused_page(request, refused))
    launch = accepted.launch
    return forget(_entered(request, accepted.user, launch.station, launch.patient))


def _entered(
    request: Any, user: User, station: str, patient: Mapping[str, str]
) -> HttpResponse:
    open_launched_session(request, user, station=station)
    if patient:
        request.session[PATIENT] = dict(patient)
    return redirect("his_plugin:my-privileges")
