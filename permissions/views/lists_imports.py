"""The lists of imports and of the rows of one, declared."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from permissions.models import GrantImport, GrantImportRow
from permissions.models.imports import ImportState, Outcome, Verdict
from permissions.presenters.imports import (
    ImportRow,
    SheetRow,
    import_rows,
    sheet_rows,
)
from portal.ui.filters import ChoiceFilter, DateRange, Search
from portal.ui.lists import Column, ListSpec, QuickView

TONES = {Verdict.CONFLICT: "warn", Verdict.ERROR: "bad"}
IMPORTS = ListSpec[GrantImport, ImportRow](
    key="grant-imports",
    columns=(
        Column("number", _("编号"), export=lambda row: row.id),
        Column("name", _("文件"), export=lambda row: f"{row.name} {row.sheet}".strip()),
        Column(
            "started",
            _("上传"),
            order=("started_at",),
            export=lambda row: f"{row.started_by} {row.started_at}",
        ),
        Column("state", _("状态"), export=lambda row: row.state.text),
        Column("counts", _("试运行结果（行）"), export=lambda row: row.counts),
        Column("written", _("已写入"), css="num", export=lambda row: row.written),
        Column("reason", _("说明"), export=lambda row: row.reason),
    ),
    search=Search(_("文件名"), ("file__name__icontains",)),
    filters=(
        ChoiceFilter("state", _("状态"), ImportState.choices, "state"),
        DateRange("on", _("上传日期"), "started_at"),
    ),
    order=("-pk",),
    present=import_rows,
    row_template="permissions/_import_row.html",
    nothing=_("还没有导入过"),
)
ROWS = ListSpec[GrantImportRow, SheetRow](
    key="grant-import-rows",
    columns=(
        Column("number", _("行号"), order=("number",), export=lambda row: row.number),
        Column("who", _("医师"), order=("text",), export=lambda row: row.who),
        Column("what", _("权限"), export=lambda row: f"{row.what} {row.item}".strip()),
        Column("span", _("有效期"), export=lambda row: row.span),
        Column("was", _("原到期"), export=lambda row: row.was),
        Column("verdict", _("试运行"), export=lambda row: row.verdict.text),
        Column("outcome", _("写入"), export=lambda row: row.written),
        Column("why", _("原因"), export=lambda row: row.why),
    ),
    search=Search(_("工号、姓名、权限或编码"), ("text__icontains",)),
    filters=(
        ChoiceFilter(
            "outcome",
            _("写入"),
            [choice for choice in Outcome.choices if choice[0]],
            "outcome",
        ),
    ),
    views=(
        QuickView("all", _("全部")),
        *(
            QuickView(
                verdict.lower(),
                verdict.label,
                Q(verdict=verdict),
                TONES.get(verdict, ""),
            )
            for verdict in Verdict
        ),
        QuickView("written", _("已写入"), Q(event__isnull=False)),
    ),
    order=("number",),
    present=sheet_rows,
    row_template="permissions/_sheet_row.html",
    nothing=_("没有符合条件的行"),
)
