"""Forms of reviews and assessments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from permissions.enums import AssessmentResult, LineDecision
from permissions.forms.acts import REASON_CODES
from permissions.forms.grants import DAY, LONG_REASON, WithoutColons
from permissions.models import ReviewLine
from permissions.services.reviews import Decided
from portal.parameters.days import LAST_DAY

DECISIONS = [
    (LineDecision.KEEP.value, LineDecision.KEEP.label),
    (LineDecision.SUSPEND.value, LineDecision.SUSPEND.label),
    (LineDecision.REVOKE.value, LineDecision.REVOKE.label),
]
ONE_BY_ONE = ("", _("逐项选择"))
# From so many lines on, one choice for all of them saves time.
MANY = 3


class ConcludeForm(WithoutColons):
    """A decision for each line, then why."""

    reason_code = forms.ChoiceField(
        label=_("原因代码"),
        choices=REASON_CODES,
        required=False,
        help_text=_("有暂停或取消时必填"),
    )
    reason = forms.CharField(
        label=_("结论说明"),
        strip=True,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写入变更日志，本人和科主任可见"),
    )

    def __init__(
        self,
        *args: Any,
        lines: Sequence[ReviewLine],
        labels: Mapping[int, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        names: list[str] = []
        if len(lines) > MANY:
            self.fields["all"] = forms.ChoiceField(
                label=_("全部授权"), choices=[ONE_BY_ONE, *DECISIONS], required=False
            )
            names.append("all")
        for line in lines:
            self.fields[f"line_{line.pk}"] = forms.ChoiceField(
                label=labels[line.pk],
                choices=DECISIONS,
                widget=forms.RadioSelect,
                required=False,
            )
            self.fields[f"seen_{line.pk}"] = forms.IntegerField(
                widget=forms.HiddenInput, initial=line.state.last_event_id
            )
            names += [f"line_{line.pk}", f"seen_{line.pk}"]
        self.order_fields([*names, "reason_code", "reason"])

    def decided(self) -> dict[int, Decided]:
        """By line; what was chosen for all counts where nothing else was."""
        given = self.cleaned_data
        return {
            line.pk: Decided(
                LineDecision(given[f"line_{line.pk}"] or given.get("all", "")),
                given[f"seen_{line.pk}"],
            )
            for line in self.lines
        }


class MassForm(WithoutColons):
    """Whether what the HIS shows is true."""

    answer = forms.ChoiceField(
        label=_("核实结果"),
        widget=forms.RadioSelect,
        choices=[
            ("true", _("属实，暂停这些医师的授权")),
            ("wrong", _("HIS 数据有误，不暂停")),
        ],
    )
    reason = forms.CharField(
        label=_("说明"),
        strip=True,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写明向谁核实、结果如何"),
    )


class AssessForm(WithoutColons):
    """登记评估."""

    assessed_on = forms.DateField(
        label=_("评估日期"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs=DAY),
        validators=[MaxValueValidator(LAST_DAY)],
    )
    result = forms.ChoiceField(
        label=_("结论"), widget=forms.RadioSelect, choices=AssessmentResult.choices
    )
    doc_no = forms.CharField(label=_("依据文号"), max_length=50)
    next_due = forms.DateField(
        label=_("下次评估不晚于"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs=DAY),
        validators=[MaxValueValidator(LAST_DAY)],
        help_text=_("不填则按权限字典的评估间隔；不合格的不填"),
    )
    note = forms.CharField(
        label=_("说明"), strip=True, widget=forms.Textarea(attrs=LONG_REASON)
    )
