"""手术级别差异: where the HIS shows other grades than ours, and pushing ours again."""

from __future__ import annotations

from django import forms
from django.db.models import Count, Q
from django.db.models.query import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.ui.filters import ChoiceFilter, DateRange, Search
from portal.ui.lists import Column, ListSpec, QuickView, found_rows, list_response
from portal.ui.notices import invalid, saved, with_toast
from surgery.models import GradeDifference
from surgery.presenters import grade_differences as present
from surgery.queries.grade_differences import (
    asked_comparison,
    last_comparisons,
    open_differences,
)
from surgery.services import grade_differences as services

COMPARISONS_SHOWN = 7
IS_OPEN = Q(gone_at__isnull=True)
Kind = GradeDifference.Kind

DIFFERENCES = ListSpec[GradeDifference, present.DifferenceRow](
    key="grade-differences",
    columns=(
        Column("code", _("手术"), order=("code",), export=lambda row: row.code),
        Column("name", _("名称"), export=lambda row: row.name),
        Column("kind", _("类别"), export=lambda row: str(row.kind.text)),
        Column("field", _("项目"), css="nw", export=lambda row: row.field),
        Column("ours", _("本院"), export=lambda row: row.ours.words),
        Column("theirs", _("HIS 现有"), export=lambda row: row.theirs.words),
        Column(
            "since",
            _("发现于"),
            order=("found_at",),
            css="nw",
            export=lambda row: row.since_in_full,
        ),
        Column("way", _("处理"), export=lambda row: row.why_not),
    ),
    search=Search(_("手术编码或名称"), ("code__istartswith", "name__contains")),
    filters=(
        ChoiceFilter("field", _("项目"), GradeDifference.Field.choices, "field"),
        DateRange("on", _("发现于"), "found_at"),
    ),
    views=(
        QuickView("open", _("现有差异"), IS_OPEN),
        QuickView(
            "different", _("不一致"), IS_OPEN & Q(kind=Kind.DIFFERENT), tone="bad"
        ),
        QuickView(
            "missing", _("HIS 缺少"), IS_OPEN & Q(kind=Kind.MISSING), tone="warn"
        ),
        QuickView("extra", _("HIS 多出"), IS_OPEN & Q(kind=Kind.EXTRA), tone="warn"),
        QuickView("gone", _("已消除"), ~IS_OPEN),
    ),
    order=("code", "field"),
    present=present.difference_rows,
    row_template="surgery/_grade_difference_row.html",
    nothing=_("没有差异"),
    is_selectable=True,
    batch_template="surgery/_grade_difference_batch.html",
)


@requires(Capability.VIEW_HIS)
@require_GET
def difference_list(request: AuthenticatedRequest) -> HttpResponse:
    """The page, its rows alone, or the list as a file."""
    return list_response(
        request,
        DIFFERENCES,
        GradeDifference.objects.select_related("procedure"),
        template="surgery/grade_differences.html",
    )


@requires(Capability.VIEW_HIS)
@require_GET
def difference_summary(request: AuthenticatedRequest) -> HttpResponse:
    """Counts and the last comparisons; asks again while one is under way."""
    last = last_comparisons(COMPARISONS_SHOWN)
    done = next((one for one in last if not one.problem), None)
    counts = open_differences().order_by().values_list("kind").annotate(Count("pk"))
    is_asked = asked_comparison() is not None
    context = {
        "tiles": present.tiles(done, dict(counts)),
        "comparisons": present.comparison_rows(last),
        "note": present.problem_note(last),
        "is_asked": is_asked,
    }
    response = render(request, "surgery/_grade_summary.html", context)
    if request.headers.get("X-YW-Poll") and not is_asked:
        trigger_client_event(response, "yw:changed", {}, after="settle")
    return response


@requires(Capability.OPERATE_HIS)
@require_POST
def compare_now(request: AuthenticatedRequest) -> HttpResponse:
    """立即比对: a worker reads the HIS, the page asks until it is done."""
    services.ask_comparison(by=request.user, at=timezone.now())
    if not request.htmx:
        return redirect("surgery:grade-difference-list")
    response = HttpResponse(status=204)
    trigger_client_event(response, "yw:compare", {})
    return with_toast(response, _("已开始比对"), _("完成后自动显示"))


class PushForm(forms.Form):
    """Why ours are pushed again; it goes to the event log and to the HIS."""

    reason = forms.CharField(
        label=_("原因"),
        max_length=services.REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("写入事件日志，并随变更告知 HIS"),
    )


@requires(Capability.OPERATE_HIS)
def push(request: AuthenticatedRequest) -> HttpResponse:
    """重新推送: what was ticked, or everything the list found."""
    form = PushForm(request.POST or None)
    if request.method == "POST":
        ids = [int(one) for one in request.POST.getlist("id") if one.isdecimal()]
        rows = list(_open_rows().filter(pk__in=ids[: services.MOST]))
    else:
        found = found_rows(DIFFERENCES, _open_rows(), request.GET)
        rows = list(found.order_by("code", "field")[: services.MOST])
    if request.method == "POST" and form.is_valid():
        try:
            pushed = services.push_again(
                chosen=[row.pk for row in rows],
                by=request.user,
                at=timezone.now(),
                reason=form.cleaned_data["reason"],
            )
        except services.NothingToPush as problem:
            form.add_error(None, str(problem.message))
        else:
            return saved(_("已重新排队"), _pushed_words(pushed))
    shown = present.difference_rows(rows)
    context = {
        "form": form,
        "rows": [row for row in shown if not row.why_not],
        "left": [row for row in shown if row.why_not],
        "ids": [row.id for row in shown],
        "drawer_post": reverse("surgery:grade-difference-push"),
    }
    answer = render(request, "surgery/_grade_push_drawer.html", context)
    return invalid(answer) if request.method == "POST" else answer


def _open_rows() -> QuerySet[GradeDifference]:
    return open_differences().select_related("procedure")


def _pushed_words(pushed: services.Pushed) -> str:
    if not pushed.left:
        return str(_("%(told)s 项级别将送达 HIS") % {"told": pushed.told})
    words = _("%(told)s 项级别将送达 HIS，%(left)s 项不能推送")
    return str(words % {"told": pushed.told, "left": pushed.left})
