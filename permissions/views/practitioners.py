"""医师档案: who they are by the HIS, and what they may do by us."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from permissions.presenters import words
from permissions.presenters.grants import timeline
from permissions.presenters.practitioners import AsOf, as_of, practitioner_page
from permissions.presenters.reviews import review_rows
from permissions.queries.grants import events_of, states_of
from permissions.queries.ledger import privileges_of
from permissions.queries.practitioners import Holdings, holdings_of, practitioners
from permissions.queries.reviews import reviews_of
from permissions.views.lists import PRACTITIONERS
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.directory.models import Practitioner
from portal.directory.queries import practitioner_by_emp_no
from portal.outbox.queries import arrival_of
from portal.parameters.days import start_of
from portal.ui.filters import day_or_none
from portal.ui.lists import list_response

MOMENTS = 20


@requires(Capability.VIEW_PRIVILEGES)
def practitioner_list(request: AuthenticatedRequest) -> HttpResponse:
    return list_response(
        request,
        PRACTITIONERS,
        practitioners(),
        template="permissions/practitioner_list.html",
    )


@requires(Capability.VIEW_PRIVILEGES)
def practitioner_detail(request: AuthenticatedRequest, emp_no: str) -> HttpResponse:
    """Master data, rights with their arrival, and what happened."""
    practitioner = practitioner_by_emp_no(emp_no)
    if practitioner is None:
        raise Http404
    now = timezone.now()
    states = states_of(practitioner)
    ceiling = holdings_of([practitioner.pk], now).get(practitioner.pk, Holdings(0, 0))
    events = events_of(practitioner, limit=MOMENTS)
    context = {
        "page": practitioner_page(practitioner, states, ceiling.ceiling),
        "as_of": _as_of(request, practitioner),
        "timeline": timeline(events, arrival_of([event.subject for event in events])),
        "has_events": bool(events),
        "reviews": review_rows(reviews_of(practitioner)),
    }
    if request.htmx and request.htmx.target == "rights":
        return render(request, "permissions/_rights.html", context)
    return render(request, "permissions/practitioner_detail.html", context)


def _as_of(request: AuthenticatedRequest, practitioner: Practitioner) -> AsOf | None:
    """「某日有何权限」: at the end of a day, by what is known now or was known then."""
    on = day_or_none(request.GET.get("on", ""))
    if on is None:
        return None
    is_known_then = request.GET.get("known") == "then"
    end = start_of(on) + timedelta(days=1) - timedelta(microseconds=1)
    known_at: datetime | None = end if is_known_then else None
    grants = privileges_of(practitioner, end, known_at)
    rights = [
        f"{words.what_in_one(grant)} {words.setting_word(grant.setting)}"
        for grant in grants
    ]
    return as_of(on, is_known_then=is_known_then, rights=rights)
