"""HIS 对接: how its interfaces are, what waits for the HIS and what it said.

The page itself asks our database only; the tiles come as a fragment that also asks the
HIS for a sign of life, so a dead HIS never holds up the page.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from django import forms
from django.core.cache import cache
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET
from django_htmx.http import trigger_client_event

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.desk import presenters_his as present
from portal.desk import presenters_interfaces as interface
from portal.desk.interface_words import PULLED
from portal.directory import pull_queries
from portal.directory.conformance import last_conformance
from portal.his.gateway import HisMisconfigured, HisUnavailable
from portal.his.opening import from_settings
from portal.outbox import queries, services
from portal.outbox.kinds import KINDS
from portal.outbox.models import Attempt, Message, State
from portal.parameters.days import start_of
from portal.ui.filters import ChoiceFilter, DateRange, Search
from portal.ui.lists import Column, ListSpec, QuickView, list_response
from portal.ui.moments import today
from portal.ui.notices import invalid, saved
from surgery.presenters.grade_differences import his_note
from surgery.queries.grade_differences import latest_comparison

PING_TIMEOUT_SECONDS = 2
PING_KEPT_SECONDS = 5


def by_key(text: str) -> Q:
    """The number of a doctor or the code of a procedure, as streams are named."""
    return Q(stream__startswith=f"practitioner:{text}") | Q(
        stream__startswith=f"procedure:{text}"
    )


MESSAGES = ListSpec[Message, present.MessageRow](
    key="messages",
    columns=(
        Column("change", _("变更"), export=lambda row: f"{row.key} {row.code}"),
        Column("enqueued", _("已批"), order=("enqueued_at",), css="nw"),
        Column("state", _("状态"), export=lambda row: str(row.chip.text)),
        Column("tries", _("已试"), order=("tries",), export=lambda row: row.tries),
        Column("reason", _("原因与下次"), export=lambda row: row.reason),
        Column("acts", _("操作")),
    ),
    search=Search(_("工号或手术编码"), by_key),
    filters=(
        ChoiceFilter("state", _("状态"), State.choices, "state"),
        DateRange("on", _("日期"), "enqueued_at"),
    ),
    views=(
        QuickView("open", _("待处理"), queries.IS_OPEN),
        QuickView("waiting", _("等待"), queries.IS_WAITING),
        QuickView("stuck", _("卡住"), queries.IS_STUCK, tone="warn"),
        QuickView("rejected", _("拒收"), queries.IS_REJECTED, tone="bad"),
        QuickView(
            "doubt",
            _("未知与不一致"),
            queries.IS_UNKNOWN | queries.IS_DIFFERENT,
            tone="bad",
        ),
        QuickView("all", _("全部")),
    ),
    order=("-id",),
    present=present.message_rows,
    row_template="desk/_his_row.html",
    nothing=_("没有符合条件的消息"),
)


@requires(Capability.VIEW_HIS)
@require_GET
def his(request: AuthenticatedRequest) -> HttpResponse:
    """The page, or the rows of its list."""
    return list_response(
        request, MESSAGES, Message.objects.all(), template="desk/his.html"
    )


@requires(Capability.VIEW_HIS)
@require_GET
def his_tiles(request: AuthenticatedRequest) -> HttpResponse:
    """Numbers and interfaces; the list reads itself anew with them."""
    facts = facts_now()
    interfaces, beside = interface.tiles(facts), interface.auxiliary_tiles(facts)
    links = {
        tile.name: reverse("desk:his-interface", args=[tile.name])
        for tile in (*interfaces, *beside)
    }
    times = [attempt.duration_ms for attempt in facts.attempts]
    deliveries = present.Deliveries(
        sum(facts.confirmed_today.values()), round(median(times)) if times else None
    )
    context = {
        "tiles": present.tiles(
            queries.figures(), his_state(), interfaces, deliveries, reverse("desk:his")
        ),
        "interfaces": interfaces,
        "beside": beside,
        "notes": interface.notes((*interfaces, *beside), links),
        "grades": his_note(latest_comparison()),
        "read_at": timezone.now(),
    }
    response = render(request, "desk/_his_tiles.html", context)
    if request.headers.get("X-YW-Poll"):
        trigger_client_event(response, "yw:changed", {}, after="settle")
    return response


def facts_now() -> interface.Facts:
    """What all tiles are made of, in six queries."""
    return interface.Facts(
        runs=pull_queries.recent_runs(len(PULLED)),
        ever_taken=pull_queries.ever_taken(),
        losses=pull_queries.current_losses(),
        conformance=last_conformance(),
        attempts=recent_attempts(),
        confirmed_today=confirmed_today(),
    )


def facts_of(name: str) -> interface.Facts:
    """What the tile of one interface is made of."""
    is_pulled = name in PULLED
    return interface.Facts(
        runs=pull_queries.runs_of(name) if is_pulled else {},
        ever_taken=pull_queries.ever_taken() if is_pulled else frozenset(),
        losses=pull_queries.current_losses() if is_pulled else {},
        conformance=last_conformance(),
        attempts=() if is_pulled else recent_attempts(),
        confirmed_today={} if is_pulled else confirmed_today(),
    )


def recent_attempts() -> list[Attempt]:
    """The last of all kinds, without what the messages say."""
    found = Attempt.objects.select_related("message").defer("message__payload")
    return list(found.order_by("-id")[: pull_queries.RUNS_SHOWN * len(KINDS)])


def confirmed_today() -> dict[str, int]:
    """How many, by kind."""
    found = Message.objects.filter(confirmed_at__gte=start_of(today())).order_by()
    return dict(found.values_list("kind").annotate(Count("pk")))


def his_state() -> present.HisState:
    """A sign of life, asked for at most every few seconds however many look on."""
    state: present.HisState | None = cache.get("desk.his_state")
    if state is None:
        state = ask_his()
        cache.set("desk.his_state", state, PING_KEPT_SECONDS)
    return state


def ask_his() -> present.HisState:
    try:
        seconds = from_settings(PING_TIMEOUT_SECONDS).ping()
    except (HisUnavailable, HisMisconfigured) as problem:
        return present.HisState(None, str(problem))
    return present.HisState(max(round(seconds * 1000), 1))


@requires(Capability.VIEW_HIS)
@require_GET
def his_message(request: AuthenticatedRequest, message_id: int) -> HttpResponse:
    """The drawer of one message: the call, the answer, every try."""
    message = get_object_or_404(Message, pk=message_id)
    attempts = list(message.attempts.order_by("-id"))
    context = {
        "row": present.message_rows([message])[0],
        "request_lines": present.request_lines(message),
        "mismatch": present.mismatch_of(message),
        "attempts": present.attempts_of(attempts),
        "can_operate": Capability.OPERATE_HIS in request.capabilities,
        "drawer_post": "",
    }
    return render(request, "desk/_his_message.html", context)


class HisReasonForm(forms.Form):
    """Why a person steps in; it goes to the event log."""

    reason = forms.CharField(
        label=_("原因"),
        max_length=services.REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("写入事件日志"),
    )


@requires(Capability.OPERATE_HIS)
def his_retry(request: AuthenticatedRequest, message_id: int) -> HttpResponse:
    """重新送达, with a reason."""
    return _act(request, message_id, services.retry, "retry", _("已重新排队"))


@requires(Capability.OPERATE_HIS)
def his_stop(request: AuthenticatedRequest, message_id: int) -> HttpResponse:
    """停止, with a reason."""
    return _act(request, message_id, services.stop, "stop", _("已停止"))


def _act(
    request: AuthenticatedRequest,
    message_id: int,
    act: Callable[..., Message],
    name: str,
    done: Any,
) -> HttpResponse:
    message = get_object_or_404(Message, pk=message_id)
    form = HisReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            act(message=message, by=request.user, at=timezone.now(), reason=reason)
        except services.NotPossible as problem:
            form.add_error(None, str(_(str(problem))))
        else:
            return saved(done, f"#{message.pk}")
    context = {
        "row": present.message_rows([message])[0],
        "form": form,
        "is_stop": name == "stop",
        "drawer_post": request.path,
    }
    answer = render(request, "desk/_his_act.html", context)
    return invalid(answer) if request.method == "POST" else answer
