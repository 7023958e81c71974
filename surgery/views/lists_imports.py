"""The lists of imports of procedures and of the rows of one, declared."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.sheets.lists import OUTCOME, list_of_imports, verdict_views
from portal.ui.filters import ChoiceFilter, Search
from portal.ui.lists import Column, ListSpec
from surgery.models import ProcedureImportRow
from surgery.models.imports import Sort
from surgery.presenters.imports import LOOK, SheetRow, sheet_rows

IMPORTS = list_of_imports(
    "procedure-imports",
    LOOK,
    row_template="surgery/_import_row.html",
    columns=(Column("sort", _("种类"), export=lambda row: row.sort),),
    filters=(ChoiceFilter("sort", _("种类"), Sort.choices, "sort"),),
)
ROWS = ListSpec[ProcedureImportRow, SheetRow](
    key="procedure-import-rows",
    columns=(
        Column("number", _("行号"), order=("number",), export=lambda row: row.number),
        Column("code", _("编码"), order=("code",), export=lambda row: row.code),
        Column("name", _("名称"), export=lambda row: row.name),
        Column("verdict", _("试运行"), export=lambda row: row.verdict.text),
        Column("changes", _("变更"), export=lambda row: row.differs),
        Column("outcome", _("写入"), export=lambda row: row.written),
        Column("why", _("原因"), export=lambda row: row.why),
    ),
    search=Search(_("编码或名称"), ("text__icontains",)),
    filters=(OUTCOME,),
    views=verdict_views(LOOK),
    order=("number",),
    present=sheet_rows,
    row_template="surgery/_sheet_row.html",
    nothing=_("没有符合条件的行"),
)
