"""受影响手术: the list, and the drawer in which one operation is seen to."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from permissions.forms.bookings import HandleForm
from permissions.models import BookingHit
from permissions.presenters.bookings import hit_page
from permissions.queries.bookings import OF_SURGEON, booking_hits, hit_or_none
from permissions.services import ActRefused
from permissions.services import bookings as services
from permissions.views.lists_bookings import booking_list_spec
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, demand_department, requires
from portal.ui.lists import list_response
from portal.ui.notices import invalid, saved, with_toast


@requires(Capability.VIEW_PRIVILEGES)
@require_GET
def booking_list(request: AuthenticatedRequest) -> HttpResponse:
    return list_response(
        request,
        booking_list_spec(request.user, timezone.now()),
        booking_hits().filter(request.scope.of(OF_SURGEON)),
        template="components/list_page.html",
        context={"list_title": _("受影响手术")},
    )


@requires(Capability.VIEW_PRIVILEGES)
def booking_hit(request: AuthenticatedRequest, hit_id: int) -> HttpResponse:
    """The drawer: what was hit, why, and the form for whoever sees to it."""
    hit = _hit_in_scope(request, hit_id)
    if not request.htmx:
        return redirect(f"{reverse('permissions:booking-list')}?view=all")
    may_handle = Capability.HANDLE_BOOKING in request.capabilities
    if request.method != "POST" or not may_handle:
        form = HandleForm(auto_id="drawer_%s") if may_handle else None
        return _drawer(request, hit, form)
    form = HandleForm(request.POST, auto_id="drawer_%s")
    if form.is_valid() and _handled(request, hit, form):
        return saved(_("已处理 1 台手术"), hit.application_no)
    return invalid(_drawer(request, _hit_in_scope(request, hit_id), form))


@requires(Capability.HANDLE_BOOKING)
@require_POST
def booking_claim(request: AuthenticatedRequest, hit_id: int) -> HttpResponse:
    """认领."""
    hit = _hit_in_scope(request, hit_id)
    try:
        services.claim(hit=hit, by=request.user, at=timezone.now())
    except ActRefused as refused:
        return with_toast(HttpResponse(), _("没有认领"), refused.message, tone="warn")
    return saved(_("已认领"), hit.application_no)


def _handled(request: AuthenticatedRequest, hit: BookingHit, form: HandleForm) -> bool:
    try:
        services.handle(
            hit=hit, by=request.user, at=timezone.now(), **form.cleaned_data
        )
    except ActRefused as refused:
        field = refused.field if refused.field in form.fields else None
        form.add_error(field, str(refused.message))
        return False
    return True


def _drawer(
    request: AuthenticatedRequest, hit: BookingHit, form: HandleForm | None
) -> HttpResponse:
    history = hit.history.select_related("history_user").order_by("-history_id")
    page = hit_page(hit, list(history))
    context = {
        "page": page,
        "form": form if page.is_open else None,
        "claim_url": reverse("permissions:booking-claim", args=[hit.pk]),
        "drawer_post": request.path if form and page.is_open else "",
    }
    return render(request, "permissions/_booking_drawer.html", context)


def _hit_in_scope(request: AuthenticatedRequest, hit_id: int) -> BookingHit:
    hit = hit_or_none(hit_id)
    if hit is None:
        raise Http404
    demand_department(request, hit.surgeon.department.code)
    return hit
