"""The drawers of the acts on lines that are granted, for one line or for many.

Opening shows who and what, the fields and a preview; the preview reads itself again
when a field changes; confirming does the act, for many lines all of them or none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from permissions import services
from permissions.enums import EventKind
from permissions.forms import (
    ActForm,
    DowngradeForm,
    RenewForm,
    SuspendForm,
    TakeAwayForm,
)
from permissions.models import GrantEvent, GrantState
from permissions.presenters import acts
from permissions.presenters.foreseen import Foreseen, foresee
from permissions.presenters.grants import grant_rows
from permissions.presenters.lowering import lower_choices
from permissions.presenters.previews import MOST_LISTED, Preview, preview, subjects
from permissions.queries.grants import state_or_none
from permissions.services import Line
from permissions.services.refusals import ActRefused
from permissions.views.chosen import Chosen, many_lines, one_line
from permissions.views.lists import BATCH
from permissions.views.second import NotAgreed, put_refusal, second_of
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.parameters.queries import value_of
from portal.parameters.registry import LATE_RECORD_DAYS
from portal.ui.notices import invalid, saved

FORMS: dict[str, type[ActForm]] = {
    acts.RENEW: RenewForm,
    acts.SUSPEND: SuspendForm,
    acts.RESTORE: ActForm,
    acts.DOWNGRADE: DowngradeForm,
    acts.UNDO: ActForm,
    acts.REVOKE: TakeAwayForm,
    acts.VOID: ActForm,
}
SERVICES: dict[str, Callable[..., object]] = {
    acts.RENEW: services.renew,
    acts.SUSPEND: services.suspend,
    acts.RESTORE: services.restore,
    acts.DOWNGRADE: services.downgrade,
    acts.REVOKE: services.revoke,
    acts.VOID: services.void,
}
GIVING = frozenset({EventKind.RENEW, EventKind.RESTORE, EventKind.GRANT})
# As long as the proxy in front waits: hundreds of acts take some seconds.
MANY_MS = 60_000
PREVIEWED = ("last_day", "to", "reason_code", "effective_at")


@requires(Capability.CHANGE_GRANT)
@sensitive_post_parameters("second_password")
def grant_change(
    request: AuthenticatedRequest, state_id: int, act: str
) -> HttpResponse:
    """The drawer of one act on one line, and the act."""
    return _answer(_task(request, act, one_line(request, state_id)))


@requires(Capability.CHANGE_GRANT)
@require_POST
def grant_preview(
    request: AuthenticatedRequest, state_id: int, act: str
) -> HttpResponse:
    """What the act would do by what is typed so far; saves nothing."""
    return _previewed(_task(request, act, one_line(request, state_id)))


@requires(Capability.CHANGE_GRANT)
@sensitive_post_parameters("second_password")
def grants_change(request: AuthenticatedRequest, act: str) -> HttpResponse:
    """The same for many lines at once."""
    if act not in acts.FOR_MANY:
        raise Http404
    return _answer(_task(request, act, many_lines(request), is_many=True))


@requires(Capability.CHANGE_GRANT)
@require_POST
def grants_preview(request: AuthenticatedRequest, act: str) -> HttpResponse:
    """The preview for many; ``drop`` leaves out the lines that cannot."""
    if act not in acts.FOR_MANY:
        raise Http404
    task = _task(request, act, many_lines(request), is_many=True)
    if request.POST.get("drop"):
        form = task.form(request.POST)
        form.is_valid()
        found = task.foreseen(form).refused
        task = _task(request, act, task.chosen.without(found), is_many=True)
    return _previewed(task)


# --- one task -------------------------------------------------------------------------


def _task(
    request: AuthenticatedRequest, act: str, chosen: Chosen, *, is_many: bool = False
) -> Task:
    if act not in acts.ACTS:
        raise Http404
    return Task(request, act, chosen, is_many)


@dataclass(frozen=True)
class Task:
    """One act on some lines, asked for by one request."""

    request: AuthenticatedRequest
    act: str
    chosen: Chosen
    is_many: bool

    @property
    def states(self) -> list[GrantState]:
        return self.chosen.states

    @cached_property
    def needs_second(self) -> bool:
        if not self.states or not services.is_second_needed():
            return False
        return acts.kind_of(self.act, self.states[0]) in GIVING

    @cached_property
    def offered(self) -> dict[str, tuple[str, Line]]:
        """The lower lines a downgrade may choose from, by key, with their names."""
        if self.act != acts.DOWNGRADE:
            return {}
        return lower_choices(services.lower_lines(self.states[0], at=timezone.now()))

    def form(self, given: QueryDict | None = None) -> ActForm:
        late_days = value_of(LATE_RECORD_DAYS) if self.act in acts.LATE else 0
        options: dict[str, Any] = {
            "needs_second": self.needs_second,
            "late_days": late_days,
        }
        if self.act == acts.DOWNGRADE:
            options["offered"] = [
                (key, name) for key, (name, _line) in self.offered.items()
            ]
        if given is None and self.act == acts.RENEW and not self.is_many:
            longest = services.longest_renewal(self.states[0])
            options["initial"] = {"last_day": longest}
        return FORMS[self.act](given, auto_id="drawer_%s", **options)

    def foreseen(self, form: ActForm) -> Foreseen:
        typed = form.cleaned_data if form.is_bound else form.initial
        return foresee(
            self.act,
            self.states,
            by=self.request.user,
            now=timezone.now(),
            given={name: typed[name] for name in PREVIEWED if typed.get(name)},
            seen=self.chosen.seen,
            offered={key: line for key, (_name, line) in self.offered.items()},
        )

    def preview(
        self, form: ActForm, refused: Mapping[int, ActRefused] | None = None
    ) -> Preview:
        """``refused`` is what the attempt itself ran into."""
        if self.chosen.too_many:
            return Preview(0, "", is_danger=False, why_not=self.chosen.too_many)
        foreseen = self.foreseen(form)
        foreseen.refused.update(refused or {})
        return preview(foreseen, is_many=self.is_many, why_not=_wrong_day(form))


def _wrong_day(form: ActForm) -> str:
    asked = [name for name in ("last_day", "effective_at") if name in form.fields]
    return "".join(str(text) for name in asked for text in form[name].errors)


def _answer(task: Task) -> HttpResponse:
    request = task.request
    if not request.htmx:
        return redirect("permissions:grant-list")
    if request.method != "POST":
        return _drawer(task, task.form())
    form = task.form(request.POST)
    refused: dict[int, ActRefused] = {}
    if form.is_valid() and task.states:
        try:
            _do(task, form)
        except NotAgreed:
            pass
        except services.ManyRefused as many:
            refused = {task.states[at].pk: why for at, why in many.rows.items()}
            put_refusal(form, many)
        except ActRefused as one:
            put_refusal(form, one)
        else:
            return _changed(task)
    return invalid(_drawer(task, form, refused))


def _do(task: Task, form: ActForm) -> None:
    """Do it for all lines or for none; raises what refused it."""
    second = second_of(task.request, form)
    said = {**form.terms(), "by": task.request.user, "at": timezone.now()}
    if "to" in said:
        said["to"] = [task.offered[key][1] for key in said["to"]]
    if form.needs_second:
        said["second"] = second
    tasks = [partial(_do_one, task, state, said) for state in task.states]
    if not task.is_many:
        tasks[0]()
        return
    services.many(tasks, about=[state.practitioner_id for state in task.states])


def _do_one(task: Task, state: GrantState, said: Mapping[str, Any]) -> object:
    seen = task.chosen.seen.get(state.pk)
    if task.act != acts.UNDO:
        return SERVICES[task.act](state=state, seen=seen, **said)
    mine = GrantEvent.objects.filter(grant=state.grant_id)
    event = mine.filter(pk=seen or state.last_event_id).first()
    if event is None:
        raise Http404
    return services.undo(event=event, **said)


# --- answers --------------------------------------------------------------------------


def _drawer(
    task: Task, form: ActForm, refused: Mapping[int, ActRefused] | None = None
) -> HttpResponse:
    form.is_valid()
    listed = task.states[:MOST_LISTED]
    context = {
        **_context(task, form, refused),
        "form": form,
        "drawer_post": task.request.path,
        "drawer_timeout": MANY_MS if task.is_many else None,
        "words": acts.ACTS[task.act],
        "subjects": subjects(listed, timezone.now()),
        "people": len({state.practitioner_id for state in task.states}),
        "left_out": len(task.states) - len(listed),
    }
    return render(task.request, "permissions/_act_drawer.html", context)


def _previewed(task: Task) -> HttpResponse:
    form = task.form(task.request.POST)
    form.is_valid()
    context = {**_context(task, form), "is_fragment": True}
    return render(task.request, "permissions/_act_preview.html", context)


def _context(
    task: Task, form: ActForm, refused: Mapping[int, ActRefused] | None = None
) -> dict[str, Any]:
    return {
        "preview": task.preview(form, refused),
        "preview_url": f"{task.request.path.removesuffix('preview/')}preview/",
        "is_many": task.is_many,
        "ids": task.chosen.ids,
        "seen": "" if task.is_many else _seen(task.chosen),
        "is_fragment": False,
    }


def _seen(chosen: Chosen) -> int:
    state = chosen.states[0]
    return chosen.seen.get(state.pk, state.last_event_id)


def _changed(task: Task) -> HttpResponse:
    """On the list the row of one line is replaced; else the page reads itself again."""
    count = len(task.states)
    done = str(acts.ACTS[task.act].done) % {"n": count}
    if task.is_many:
        return saved(done)
    before = task.states[0]
    row = grant_rows([before])[0]
    detail = f"{row.name} {row.what}"
    path = task.request.htmx.current_url_abs_path or ""
    is_alone = acts.kind_of(task.act, before) not in {
        EventKind.GRANT,
        EventKind.DOWNGRADE,
    }
    if not is_alone or not path.startswith(reverse("permissions:grant-list")):
        return saved(done, detail)
    return saved(done, detail, rows=_row(task.request, before.pk))


def _row(request: AuthenticatedRequest, state_id: int) -> str:
    state = state_or_none(state_id)
    rows = grant_rows([state] if state else [])
    context: dict[str, Any] = {
        "row": rows[0],
        "oob": True,
        "is_selectable": not BATCH.isdisjoint(request.capabilities),
    }
    return render_to_string("permissions/_grant_row.html", context, request)
