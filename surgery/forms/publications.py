"""The form that records that a catalogue was reported or published."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from portal.parameters.days import LAST_DAY
from surgery.enums import Publishing


class PublicationForm(forms.Form):
    """上报、公示: what, when, to whom, and what came back."""

    kind = forms.ChoiceField(
        label=_("事项"), choices=Publishing.choices, widget=forms.RadioSelect
    )
    on = forms.DateField(
        label=_("日期"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        validators=[MaxValueValidator(LAST_DAY)],
    )
    to = forms.CharField(
        label=_("对象"),
        max_length=100,
        strip=True,
        help_text=_("上报写发证的卫生健康行政部门，公示写院务公开的位置"),
    )
    receipt = forms.CharField(
        label=_("回执号、网址"), max_length=100, strip=True, required=False
    )
    note = forms.CharField(
        label=_("说明"),
        max_length=200,
        strip=True,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 200}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
