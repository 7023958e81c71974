"""权限维护: the ledger as a list, and what can be done to each line."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from permissions import services
from permissions.enums import EventKind
from permissions.forms import RestoreForm, TakeAwayForm
from permissions.models import GrantEvent, GrantState
from permissions.presenters import words
from permissions.presenters.grants import (
    ChangeDrawer,
    change_drawer,
    grant_rows,
    history,
)
from permissions.queries.grants import events_of_grant, state_or_none
from permissions.views.lists import BATCH, grant_list_spec
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.outbox.queries import arrival_of
from portal.ui.elements import Note
from portal.ui.lists import list_response
from portal.ui.notices import invalid, saved

Act = Callable[..., GrantEvent]
ACTS: dict[EventKind, Act] = {
    EventKind.SUSPEND: services.suspend,
    EventKind.RESTORE: services.restore,
    EventKind.REVOKE: services.revoke,
    EventKind.VOID: services.void,
}
WITH_CODE = frozenset({EventKind.SUSPEND, EventKind.REVOKE})
NOTES = {
    EventKind.REVOKE: Note(
        "warn", _("取消后不能恢复；要再授予须重新申请。此前的有效期照旧。")
    ),
    EventKind.VOID: Note(
        "warn",
        _("作废表示录入有误：这项授权视为从未有效，记录保留。本应结束的请用取消。"),
    ),
}


@requires(Capability.VIEW_PRIVILEGES)
def grant_list(request: AuthenticatedRequest) -> HttpResponse:
    """The list, its rows alone, or the list as a file."""
    return list_response(
        request,
        grant_list_spec(timezone.now(), request.capabilities),
        GrantState.objects.all(),
        template="permissions/grant_list.html",
    )


@requires(Capability.CHANGE_GRANT)
def grant_change(
    request: AuthenticatedRequest, state_id: int, act: str
) -> HttpResponse:
    """The drawer of one act on one grant, and the act."""
    kind, state = _kind_or_404(act), _state_or_404(state_id)
    form_class = TakeAwayForm if kind in WITH_CODE else RestoreForm
    if not request.htmx:
        return redirect("permissions:grant-list")
    if request.method != "POST":
        form = form_class(initial={"seen": state.last_event_id}, auto_id="drawer_%s")
        return _drawer(request, state, kind, form)
    form = form_class(request.POST, auto_id="drawer_%s")
    if form.is_valid() and _done(request, state, kind, form):
        return _changed(request, state_id, change_drawer(state, kind))
    return invalid(_drawer(request, _state_or_404(state_id), kind, form))


def _done(
    request: AuthenticatedRequest, state: GrantState, kind: EventKind, form: RestoreForm
) -> bool:
    """Do it; a refusal goes into the form, beside what was typed."""
    given = form.cleaned_data
    try:
        ACTS[kind](
            state=state,
            by=request.user,
            at=timezone.now(),
            reason_code=given.get("reason_code", ""),
            reason=given["reason"],
            seen=given["seen"],
        )
    except services.ActRefused as refused:
        field = refused.field if refused.field in form.fields else None
        form.add_error(field, str(refused.message))
        return False
    return True


def _drawer(
    request: AuthenticatedRequest,
    state: GrantState,
    kind: EventKind,
    form: RestoreForm,
) -> HttpResponse:
    drawer = change_drawer(state, kind, note=NOTES.get(kind))
    context = {"drawer": drawer, "form": form, "drawer_post": request.path}
    return render(request, "permissions/_change_drawer.html", context)


def _changed(
    request: AuthenticatedRequest, state_id: int, drawer: ChangeDrawer
) -> HttpResponse:
    """On the list only the row is replaced; other pages read themselves again."""
    detail = f"{drawer.row.name} {drawer.row.what}"
    path = request.htmx.current_url_abs_path or ""
    if not path.startswith(reverse("permissions:grant-list")):
        return saved(drawer.done, detail)
    row = render_to_string(
        "permissions/_grant_row.html",
        {
            "row": grant_rows([_state_or_404(state_id)])[0],
            "oob": True,
            "is_selectable": not BATCH.isdisjoint(request.capabilities),
        },
        request,
    )
    return saved(drawer.done, detail, rows=row)


@requires(Capability.VIEW_PRIVILEGES)
def grant_history(request: AuthenticatedRequest, state_id: int) -> HttpResponse:
    """What happened to one grant, in a drawer."""
    state = _state_or_404(state_id)
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
    row = grant_rows([_state_or_404(state_id)])[0]
    element = row.long_arrival if request.GET.get("long") else row.arrival
    if element is None:
        raise Http404
    return render(request, "permissions/_arrival.html", {"it": element})


def _kind_or_404(act: str) -> EventKind:
    kinds = {kind.lower(): kind for kind in ACTS}
    if act not in kinds:
        raise Http404
    return kinds[act]


def _state_or_404(state_id: int) -> GrantState:
    state = state_or_none(state_id)
    if state is None:
        raise Http404
    return state
