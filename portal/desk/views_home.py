"""工作台: what needs doing, by what this user may do."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires, signed_in
from portal.desk.presenters_home import home_page
from portal.desk.views_his import his_state
from portal.ui.navigation import url_if_any

OWN = frozenset({Capability.VIEW_OWN_PRIVILEGES})


@signed_in
@require_GET
def home(request: AuthenticatedRequest) -> HttpResponse:
    """Doctors without an office go to their own rights."""
    own = url_if_any("his_plugin:my-privileges")
    if own and request.capabilities == OWN:
        return redirect(own)
    page = home_page(request.user, request.capabilities, request.scope)
    return render(request, "desk/home.html", {"page": page})


@requires(Capability.VIEW_HIS)
@require_GET
def home_his(request: AuthenticatedRequest) -> HttpResponse:
    """Whether the HIS answers; a fragment, so that a dead HIS holds up no page."""
    return render(request, "desk/_home_his.html", {"tile": his_state().tile})
