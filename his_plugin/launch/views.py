"""The door of the stations: a signed link in, a page without it out.

``/sso/launch`` answers with a one-time ticket and leads to ``/sso/enter``, which opens
the session and leads to the page: neither signature nor ticket stays in the address bar
or in the history. A refused launch leaves a session of this browser as it is.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from his_plugin.embedding import shown_in_stations, tells_no_address
from his_plugin.launch.parameters import MY_PAGE
from his_plugin.launch.refusals import LaunchRefused, words_of
from his_plugin.launch.services import accept, redeem
from portal.accounts.guards import public
from portal.accounts.sessions import open_launched_session
from portal.ui.errors import NUMBER_LENGTH

# In a launched session: the patient the station was at; shown, never believed.
PATIENT = "launch_patient"


@csrf_exempt  # a station posts from its own page; the signature is the proof
@public
@shown_in_stations
@tells_no_address
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
@require_GET
def enter(request: Any) -> HttpResponse:
    """The ticket of an accepted link opens the session, once."""
    ticket = request.GET.get("ticket", "")
    try:
        entry = redeem(ticket, at=timezone.now())
    except LaunchRefused as refused:
        return refused_page(request, refused)
    open_launched_session(request, entry.user, station=entry.station)
    if entry.patient:
        request.session[PATIENT] = dict(entry.patient)
    return redirect("his_plugin:my-privileges")


def refused_page(request: HttpRequest, refused: LaunchRefused) -> HttpResponse:
    context = {
        "refusal": refused.refusal,
        "words": words_of(refused.refusal),
        "number": getattr(request, "request_id", "")[:NUMBER_LENGTH],
    }
    return render(
        request,
        "his_plugin/launch_refused.html",
        context,
        status=refused.refusal.status,
    )
