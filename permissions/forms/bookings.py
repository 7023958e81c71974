"""The form that says how a booked operation was seen to."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from permissions.enums import HitOutcome
from permissions.forms.grants import LONG_REASON, WithoutColons


class HandleForm(WithoutColons):
    """怎样处理, and with whom it was agreed."""

    outcome = forms.ChoiceField(
        label=_("处理结果"), widget=forms.RadioSelect, choices=HitOutcome.choices
    )
    reason = forms.CharField(
        label=_("说明"),
        strip=True,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写明改由谁主刀、改到何时或与谁商定"),
    )
