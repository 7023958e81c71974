"""The lists of imports and of the rows of one, declared."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from permissions.models import GrantImportRow
from permissions.presenters.imports import LOOK, SheetRow, sheet_rows
from portal.sheets.lists import OUTCOME, list_of_imports, verdict_views
from portal.ui.filters import Search
from portal.ui.lists import Column, ListSpec

IMPORTS = list_of_imports("grant-imports", LOOK)
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
    filters=(OUTCOME,),
    views=verdict_views(LOOK),
    order=("number",),
    present=sheet_rows,
    row_template="permissions/_sheet_row.html",
    nothing=_("没有符合条件的行"),
)
