"""The lists of imports and of the rows of one: what every room's have in common."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.sheets.models import ImportState, Outcome
from portal.sheets.presenters import ImportRow, Look, import_rows
from portal.ui.filters import ChoiceFilter, DateRange, Filter, Search
from portal.ui.lists import Column, ListSpec, QuickView

DONE_ONCE = (Outcome.DONE, Outcome.UNDONE, Outcome.LEFT)
OUTCOME = ChoiceFilter(
    "outcome", _("写入"), [choice for choice in Outcome.choices if choice[0]], "outcome"
)


def list_of_imports(
    key: str,
    look: Look,
    *,
    row_template: str = "sheets/_import_row.html",
    columns: tuple[Column[ImportRow], ...] = (),
    filters: tuple[Filter, ...] = (),
) -> ListSpec[Any, ImportRow]:
    """``columns`` and ``filters`` are what the room shows beside."""
    return ListSpec(
        key=key,
        columns=(
            Column("number", _("编号"), export=lambda row: row.id),
            *columns,
            Column(
                "name", _("文件"), export=lambda row: f"{row.name} {row.sheet}".strip()
            ),
            Column(
                "started",
                _("上传"),
                order=("started_at",),
                export=lambda row: f"{row.started_by} {row.started_at}",
            ),
            Column("state", _("状态"), export=lambda row: str(row.state.text)),
            Column("counts", _("试运行结果（行）"), export=lambda row: row.counts),
            Column("written", _("已写入"), css="num", export=lambda row: row.written),
            Column("reason", _("说明"), export=lambda row: row.reason),
        ),
        search=Search(_("文件名"), ("file__name__icontains",)),
        filters=(
            *filters,
            ChoiceFilter("state", _("状态"), ImportState.choices, "state"),
            DateRange("on", _("上传日期"), "started_at"),
        ),
        order=("-pk",),
        present=partial(import_rows, look=look),
        row_template=row_template,
        nothing=_("还没有导入过"),
    )


def verdict_views(look: Look) -> tuple[QuickView, ...]:
    """All rows, each verdict, and what was written."""
    return (
        QuickView("all", _("全部")),
        *(
            QuickView(
                verdict.lower(),
                verdict.label,
                Q(verdict=verdict),
                look.tone(verdict),
            )
            for verdict in look.verdicts
        ),
        QuickView("written", _("已写入"), Q(outcome__in=DONE_ONCE)),
    )
