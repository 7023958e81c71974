"""One thing of a page, if there is one and this user may look at its department."""

from __future__ import annotations

from django.http import Http404

from permissions.models import GrantState
from permissions.queries.grants import OF_PRACTITIONER, state_or_none
from portal.accounts.guards import AuthenticatedRequest, demand_department
from portal.directory.models import Practitioner
from portal.directory.queries import practitioner_by_emp_no

__all__ = ["OF_PRACTITIONER", "practitioner_in_scope", "state_in_scope"]


def practitioner_in_scope(request: AuthenticatedRequest, emp_no: str) -> Practitioner:
    found = practitioner_by_emp_no(emp_no)
    if found is None:
        raise Http404
    demand_department(request, found.department.code)
    return found


def state_in_scope(request: AuthenticatedRequest, state_id: int) -> GrantState:
    found = state_or_none(state_id)
    if found is None:
        raise Http404
    demand_department(request, found.practitioner.department.code)
    return found
