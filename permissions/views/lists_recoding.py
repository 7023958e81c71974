"""The lists of re-codings, of their sheets and of the rows of one, declared."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from permissions.presenters.recoding import (
    LOOK,
    RecodingRow,
    SheetRow,
    recoding_rows,
    sheet_rows,
)
from portal.sheets.lists import OUTCOME, list_of_imports, verdict_views
from portal.ui.filters import ChoiceFilter, DateRange, Search
from portal.ui.lists import Column, ListSpec, QuickView
from surgery.enums import RecodingKind, RecodingState
from surgery.models import Recoding, RecodingLine, RecodingSheetRow


def recoding_matches(text: str) -> Q:
    lines = RecodingLine.objects.filter(
        Q(old_code__istartswith=text)
        | Q(new_code__istartswith=text)
        | Q(old_name__contains=text)
        | Q(new_name__contains=text)
    )
    return (
        Q(doc_no__contains=text)
        | Q(reason__contains=text)
        | Q(pk__in=lines.order_by().values("recoding"))
    )


def of_kind(value: str) -> Q:
    lines = RecodingLine.objects.filter(kind=value).order_by()
    return Q(pk__in=lines.values("recoding"))


RECODINGS = ListSpec[Recoding, RecodingRow](
    key="recodings",
    columns=(
        Column("number", _("编号"), order=("id",), export=lambda row: row.name),
        Column("codes", _("编码"), export=lambda row: row.codes),
        Column("counts", _("调整方式"), export=lambda row: row.counts),
        Column(
            "effective",
            _("施行日期"),
            order=("effective_on",),
            export=lambda row: row.effective_on,
        ),
        Column("state", _("状态"), export=lambda row: str(row.state.text)),
        Column("grants", _("承接授权"), css="num", export=lambda row: row.grants),
        Column("doc_no", _("文号"), export=lambda row: row.doc_no),
        Column("reason", _("理由"), export=lambda row: row.reason),
        Column(
            "decided",
            _("审定"),
            order=("decided_at",),
            export=lambda row: f"{row.decided_by} {row.decided_at}",
        ),
    ),
    search=Search(_("编码、名称、文号或理由"), recoding_matches),
    filters=(
        ChoiceFilter("kind", _("调整方式"), RecodingKind.choices, of_kind),
        DateRange("on", _("施行日期"), "effective_on"),
    ),
    views=(
        QuickView("all", _("全部")),
        *(
            QuickView(state.lower(), state.label, Q(state=state))
            for state in RecodingState
        ),
    ),
    order=("-id",),
    present=recoding_rows,
    row_template="permissions/_recoding_row.html",
    nothing=_("没有符合条件的编码调整"),
)
SHEETS = list_of_imports("recoding-sheets", LOOK)
ROWS = ListSpec[RecodingSheetRow, SheetRow](
    key="recoding-sheet-rows",
    columns=(
        Column("number", _("行号"), order=("number",), export=lambda row: row.number),
        Column("code", _("旧编码"), order=("code",), export=lambda row: row.code),
        Column("name", _("原名称"), export=lambda row: row.name),
        Column(
            "new", _("新编码"), order=("new_code",), export=lambda row: row.new_code
        ),
        Column("new_name", _("新名称"), export=lambda row: row.new_name),
        Column("verdict", _("试运行"), export=lambda row: row.verdict.text),
        Column("target", _("新编码情况"), export=lambda row: row.target),
        Column(
            "grade",
            _("级别"),
            export=lambda row: str(row.grade.text) if row.grade else "",
        ),
        Column("touches", _("涉及"), export=lambda row: row.touches),
        Column("outcome", _("写入"), export=lambda row: row.written),
        Column("why", _("说明"), export=lambda row: row.why),
    ),
    search=Search(_("编码或名称"), ("text__icontains",)),
    filters=(OUTCOME,),
    views=verdict_views(LOOK),
    order=("number",),
    present=sheet_rows,
    row_template="permissions/_recoding_sheet_row.html",
    nothing=_("没有符合条件的行"),
)
