"""权限维护: the ledger as a list, and what there is to see of each line."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from permissions.models import GrantState
from permissions.presenters import words
from permissions.presenters.grants import grant_rows, history
from permissions.queries.grants import events_of_grant
from permissions.views.lists import grant_list_spec
from permissions.views.scoped import OF_PRACTITIONER, state_in_scope
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.outbox.queries import arrival_of
from portal.ui.lists import list_response


@requires(Capability.VIEW_PRIVILEGES)
def grant_list(request: AuthenticatedRequest) -> HttpResponse:
    """The list, its rows alone, or the list as a file."""
    return list_response(
        request,
        grant_list_spec(timezone.now(), request.capabilities),
        GrantState.objects.filter(request.scope.of(OF_PRACTITIONER)),
        template="permissions/grant_list.html",
    )


@requires(Capability.VIEW_PRIVILEGES)
def grant_history(request: AuthenticatedRequest, state_id: int) -> HttpResponse:
    """What happened to one grant, in a drawer."""
    state = state_in_scope(request, state_id)
    if not request.htmx:
        emp_no = state.practitioner.emp_no
        return redirect("permissions:practitioner-detail", emp_no=emp_no)
    events = events_of_grant(state.grant_id)
    arrivals = arrival_of([event.subject for event in events])
    context = {
        "row": grant_rows([state])[0],
        "person": words.person(state.practitioner),
        "reason": state.grant.application.reason if state.grant.application else "",
        "timeline": history(events, arrivals),
    }
    return render(request, "permissions/_history_drawer.html", context)


@requires(Capability.VIEW_PRIVILEGES)
def grant_arrival(request: AuthenticatedRequest, state_id: int) -> HttpResponse:
    """How far the last change of one grant has come; asked again and again."""
    row = grant_rows([state_in_scope(request, state_id)])[0]
    element = row.long_arrival if request.GET.get("long") else row.arrival
    if element is None:
        raise Http404
    return render(request, "permissions/_arrival.html", {"it": element})
