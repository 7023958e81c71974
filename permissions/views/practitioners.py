"""医师档案: who they are by the HIS, and what they may do by us."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from permissions.presenters.doctor_file import (
    AsOf,
    as_of_bar,
    doctor_file,
    whole_timeline,
)
from permissions.presenters.drifts import doctor_chip
from permissions.presenters.grants import grant_rows
from permissions.presenters.lines import line_rows
from permissions.presenters.reviews import review_rows
from permissions.queries.drifts import drifts_of
from permissions.queries.grants import events_of, states_of
from permissions.queries.ledger import difference
from permissions.queries.practitioners import (
    Holdings,
    holdings_of,
    practitioners,
    qualifications_of,
)
from permissions.queries.reviews import reviews_of
from permissions.views.asked import AskedDay, asked_day, end_of_day, notes_of
from permissions.views.lists import PRACTITIONERS
from permissions.views.scoped import practitioner_in_scope
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.directory.models import Practitioner
from portal.outbox.queries import arrival_of
from portal.parameters.days import day_of
from portal.ui.lists import list_response

MOMENTS, ALL_MOMENTS = 20, 1000
# What the page compares today with while no day is asked about.
LOOK_BACK = timedelta(days=90)


@requires(Capability.VIEW_PRIVILEGES)
def practitioner_list(request: AuthenticatedRequest) -> HttpResponse:
    return list_response(
        request,
        PRACTITIONERS,
        practitioners().filter(request.scope.of("department__code")),
        template="permissions/practitioner_list.html",
    )


@requires(Capability.VIEW_PRIVILEGES)
def practitioner_detail(request: AuthenticatedRequest, emp_no: str) -> HttpResponse:
    """Master data, rights as they stand on a day, as known now or then, and history."""
    practitioner = practitioner_in_scope(request, emp_no)
    now = timezone.now()
    on = asked_day(request.GET.get("on", "").strip(), now)
    is_known_then = request.GET.get("known") == "then"
    looks_back = on.moment != now
    states = states_of(practitioner)
    lines = line_rows(
        states,
        on.moment,
        on.moment if is_known_then else None,
        rows=[] if looks_back else grant_rows(states),
    )
    held = holdings_of([practitioner.pk], now).get(practitioner.pk, Holdings(0, 0))
    qualified = qualifications_of(practitioner)
    page = doctor_file(practitioner, lines, held.ceiling, qualified, on.day)
    context = {
        "page": page,
        "looks_back": looks_back,
        "on": on,
        "notes": notes_of(on.problem),
        "reviews": review_rows(reviews_of(practitioner)),
    }
    if request.htmx and request.htmx.target == "rights":
        return render(request, "permissions/_rights.html", context)
    shows_all = request.GET.get("all") == "1"
    events = events_of(practitioner, limit=ALL_MOMENTS if shows_all else MOMENTS)
    context |= {
        "as_of": _as_of(practitioner, on, now, is_known_then=is_known_then),
        "timeline": whole_timeline(
            events,
            arrival_of([event.subject for event in events]),
            qualified.events,
            limit=None if shows_all else MOMENTS,
        ),
        "drift": doctor_chip(drifts_of(practitioner)),
        "has_events": bool(events or qualified.events),
        "has_more": not shows_all and len(events) == MOMENTS,
    }
    return render(request, "permissions/practitioner_detail.html", context)


def _as_of(
    practitioner: Practitioner, on: AskedDay, now: datetime, *, is_known_then: bool
) -> AsOf:
    """「某日有何权限」 compared with today; today with what was three months ago."""
    today = day_of(now)
    first = on.day if on.day != today else today - LOOK_BACK
    first, second = min(first, today), max(first, today)
    found = difference(
        practitioner, end_of_day(first, now), end_of_day(second, now), None
    )
    return as_of_bar(
        practitioner.emp_no, first, second, found, is_known_then=is_known_then
    )
