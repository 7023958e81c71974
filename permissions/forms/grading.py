"""Forms about grades: asking for one with its score sheet, deciding, taking back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from permissions.forms.grants import LONG_REASON, WithoutColons, day_field, searched
from portal.approvals.workflow import Decision
from surgery.checks.scoring import HIGHEST, LOWEST, ScoreSheet
from surgery.enums import Grade
from surgery.models import Procedure
from surgery.models.grading import POINTS
from surgery.services.grading import Wish

WITHDRAWN = Grade.UNGRADED.value
POINT_CHOICES = [("", "—"), *((n, str(n)) for n in range(LOWEST, HIGHEST + 1))]
GRADES = [
    *((one.value, one.label) for one in Grade if one is not Grade.UNGRADED),
    (WITHDRAWN, _("作废定级")),
]


def points(label: Any, help_text: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        choices=POINT_CHOICES,
        coerce=int,
        empty_value=None,
        required=False,
        help_text=help_text,
    )


class PickProcedureForm(WithoutColons):
    """Which procedure, where the drawer is not opened from its row."""

    code = forms.CharField(
        label=_("手术"),
        widget=searched(
            "procedure-options", _("名称、编码或拼音首字母"), **{"data-first": True}
        ),
        help_text=_("选定后填写新级别和评分"),
    )


class Grounds(WithoutColons):
    """What a grade rests on: the score sheet of domain 3.4, the document and why."""

    score_risk = points(_("手术风险"), _("麻醉、并发症、围手术期死亡"))
    score_difficulty = points(_("难易程度"), _("复杂程度、患者状态、时长、团队与设备"))
    score_resources = points(_("资源消耗"), _("人员、设备、耗材、稀缺性"))
    score_ethics = points(_("伦理风险"), _("满分即建议四级"))
    doc_no = forms.CharField(label=_("文号"), max_length=50)
    meeting = forms.CharField(
        label=_("会议"),
        max_length=50,
        required=False,
        help_text=_("涉及三、四级时审定前须填，如「2026 年第 6 次会议」"),
    )
    reason = forms.CharField(
        label=_("理由"),
        strip=True,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写明依据；审定人、级别历史和变更日志可见"),
    )

    @property
    def sheet(self) -> ScoreSheet | None:
        """As far as it is filled in: only a whole sheet is one."""
        typed = self.cleaned_data
        points = [typed[name] for name in POINTS if typed.get(name) is not None]
        return ScoreSheet(*points) if len(points) == len(POINTS) else None


class ScoreForm(Grounds):
    """补评分: the sheet a proposal lacks, and by which document."""

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if self.sheet is None:
            self.add_error("score_risk", _("四个维度都须评 1 至 5 分。"))
        return typed


class GradeForm(Grounds):
    """调级: to which grade, from when, by which document, why, and how it scores."""

    grade = forms.TypedChoiceField(label=_("新级别"), choices=GRADES, coerce=int)
    effective_on = day_field(_("施行日期"), help_text=_("可以早于今天，按补记处理"))

    def wish(self, procedure: Procedure) -> Wish:
        typed = self.cleaned_data
        return Wish(
            procedure=procedure,
            grade=typed["grade"],
            effective_on=typed["effective_on"],
            sheet=self.sheet,
            meeting=typed["meeting"],
            doc_no=typed["doc_no"],
        )


DECISIONS = [
    (Decision.APPROVE.value, pgettext_lazy("act", "同意")),
    (Decision.RETURN.value, pgettext_lazy("act", "退回")),
    (Decision.REJECT.value, pgettext_lazy("act", "不同意")),
]


class GradeDecisionForm(WithoutColons):
    """What was decided; of several at once only that they are approved."""

    decision = forms.ChoiceField(
        label=_("结论"), choices=DECISIONS, widget=forms.RadioSelect
    )
    meeting = forms.CharField(
        label=_("会议"),
        max_length=50,
        required=False,
        help_text=_("留空则用申请中的会议"),
    )
    doc_no = forms.CharField(
        label=_("文号"),
        max_length=50,
        required=False,
        help_text=_("留空则用申请中的文号"),
    )
    reason = forms.CharField(
        label=_("审定说明"),
        strip=True,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写入版本和变更日志"),
    )

    def __init__(self, *args: Any, is_many: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_many:
            field = self.fields["decision"]
            field.choices = DECISIONS[:1]  # type: ignore[attr-defined]
            field.initial = Decision.APPROVE.value


class WhyForm(WithoutColons):
    """撤回、撤销: why, and by which document where there is one."""

    reason = forms.CharField(
        label=_("说明"), strip=True, widget=forms.Textarea(attrs=LONG_REASON)
    )
    doc_no = forms.CharField(label=_("依据文号"), max_length=50, required=False)

    def __init__(self, *args: Any, with_document: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_document:
            del self.fields["doc_no"]
