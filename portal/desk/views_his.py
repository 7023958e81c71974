"""HIS 对接: what waits for the HIS, what it said, what was pulled from it.

The page itself asks our database only; the tiles come as a fragment that also asks the
HIS for a sign of life, so a dead HIS never holds up the page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.cache import cache
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.desk import presenters_his as present
from portal.directory.models import SyncRun
from portal.his.gateway import HisMisconfigured, HisUnavailable
from portal.his.opening import from_settings
from portal.outbox import queries, services
from portal.outbox.bell import ring
from portal.outbox.models import Message, State
from portal.ui.filters import ChoiceFilter, DateRange, Search
from portal.ui.lists import Column, ListSpec, QuickView, list_response
from portal.ui.notices import invalid, saved, with_toast

PING_TIMEOUT_SECONDS = 2
PING_KEPT_SECONDS = 5
RUNS_SHOWN = 6


def by_staff_no(text: str) -> Q:
    return Q(stream__startswith=f"practitioner:{text}")


MESSAGES = ListSpec[Message, present.MessageRow](
    key="messages",
    columns=(
        Column("change", _("变更"), export=lambda row: f"{row.emp_no} {row.code}"),
        Column("enqueued", _("已批"), order=("enqueued_at",), css="nw"),
        Column("state", _("状态"), export=lambda row: str(row.chip.text)),
        Column("tries", _("已试"), order=("tries",), export=lambda row: row.tries),
        Column("reason", _("原因与下次"), export=lambda row: row.reason),
        Column("acts", _("操作")),
    ),
    search=Search(_("工号"), by_staff_no),
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
    """Numbers, the HIS, the last pulls; the list reads itself anew with them."""
    figures = queries.figures()
    runs = SyncRun.objects.order_by("-started_at", "-pk")[:RUNS_SHOWN]
    context = {
        "tiles": present.tiles(figures, his_state(), reverse("desk:his")),
        "runs": present.run_rows(list(runs)),
        "read_at": timezone.now(),
    }
    response = render(request, "desk/_his_tiles.html", context)
    if request.headers.get("X-YW-Poll"):
        trigger_client_event(response, "yw:changed", {}, after="settle")
    return response


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


@requires(Capability.OPERATE_HIS)
@require_POST
def his_pull(request: AuthenticatedRequest) -> HttpResponse:
    """立即拉取: ring for both dictionaries."""
    is_rung = ring("directory.pull")
    if not request.htmx:
        return redirect("desk:his")
    response = HttpResponse(status=204)
    if is_rung:
        return with_toast(response, _("已开始拉取"), _("完成后显示在下方"))
    words = _("消息服务未应答，10 分钟内自动拉取")
    return with_toast(response, _("没能立即拉取"), words, tone="warn")
