"""Forms of an import of procedures: what they ask beside those of every sheet."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.sheets import forms as sheets
from portal.ui.fields import DAY
from surgery.importers.acts import grades_of
from surgery.models import ProcedureImport
from surgery.models.imports import Flag, Sort
from surgery.services.grading import needs_committee
from surgery.services.listed_grades import decides


class UploadForm(sheets.UploadForm):
    """Which sheet it is, and the file."""

    sort = forms.ChoiceField(label=_("表格种类"), choices=Sort.choices)
    field_order = ("sort", "file")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _(
            "xlsx 或 csv，最大 10 MB、40,000 行；选好后先试运行，不会直接写入"
        )


class ColumnsForm(sheets.ColumnsForm):
    """A list without columns of flags says once what each row is."""

    each_is = forms.ChoiceField(
        label=_("表中每行"), choices=Flag.choices, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not {"LEVEL4", "MINI"} & self.fields.keys():
            self.drop("each_is")


class WriteForm(sheets.WriteForm):
    """Of grades also by whom and in which meeting they were decided, and from when."""

    def __init__(self, *args: Any, one: ProcedureImport, **kwargs: Any) -> None:
        is_graded = one.sort == Sort.GRADES
        grades = grades_of(one) if is_graded else set()
        self.capability = decides(grades)
        super().__init__(*args, needs_second=is_graded, **kwargs)
        self.fields["reason"].help_text = _("写入每一项手术的变更日志")
        if not is_graded:
            return
        self.fields["doc_no"].required = True
        self.fields["meeting"] = forms.CharField(
            label=_("委员会会议"),
            max_length=50,
            required=needs_committee(*grades),
            help_text=_("涉及三、四级时必填，如「2026 年第 6 次会议」"),
        )
        self.fields["effective_on"] = forms.DateField(
            label=_("施行日期"), widget=forms.DateInput(attrs=DAY)
        )
        self.order_fields(["mode", "effective_on", "doc_no", "meeting", "reason"])
