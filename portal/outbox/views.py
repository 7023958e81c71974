"""The arrival of one message, as the fragment that refreshes itself until it is final."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, demand_department, requires
from portal.directory.queries import practitioner_by_emp_no
from portal.outbox.models import Message
from portal.outbox.presenters import live_arrival
from portal.outbox.queries import shown


@requires(Capability.VIEW_PRIVILEGES)
def message_arrival(request: AuthenticatedRequest, message_id: int) -> HttpResponse:
    """Pages draw ``presenters.live_arrival`` once; it then asks here."""
    message = get_object_or_404(shown(), pk=message_id)
    _demand_scope(request, message)
    return render(request, "outbox/_arrival.html", {"it": live_arrival(message)})


def _demand_scope(request: AuthenticatedRequest, message: Message) -> None:
    """Numbers of messages can be guessed: of a doctor only who looks after the
    department sees how far it came. What is of no doctor is the whole house's."""
    emp_no = message.payload.get("emp_no")
    if emp_no is None:
        return
    doctor = practitioner_by_emp_no(emp_no)
    demand_department(request, doctor.department.code if doctor else "")
