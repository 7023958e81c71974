"""The drawers of restricted and suspended techniques."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from portal.parameters.days import LAST_DAY
from surgery.models import Procedure
from surgery.queries.procedures import procedure_by_code

LONG_REASON = {"rows": 3, "maxlength": 200}


def _day(label: Any, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        validators=[MaxValueValidator(LAST_DAY)],
        help_text=help_text,
    )


def _reason(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=True,
        max_length=200,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写入变更日志"),
    )


class WithoutColons(forms.Form):
    """Labels stand above their fields, without a colon."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class FilingForm(WithoutColons):
    """登记备案."""

    filed_on = _day(_("备案日期"))
    authority = forms.CharField(
        label=_("备案机关"), max_length=80, help_text=_("例如：云溪市卫生健康委员会")
    )
    document_no = forms.CharField(label=_("备案文号"), max_length=50)
    document = forms.CharField(
        label=_("材料"),
        max_length=100,
        required=False,
        help_text=_("材料编号或存放处"),
    )
    reason = _reason(_("说明"))


class SuspendForm(WithoutColons):
    """停用手术."""

    code = forms.CharField(
        label=_("手术编码"), max_length=32, help_text=_("例如：39.6500")
    )
    from_on = _day(_("停用日期"), _("自这一天起不再开展，今天或以后"))
    document_no = forms.CharField(label=_("依据文号"), max_length=50, required=False)
    reason = _reason(_("停用原因"))

    procedure: Procedure | None = None

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"].strip()
        self.procedure = procedure_by_code(code)
        if self.procedure is None:
            raise forms.ValidationError(
                _("手术目录中没有 %(code)s。请在手术目录中查到编码后再填。")
                % {"code": code}
            )
        return code


class LiftForm(WithoutColons):
    """恢复开展."""

    reason = _reason(_("恢复原因"))
