"""The forms of training records."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from permissions.forms.grants import DAY, LONG_REASON, WithoutColons
from permissions.queries.trainings import courses
from portal.parameters.days import LAST_DAY


def _day(label: Any, *, required: bool, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        widget=forms.DateInput(format="%Y-%m-%d", attrs=DAY),
        validators=[MaxValueValidator(LAST_DAY)],
        help_text=help_text,
    )


def _marks(label: Any, **kwargs: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=100, **kwargs)


class TrainingForm(WithoutColons):
    """登记培训考核."""

    training = forms.ChoiceField(label=_("课程"))
    passed_on = _day(_("完成日期"), required=True)
    valid_to = _day(_("有效期至"), required=False, help_text=_("含当日；长期有效留空"))
    score = _marks(_("考核成绩"), required=False, help_text=_("只参加培训、未考核留空"))
    pass_mark = _marks(_("合格线"), initial=60)
    provider = forms.CharField(label=_("举办单位"), max_length=80, required=False)
    hours = forms.IntegerField(
        label=_("学时"), min_value=0, max_value=999, required=False
    )
    certificate_no = forms.CharField(label=_("证书编号"), max_length=50, required=False)
    document = forms.CharField(
        label=_("材料"),
        max_length=100,
        required=False,
        help_text=_("材料编号或存放处"),
    )
    reason = forms.CharField(
        label=_("说明"), strip=True, widget=forms.Textarea(attrs=LONG_REASON)
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = {one.code: one for one in courses()}
        choices: list[tuple[str, Any]] = [("", _("选择课程"))]
        choices += [(code, f"{code} {one.name}") for code, one in self.found.items()]
        self.fields["training"].choices = choices  # type: ignore[attr-defined]
