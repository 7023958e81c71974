"""The lists of imports of trainings and of the rows of one, declared."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from permissions.models import TrainingImportRow
from permissions.presenters.training_imports import LOOK, TrainingSheetRow, sheet_rows
from portal.sheets.lists import OUTCOME, list_of_imports, verdict_views
from portal.ui.filters import Search
from portal.ui.lists import Column, ListSpec

IMPORTS = list_of_imports("training-imports", LOOK)
ROWS = ListSpec[TrainingImportRow, TrainingSheetRow](
    key="training-import-rows",
    columns=(
        Column("number", _("行号"), order=("number",), export=lambda row: row.number),
        Column("who", _("医师"), order=("text",), export=lambda row: row.who),
        Column("course", _("课程"), export=lambda row: row.course),
        Column("passed", _("完成日期"), export=lambda row: row.passed_on),
        Column("until", _("有效期至"), export=lambda row: row.valid_to),
        Column("score", _("成绩"), css="num", export=lambda row: row.score),
        Column("verdict", _("试运行"), export=lambda row: row.verdict.text),
        Column("outcome", _("写入"), export=lambda row: row.written),
        Column("why", _("原因"), export=lambda row: row.why),
    ),
    search=Search(_("工号、姓名、课程"), ("text__icontains",)),
    filters=(OUTCOME,),
    views=verdict_views(LOOK),
    order=("number",),
    present=sheet_rows,
    row_template="permissions/_training_sheet_row.html",
    nothing=_("没有符合条件的行"),
)
