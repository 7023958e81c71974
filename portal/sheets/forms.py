"""Forms of an import: the file, which column is which, how it is written, undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.sheets.columns import Columns
from portal.ui.fields import LONG_REASON, WithoutColons
from portal.ui.second import WithSecond

ALL, GOOD = "all", "good"


class UploadForm(WithoutColons):
    """One file; what it is, its content says. A room gives label and help."""

    file = forms.FileField(
        label=_("表格"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={
            "required": _("请选择 xlsx 或 csv 文件。"),
            "empty": _("文件是空的。请重新选择。"),
        },
        help_text=_("xlsx 或 csv，最大 10 MB、20,000 行；选好后先试运行，不会直接写入"),
    )


class ColumnsForm(WithoutColons):
    """For each field the column that holds it; ``mapping`` is what was chosen.

    Whatever fields a room adds say how rows are read: ``reading``.
    """

    def __init__(
        self,
        *args: Any,
        columns: Columns,
        headings: Sequence[str],
        chosen: Mapping[str, int],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._own = list(self.fields)
        self._columns = columns
        choices = [
            (str(at), f"{letters(at)} {heading}".strip())
            for at, heading in enumerate(headings)
        ]
        for field in columns.fields:
            self.fields[field.value] = forms.ChoiceField(
                label=field.label,
                required=field in columns.needed,
                choices=[("", _("没有这一列")), *choices],
                initial=str(chosen[field]) if field in chosen else "",
                error_messages={"required": _("选择这一项所在的列。")},
            )
        self.order_fields([*(field.value for field in columns.fields), *self._own])

    def drop(self, name: str) -> None:
        """A field of the room that does not fit this kind of sheet."""
        self._own.remove(name)
        del self.fields[name]

    def mapping(self) -> dict[str, int]:
        return {
            field.value: int(self.cleaned_data[field])
            for field in self._columns.fields
            if self.cleaned_data[field]
        }

    def reading(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self._own}


class WriteForm(WithSecond):
    """How what the dry run showed is written, why, and by which document."""

    mode = forms.ChoiceField(
        label=_("写入方式"),
        widget=forms.RadioSelect,
        choices=[(GOOD, _("只写可办理的行")), (ALL, _("全部成功才写"))],
        initial=GOOD,
    )
    doc_no = forms.CharField(label=_("依据文号"), max_length=50, required=False)
    reason = forms.CharField(
        label=_("说明"), strip=True, widget=forms.Textarea(attrs=LONG_REASON)
    )

    def terms(self) -> dict[str, Any]:
        """As the act takes them."""
        terms = super().terms()
        return {"is_all_or_nothing": terms.pop("mode") == ALL, **terms}


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
