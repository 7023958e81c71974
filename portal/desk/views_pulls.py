"""One interface of the HIS: its pulls, what they changed, what they set aside.

Too many rows gone at once stop a pull: here a person looks at them and decides.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.cache import cache
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.bell import ring
from portal.desk import presenters_interfaces as interface
from portal.desk import presenters_pulls as present
from portal.desk.interface_words import BY_NAME, FACTS, PULLED, title_of
from portal.desk.views_his import facts_of
from portal.directory import losses
from portal.directory.models import Loss, QuarantinedRow, RowChange, SyncRun
from portal.directory.sync import SECONDS_BETWEEN, may_pull_now
from portal.ui.filters import ChoiceFilter, DateRange, Search
from portal.ui.lists import Column, ListSpec, QuickView, list_response
from portal.ui.notices import invalid, saved, with_toast

BAD_ROWS_SHOWN = 100
LOST_ROWS_SHOWN = 200
TASK, FACTS_TASK = "directory.pull", "surgery.pull_cases"

RUNS = ListSpec[SyncRun, present.RunRow](
    key="runs",
    columns=(
        Column("at", _("时间"), order=("started_at",), export=lambda row: row.at),
        Column("state", _("结果"), export=lambda row: str(row.chip.text)),
        Column("read", _("读取"), css="num", export=lambda row: row.read),
        Column("added", _("新增"), css="num", export=lambda row: row.added),
        Column("changed", _("变更"), css="num", export=lambda row: row.changed),
        Column("vanished", _("消失"), css="num", export=lambda row: row.vanished),
        Column("bad", _("隔离"), css="num", export=lambda row: row.quarantined),
        Column("read_ms", _("响应 毫秒"), css="num", export=lambda row: row.read_ms),
        Column("seconds", _("共用 秒"), css="num", export=lambda row: row.seconds),
        Column("problem", _("原因"), export=lambda row: row.problem),
    ),
    filters=(DateRange("on", _("日期"), "started_at"),),
    views=(
        QuickView("all", _("全部")),
        QuickView(
            "different",
            _("有变化"),
            Q(state=SyncRun.State.TAKEN)
            & (Q(added__gt=0) | Q(changed__gt=0) | Q(vanished__gt=0)),
        ),
        QuickView("bad", _("有隔离"), Q(quarantined__gt=0)),
        QuickView("failed", _("未采用"), ~Q(state=SyncRun.State.TAKEN), tone="bad"),
    ),
    order=("-id",),
    present=present.run_rows,
    row_template="desk/_his_run_row.html",
    nothing=_("没有符合条件的拉取"),
)

CHANGES = ListSpec[RowChange, present.ChangeRow](
    key="changes",
    columns=(
        Column("kind", _("类别"), export=lambda row: str(row.chip.text)),
        Column("key", _("主键"), order=("key",), export=lambda row: row.key),
        Column("columns", _("变更内容"), export=lambda row: row.text),
    ),
    search=Search(_("主键"), ("key__startswith",)),
    filters=(ChoiceFilter("kind", _("类别"), RowChange.Kind.choices, "kind"),),
    order=("id",),
    present=present.change_rows,
    row_template="desk/_his_change_row.html",
    nothing=_("没有符合条件的变化"),
)


@requires(Capability.VIEW_HIS)
@require_GET
def his_interface(request: AuthenticatedRequest, name: str) -> HttpResponse:
    """The page of one interface, or the rows of its history."""
    if name not in BY_NAME:
        raise Http404
    item = BY_NAME[name]
    facts = facts_of(name)
    loss = facts.losses.get(name)
    aside = QuarantinedRow.objects.filter(view=name)
    shown = list(aside.order_by("id")[: BAD_ROWS_SHOWN + 1])
    context = {
        "item": item,
        "tile": interface.tile(item, facts),
        "loss": present.loss_card(loss) if loss else None,
        "bad_rows": present.bad_rows(shown[:BAD_ROWS_SHOWN]),
        "has_more_bad": len(shown) > BAD_ROWS_SHOWN,
        "bad_rows_shown": BAD_ROWS_SHOWN,
        "is_pulled": name in PULLED,
    }
    runs = SyncRun.objects.filter(view=name)
    return list_response(
        request, RUNS, runs, template="desk/his_interface.html", context=context
    )


@requires(Capability.VIEW_HIS)
@require_GET
def his_run(request: AuthenticatedRequest, run_id: int) -> HttpResponse:
    """What one pull changed."""
    run = get_object_or_404(SyncRun, pk=run_id)
    context = {
        "run": present.run_row(run),
        "view": run.view,
        "title": title_of(run.view),
    }
    changes = run.changes.select_related("run")
    return list_response(
        request, CHANGES, changes, template="desk/his_run.html", context=context
    )


@requires(Capability.OPERATE_HIS)
@require_POST
def pull_now(request: AuthenticatedRequest) -> HttpResponse:
    """立即拉取: ring for everything, not moments after the last time."""
    now = timezone.now()
    # The table tells what ran; the cache, that somebody has just rung.
    is_soon = not may_pull_now(at=now) or not cache.add(TASK, now, SECONDS_BETWEEN)
    is_rung = not is_soon and ring(TASK) and ring(FACTS_TASK)
    if not request.htmx:
        return redirect("desk:his")
    response = HttpResponse(status=204)
    if is_soon:
        limit = _("%(seconds)s 秒内只拉取一次，请稍后再试") % {
            "seconds": SECONDS_BETWEEN
        }
        return with_toast(response, _("刚刚拉取过"), limit, tone="warn")
    if is_rung:
        return with_toast(response, _("已开始拉取"), _("完成后显示在接口格子里"))
    cache.delete(TASK)
    words = _("消息服务未应答，10 分钟内自动拉取")
    return with_toast(response, _("没能立即拉取"), words, tone="warn")


class LossForm(forms.Form):
    """Why the loss is true, or is not."""

    reason = forms.CharField(
        label=_("原因"),
        max_length=losses.REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("写入事件日志"),
    )


@requires(Capability.OPERATE_HIS)
def loss_accept(request: AuthenticatedRequest, loss_id: int) -> HttpResponse:
    """确认采用本次, with a reason; then the pull is taken."""
    return _decide(request, loss_id, is_accept=True)


@requires(Capability.OPERATE_HIS)
def loss_dismiss(request: AuthenticatedRequest, loss_id: int) -> HttpResponse:
    """放弃: our copy stays as it is, with a reason."""
    return _decide(request, loss_id, is_accept=False)


def _decide(
    request: AuthenticatedRequest, loss_id: int, *, is_accept: bool
) -> HttpResponse:
    loss = get_object_or_404(Loss.objects.select_related("decided_by"), pk=loss_id)
    form = LossForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        act = losses.accept if is_accept else losses.dismiss
        reason = form.cleaned_data["reason"]
        try:
            act(loss=loss, by=request.user, at=timezone.now(), reason=reason)
        except losses.AlreadyDecided as problem:
            form.add_error(None, str(_(str(problem))))
        else:
            if not is_accept:
                return saved(_("已放弃，保留现有数据"))
            is_rung = ring(FACTS_TASK if loss.view in FACTS else TASK)
            soon = _("正在拉取") if is_rung else _("10 分钟内自动拉取")
            return saved(_("已确认采用"), soon)
    context: dict[str, Any] = {
        "loss": present.loss_card(loss),
        "rows": present.lost_rows(loss, LOST_ROWS_SHOWN),
        "rows_shown": LOST_ROWS_SHOWN,
        "has_more": len(loss.keys) > LOST_ROWS_SHOWN,
        "form": form,
        "is_accept": is_accept,
        "drawer_post": request.path,
    }
    answer = render(request, "desk/_his_loss.html", context)
    return invalid(answer) if request.method == "POST" else answer
