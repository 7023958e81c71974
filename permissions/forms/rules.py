"""The forms of 核对规则."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from permissions.checks.rules import Mode, Rule, RuleMode
from permissions.forms.grants import LONG_REASON, WithoutColons
from permissions.models import RuleStrictness


class RuleForm(WithoutColons):
    """How strict, in which words; ``seen`` is the version it was opened on."""

    mode = forms.ChoiceField(
        label=_("严格程度"), widget=forms.RadioSelect, choices=RuleStrictness.choices
    )
    text = forms.CharField(
        label=_("规则文字"),
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 200}),
        max_length=200,
        required=False,
        help_text=_("留空即用规则表的文字"),
    )
    remedy = forms.CharField(
        label=_("下一步"),
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 200}),
        max_length=200,
        required=False,
        help_text=_("核对不通过时告诉医师怎么办；留空即用规则表的文字"),
    )
    reason = forms.CharField(
        label=_("说明"),
        strip=True,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写明依据，写入规则历史"),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, rule: Rule, now: RuleMode, **kwargs: Any) -> None:
        initial = {
            "mode": now.mode.value,
            "text": now.text or rule.text,
            "remedy": now.remedy or rule.remedy,
            **kwargs.pop("initial", {}),
        }
        super().__init__(*args, initial=initial, **kwargs)
        if rule.is_fixed:
            choices = [(Mode.MUST.value, RuleStrictness.MUST.label)]
            self.fields["mode"].choices = choices  # type: ignore[attr-defined]
            self.fields["mode"].help_text = _("法规规定，只能为「必须」")


class RuleDecisionForm(WithoutColons):
    """同意、不同意、撤回 with a reason."""

    reason = forms.CharField(
        label=_("说明"), strip=True, widget=forms.Textarea(attrs=LONG_REASON)
    )
