"""Why something is done about drifts."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from permissions.forms.grants import LONG_REASON, WithoutColons


class DriftReasonForm(WithoutColons):
    reason = forms.CharField(
        label=_("原因"),
        strip=True,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写入变更日志；修复时随变更告知 HIS"),
    )
