"""消息: what I am told. 通知投递: what went out by mail and webhook, and what did not."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_POST

from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires, signed_in
from portal.notices import services
from portal.notices.models import Channel, Delivery, DeliveryState, Notice, NoticeKind
from portal.notices.presenters import (
    DeliveryRow,
    NoticeRow,
    delivery_rows,
    notice_rows,
)
from portal.notices.queries import IS_IN_TROUBLE, IS_OPEN, notices_of
from portal.ui.elements import Text
from portal.ui.filters import ChoiceFilter, DateRange, Search
from portal.ui.lists import Column, ListSpec, QuickView, list_response
from portal.ui.notices import saved, with_toast

NOTICES = ListSpec[Notice, NoticeRow](
    key="notices",
    columns=(
        Column("kind", _l("类别"), ("kind",), export=lambda row: row.kind.text),
        Column("title", _l("消息"), export=lambda row: f"{row.title} {row.text}"),
        Column("at", _l("时间"), ("created_at",), export=lambda row: row.at),
        Column("state", _l("已读"), css="w-150", export=lambda row: row.state),
    ),
    search=Search(_l("标题或内容"), ("title__contains", "text__contains")),
    filters=(
        ChoiceFilter("kind", _l("类别"), NoticeKind.choices, "kind"),
        DateRange("on", _l("时间"), "created_at"),
    ),
    views=(
        QuickView("unread", _l("未读"), Q(read_at=None), "warn"),
        QuickView("all", _l("全部")),
    ),
    order=("-created_at",),
    present=notice_rows,
    row_template="notices/_notice_row.html",
    nothing=_l("没有消息"),
)

DELIVERIES = ListSpec[Delivery, DeliveryRow](
    key="deliveries",
    columns=(
        Column("at", _l("产生"), ("created_at",), export=lambda row: row.at),
        Column(
            "channel", _l("方式"), ("channel",), export=lambda row: str(row.channel)
        ),
        Column("target", _l("送往"), ("target",), export=lambda row: row.target),
        Column("kind", _l("类别"), ("kind",), export=lambda row: str(row.kind)),
        Column("state", _l("状态"), ("state",), export=lambda row: row.state.text),
        Column("tries", _l("已试"), ("tries",), "num", export=lambda row: row.tries),
        Column("error", _l("原因"), export=lambda row: row.error),
        Column("next", _l("下次或结束"), ("due_at",), export=lambda row: row.next),
        Column("acts", _l("操作"), css="w-150"),
    ),
    search=Search(_l("地址或名称"), ("target__contains",)),
    filters=(
        ChoiceFilter("channel", _l("方式"), Channel.choices, "channel"),
        ChoiceFilter("state", _l("状态"), DeliveryState.choices, "state"),
        DateRange("on", _l("产生日期"), "created_at"),
    ),
    views=(
        QuickView("trouble", _l("未送达"), IS_IN_TROUBLE, "bad"),
        QuickView("open", _l("等待与被拒"), IS_OPEN),
        QuickView("all", _l("全部")),
    ),
    order=("-created_at",),
    present=delivery_rows,
    row_template="notices/_delivery_row.html",
    nothing=_l("没有符合条件的投递"),
)
Act = Callable[..., None]
ACTS: dict[str, tuple[Act, Text]] = {
    "retry": (services.retry, _l("已安排重试")),
    "stop": (services.stop, _l("已停止投递")),
}


@signed_in
@require_GET
def notice_list(request: AuthenticatedRequest) -> HttpResponse:
    return list_response(
        request,
        NOTICES,
        notices_of(request.user),
        template="notices/notice_list.html",
        context={"list_title": _("消息")},
    )


@signed_in
@require_GET
def notice_open(request: AuthenticatedRequest, notice_id: int) -> HttpResponse:
    """To what it is about; opened is read, however often."""
    notice = get_object_or_404(notices_of(request.user), pk=notice_id)
    services.mark_read(notice=notice, at=timezone.now())
    is_ours = url_has_allowed_host_and_scheme(notice.link, allowed_hosts=None)
    return redirect(notice.link if notice.link and is_ours else "notices:notice-list")


@signed_in
@require_POST
def notice_read(request: AuthenticatedRequest, notice_id: int) -> HttpResponse:
    notice = get_object_or_404(notices_of(request.user), pk=notice_id)
    services.mark_read(notice=notice, at=timezone.now())
    return saved(_("已标为已读"), notice.title)


@signed_in
@require_POST
def notices_read(request: AuthenticatedRequest) -> HttpResponse:
    count = services.mark_all_read(user=request.user, at=timezone.now())
    return saved(_("%(count)s 条消息已标为已读") % {"count": count})


@requires(Capability.VIEW_HIS)
@require_GET
def delivery_list(request: AuthenticatedRequest) -> HttpResponse:
    return list_response(
        request,
        DELIVERIES,
        Delivery.objects.all(),
        template="notices/delivery_list.html",
        context={"list_title": _("通知投递")},
    )


@requires(Capability.OPERATE_HIS)
@require_POST
def delivery_act(
    request: AuthenticatedRequest, delivery_id: int, act: str
) -> HttpResponse:
    """立即重试, 停止."""
    if act not in ACTS:
        raise Http404
    delivery = get_object_or_404(Delivery, pk=delivery_id)
    do, done = ACTS[act]
    try:
        do(delivery=delivery, by=request.user, at=timezone.now())
    except services.NotPossible:
        detail = _("它已送达或已停止。刷新后再看。")
        return with_toast(HttpResponse(), _("没有办理"), detail, tone="warn")
    return saved(done, delivery.target)
