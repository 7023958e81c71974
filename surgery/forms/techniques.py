"""The drawer of a filing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from portal.parameters.days import LAST_DAY

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
