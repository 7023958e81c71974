"""我的权限 inside a page of a station: no cookie, a token of a quarter of an hour.

Each answer carries the token for the next click, in a field of its forms; a program may
send it in the header instead. A click that comes too late is told to begin again.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from his_plugin.embedding import shown_in_stations, tells_no_address
from his_plugin.launch.haste import not_without_end
from his_plugin.launch.pages import refused_page
from his_plugin.launch.refusals import LaunchRefused, Refusal
from his_plugin.launch.services import Trace, traced
from his_plugin.my.presenters import MyPage, context_of, my_page
from his_plugin.tokens import (
    Audience,
    Holder,
    TokenExpired,
    TokenWrong,
    holder_of,
    issue,
    now_seconds,
)
from permissions.queries.applications import open_applications
from permissions.queries.grants import states_of
from portal.accounts.guards import public
from portal.accounts.models import User
from portal.directory.models import Practitioner

FIELD = "launch_token"
LONGEST_TOKEN = 1024


def page_of(
    practitioner: Practitioner, *, tab: str, station: str, patient: Mapping[str, str]
) -> MyPage:
    """What the page shows, for whoever asked by session or by token."""
    return my_page(
        practitioner,
        states_of(practitioner),
        list(open_applications().filter(practitioner=practitioner)),
        tab=tab,
        context=context_of(station, patient),
        now=timezone.now(),
    )


def framed_page(
    request: HttpRequest, user: User, station: str, patient: Mapping[str, str]
) -> HttpResponse:
    """The first page of a framed launch, by somebody who was just let in."""
    practitioner = Practitioner.objects.select_related("department").get(user=user)
    holder = Holder(user, practitioner, station, patient, now_seconds())
    return _page(request, holder, tab="")


@csrf_exempt  # no cookie speaks for anybody here; the token in the form does
@public
@shown_in_stations
@tells_no_address
@not_without_end
@require_POST
def my_framed(request: HttpRequest) -> HttpResponse:
    """A click inside the frame: the page again, for the next quarter of an hour."""
    try:
        holder = _holder(request)
    except LaunchRefused as refused:
        return refused_page(request, refused)
    return _page(request, holder, tab=request.GET.get("tab", ""))


def _holder(request: HttpRequest) -> Holder:
    """By ``Authorization: Bearer`` or the field ``launch_token``. LaunchRefused."""
    kind, _space, header = request.headers.get("Authorization", "").partition(" ")
    token = header if kind.lower() == "bearer" else request.POST.get(FIELD, "")
    with traced(Trace("FRAME")):
        try:
            return holder_of(token[:LONGEST_TOKEN], Audience.MY_PAGE)
        except (TokenExpired, TokenWrong):
            raise LaunchRefused(Refusal.PAGE_TOKEN) from None


def _page(request: HttpRequest, holder: Holder, *, tab: str) -> HttpResponse:
    token = issue(
        emp_no=holder.practitioner.emp_no,
        station=holder.station,
        audience=Audience.MY_PAGE,
        patient=holder.patient,
        begun_at=holder.begun_at,
    )
    page = page_of(
        holder.practitioner, tab=tab, station=holder.station, patient=holder.patient
    )
    context = {
        "page": page,
        "layout": "base_embed.html",
        "is_launched": True,
        "token": token,
        "token_field": FIELD,
    }
    return render(request, "his_plugin/my_privileges.html", context)
