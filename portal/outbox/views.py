"""The arrival of one message, as the fragment that refreshes itself until it is final."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.outbox.presenters import live_arrival
from portal.outbox.queries import shown


@requires(Capability.VIEW_PRIVILEGES)
def message_arrival(request: AuthenticatedRequest, message_id: int) -> HttpResponse:
    """Pages draw ``presenters.live_arrival`` once; it then asks here."""
    message = get_object_or_404(shown(), pk=message_id)
    return render(request, "outbox/_arrival.html", {"it": live_arrival(message)})
