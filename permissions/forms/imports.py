"""Forms of an import: the file, which column is which, how it is written, undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from permissions.forms.grants import LONG_REASON, WithoutColons
from permissions.forms.second import GivesRights
from permissions.importers.columns import NEEDED, Field

ALL, GOOD = "all", "good"


class UploadForm(WithoutColons):
    """One file; what it is, its content says."""

    file = forms.FileField(
        label=_("授权表格"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={
            "required": _("请选择 xlsx 或 csv 文件。"),
            "empty": _("文件是空的。请重新选择。"),
        },
        help_text=_("xlsx 或 csv，最大 10 MB、20,000 行；选好后先试运行，不会直接写入"),
    )


class ColumnsForm(WithoutColons):
    """For each field the column that holds it; ``mapping`` is what was chosen."""

    takes_proposed = forms.BooleanField(
        label=_("采用补 0 后的工号（姓名相符且唯一时）"), required=False
    )

    def __init__(
        self,
        *args: Any,
        headings: Sequence[str],
        chosen: Mapping[str, int],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        columns = [
            (str(at), f"{letters(at)} {heading}".strip())
            for at, heading in enumerate(headings)
        ]
        for field in Field:
            self.fields[field.value] = forms.ChoiceField(
                label=field.label,
                required=field in NEEDED,
                choices=[("", _("没有这一列")), *columns],
                initial=str(chosen[field]) if field in chosen else "",
                error_messages={"required": _("选择这一项所在的列。")},
            )
        self.order_fields([*(field.value for field in Field), "takes_proposed"])

    def mapping(self) -> dict[str, int]:
        return {
            field.value: int(self.cleaned_data[field])
            for field in Field
            if self.cleaned_data[field]
        }


class WriteForm(GivesRights):
    """How what the dry run showed is written, why, and by which document."""

    mode = forms.ChoiceField(
        label=_("写入方式"),
        widget=forms.RadioSelect,
        choices=[(GOOD, _("只写可办理的行")), (ALL, _("全部成功才写"))],
        initial=GOOD,
    )
    doc_no = forms.CharField(
        label=_("依据文号"),
        max_length=50,
        required=False,
        help_text=_("用于表中没有写文号的行"),
    )
    reason = forms.CharField(
        label=_("说明"),
        strip=True,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写入每一项授权的变更日志"),
    )


class UndoForm(WithoutColons):
    """整批撤销: only why."""

    reason = forms.CharField(
        label=_("说明"),
        strip=True,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写入变更日志"),
    )


def letters(column: int) -> str:
    """Columns as a spreadsheet calls them: A, …, Z, AA, …"""
    found = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(ord("A") + rest) + found
    return found
