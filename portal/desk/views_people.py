"""用户与角色: the lists, the page of one user, what each role brings."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.accounts.models import RoleAssignment, User
from portal.accounts.queries import holders_by_role, pending_roles
from portal.desk.lists_people import REQUESTS, USERS, listed_users
from portal.desk.presenters_people import request_rows
from portal.desk.profile_people import user_page
from portal.desk.roles_people import role_table
from portal.ui.lists import list_response

BODY = "user-body"


@requires(Capability.VIEW_USERS)
@require_GET
def user_list(request: AuthenticatedRequest) -> HttpResponse:
    """All users with their roles."""
    return list_response(
        request,
        USERS,
        listed_users(),
        template="accounts/user_list.html",
        context={"list_title": _("用户与角色")},
    )


@requires(Capability.VIEW_USERS)
@require_GET
def user_detail(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One user; after an act the page asks for its body again."""
    user = get_object_or_404(User.objects.select_related("loginsession"), pk=pk)
    page = user_page(user, viewer=request.user, capabilities=request.capabilities)
    is_fragment = request.headers.get("HX-Target") == BODY
    name = "_user_body" if is_fragment else "user_detail"
    context = {"page": page, "oob": is_fragment}
    return render(request, f"accounts/{name}.html", context)


@requires(Capability.VIEW_USERS)
@require_GET
def role_requests(request: AuthenticatedRequest) -> HttpResponse:
    """Roles that wait for a second person."""
    present = partial(
        request_rows, viewer=request.user, capabilities=request.capabilities
    )
    return list_response(
        request,
        replace(REQUESTS, present=present),
        pending_roles(),
        template="accounts/role_requests.html",
    )


@requires(Capability.VIEW_USERS)
@require_GET
def role_overview(request: AuthenticatedRequest) -> HttpResponse:
    """What each role brings."""
    table = role_table(holders_by_role())
    return render(request, "accounts/role_table.html", {"table": table})


def decided_row(request: AuthenticatedRequest, item: RoleAssignment) -> HttpResponse:
    """The row of a request, as it stands after the decision."""
    decided = RoleAssignment.objects.select_related("user", "requested_by")
    rows = request_rows(
        [decided.get(pk=item.pk)],
        viewer=request.user,
        capabilities=request.capabilities,
    )
    context = {"row": rows[0], "oob": True}
    return render(request, "accounts/_request_row.html", context)
