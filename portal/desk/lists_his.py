"""The lists of the page HIS 对接: the outbox, and its archive.

However much was delivered, the page reads only what is open: its tabs are counted in one
query by a partial index, and what was delivered is not counted but where it is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Min, Q
from django.db.models.query import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.desk.presenters_his import (
    MessageRow,
    archived_rows,
    message_rows,
    target_words,
)
from portal.his.targets import targets
from portal.outbox import queries
from portal.outbox.archived import ArchivedMessage
from portal.outbox.models import Message, State
from portal.ui.counting import together
from portal.ui.filters import ChoiceFilter, DateRange, Search
from portal.ui.lists import Column, ListSpec, QuickView

A_DAY = timedelta(days=1)
COLUMNS = (
    Column[MessageRow]("change", _("变更"), export=lambda row: row.in_words),
    Column[MessageRow](
        "enqueued",
        _("已批"),
        order=("enqueued_at",),
        css="nw",
        export=lambda row: row.enqueued_in_full,
    ),
    Column[MessageRow]("state", _("状态"), export=lambda row: str(row.chip.text)),
    Column[MessageRow](
        "tries", _("已试"), order=("tries",), export=lambda row: row.tries
    ),
    Column[MessageRow]("reason", _("原因与下次"), export=lambda row: row.reason),
    Column[MessageRow]("acts", _("操作"), css="acts"),
)


def by_key(text: str) -> Q:
    """The number of a doctor or the code of a procedure, as streams are named."""
    return Q(stream__startswith=f"practitioner:{text}") | Q(
        stream__startswith=f"procedure:{text}"
    )


SEARCH = Search(_("工号或手术编码"), by_key)


def message_list(
    given: Mapping[str, str], now: datetime, *, may_operate: bool
) -> ListSpec[Message, MessageRow]:
    """The outbox; who operates the connection may tick rows."""
    return ListSpec(
        key="messages",
        columns=COLUMNS,
        search=SEARCH,
        filters=(
            ChoiceFilter("target", _("对接目标"), target_choices, "target"),
            ChoiceFilter("state", _("状态"), State.choices, "state"),
            DateRange("on", _("日期"), "enqueued_at"),
        ),
        views=views(now),
        order=("-id",),
        present=message_rows,
        row_template="desk/_his_row.html",
        nothing=_("没有符合条件的消息"),
        is_selectable=may_operate,
        batch_template="desk/_his_batch.html" if may_operate else "",
        count_views=count_open,
        stamp=newest if given.get("view") == "all" else None,
    )


def views(now: datetime) -> tuple[QuickView, ...]:
    in_doubt = queries.IS_UNKNOWN | queries.IS_DIFFERENT
    return (
        QuickView("open", _("待处理"), queries.IS_OPEN),
        QuickView("waiting", _("等待"), queries.IS_WAITING),
        QuickView("stuck", _("卡住"), queries.IS_STUCK, tone="warn"),
        QuickView("rejected", _("拒收"), queries.IS_REJECTED, tone="bad"),
        QuickView("doubt", _("未知与不一致"), in_doubt, tone="bad"),
        QuickView(
            "day",
            _("24 小时内已达"),
            Q(confirmed_at__gte=now - A_DAY),
            is_counted=False,
        ),
        QuickView("all", _("全部"), is_counted=False),
        QuickView("archive", _("归档"), Q(pk__in=()), is_counted=False),
    )


def count_open(queryset: QuerySet[Any], conditions: dict[str, Q]) -> dict[str, int]:
    """All that is counted is open: one query, and few rows of very many."""
    return together(queryset.filter(queries.IS_OPEN), conditions)


def newest() -> int:
    """How many there are changes when one comes or is archived, which is never today."""
    found: int | None = Message.objects.aggregate(newest=Max("pk"))["newest"]
    return found or 0


def archive_list() -> ListSpec[ArchivedMessage, MessageRow]:
    """What has left the outbox; the same tabs, no acts."""
    tabs = tuple(
        QuickView(tab.key, tab.label, Q(), is_counted=False)
        for tab in views(timezone.now())
    )
    return ListSpec(
        key="messages-archive",
        columns=COLUMNS[:-1],
        search=SEARCH,
        filters=(
            ChoiceFilter("month", _("月份"), months, "month"),
            ChoiceFilter("state", _("状态"), ENDED, "state"),
            DateRange("on", _("日期"), "enqueued_at"),
        ),
        views=tabs,
        order=("-id",),
        present=archived_rows,
        row_template="desk/_his_row.html",
        nothing=_("没有符合条件的归档消息"),
        count_views=lambda _queryset, _conditions: {},
    )


ENDED = [(state.value, state.label) for state in (State.CONFIRMED, State.STOPPED)]


def target_choices() -> list[tuple[str, str]]:
    """Nothing to choose where the HIS is the only target; last those that are not set up
    any more and have something open."""
    known = {name: target.title for name, target in targets().items()}
    lost = {name: target_words(name) for name in queries.open_without_target(known)}
    return list((known | lost).items()) if len(known) + len(lost) > 1 else []


def months() -> list[tuple[str, str]]:
    """From the last archived month to the first; the index alone is asked."""
    span = ArchivedMessage.objects.aggregate(first=Min("month"), last=Max("month"))
    if not span["last"]:
        return []
    first, last = (int(m[:4]) * 12 + int(m[5:]) - 1 for m in span.values())
    texts = [f"{n // 12}-{n % 12 + 1:02}" for n in range(last, first - 1, -1)]
    return [(text, text) for text in texts]
