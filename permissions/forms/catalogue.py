"""Forms of the catalogue: an entry, a reason, a version's submission."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from permissions.enums import (
    TITLE_WORDS,
    Category,
    Setting,
    TitleRule,
    ValueKind,
)
from permissions.forms.grants import DAY, LONG_REASON, WithoutColons
from permissions.models.attributes import (
    Certificate,
    EndsWith,
    EnforcedAt,
    Flow,
    OnExpiry,
)
from permissions.models.entries import ATTRIBUTES, LISTS, Entry
from permissions.queries.catalogue import Names
from portal.his.contract.codes import TITLE_RANK
from portal.parameters.days import LAST_DAY

RANKS = [
    (0, _("不限")),
    *((TITLE_RANK[code], word) for code, word in TITLE_WORDS.items()),
]
NOT_A_NUMBER = {"invalid": _("填整数。"), "min_value": _("填 0 或正整数。")}


def several(label: Any, choices: Any = (), **attrs: Any) -> forms.MultipleChoiceField:
    """Several of a long list, searched while typing."""
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        required=False,
        widget=forms.SelectMultiple(
            attrs={
                "data-search": True,
                "data-nothing": _("没有找到，换一个写法"),
                **attrs,
            }
        ),
        error_messages={"invalid_choice": _("没有 %(value)s，从列表中选择。")},
    )


def number(label: Any, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=0,
        max_value=32767,
        help_text=help_text,
        error_messages={**NOT_A_NUMBER, "max_value": _("数字过大。")},
    )


class ReasonForm(WithoutColons):
    """Why; ``seen`` is the revision on the page."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label=_("说明"),
        strip=True,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写明依据，审批人和版本历史可见"),
    )


class SubmitForm(ReasonForm):
    """提交审批: from when, by which document, why."""

    effective_on = forms.DateField(
        label=_("生效日期"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs=DAY),
        validators=[MaxValueValidator(LAST_DAY)],
        help_text=_("到这一天发布；今天则同意后立即发布"),
    )
    doc_no = forms.CharField(label=_("依据文号"), max_length=50)
    field_order = ["seen", "effective_on", "doc_no", "reason"]


class EntryForm(ReasonForm):
    """Every attribute of an entry. What fits together, the act says."""

    code = forms.CharField(label=_("编码"), max_length=20, help_text=_("例如 AB05"))
    name = forms.CharField(label=_("名称"), max_length=100, strip=True)
    category = forms.ChoiceField(
        label=_("类别"),
        choices=[one for one in Category.choices if one[0] != Category.SI],
    )
    value_kind = forms.ChoiceField(label=_("取值方式"), choices=ValueKind.choices)
    level = forms.CharField(
        label=_("级别"),
        max_length=10,
        required=False,
        help_text=_("一个数字或一段，例如 2 或 1-4；额度填整数"),
    )
    setting = forms.ChoiceField(label=_("场合"), choices=Setting.choices)
    title_rule = forms.ChoiceField(label=_("职称规则"), choices=TitleRule.choices)
    min_title_rank = forms.TypedChoiceField(
        label=_("最低职称"), choices=RANKS, coerce=int, required=False
    )
    scopes = several(_("执业范围"))
    requires = several(
        _("前提权限"), **{"data-url": reverse_lazy("permissions:privilege-options")}
    )
    trainings = several(_("培训"))
    exams = several(_("考核"))
    certificates = several(_("证书"), Certificate.choices)
    min_years = number(_("最少执业年限"))
    min_cases = number(_("最少例数"), _("作为助手或带教下"))
    requirements = forms.CharField(
        label=_("其他条件"),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 200}),
    )
    validity_months = number(_("有效月数"), _("长期或按条件到期留空"))
    ends_with = forms.ChoiceField(
        label=_("到期条件"), choices=EndsWith.choices, required=False
    )
    assessment_months = number(_("评估间隔（月）"))
    on_expiry = forms.ChoiceField(label=_("到期处理"), choices=OnExpiry.choices)
    flow = forms.ChoiceField(label=_("审批流程"), choices=Flow.choices)
    basis = several(_("制度依据"))
    his_target = forms.CharField(
        label=_("HIS 去向"), max_length=100, required=False, help_text=_("接口与字段")
    )
    his_value = forms.CharField(label=_("HIS 取值"), max_length=20, required=False)
    enforced_at = several(_("控制环节"), EnforcedAt.choices)
    sort = number(_("排序"))

    def __init__(
        self, *args: Any, names: Names, entry: Entry | None = None, **kwargs: Any
    ) -> None:
        if entry is not None:
            kwargs["initial"] = {**entry.as_json(), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.entry_now = entry
        for field, named in (
            ("scopes", names.scopes),
            ("requires", names.privileges),
            ("trainings", names.trainings),
            ("exams", names.trainings),
            ("basis", names.regulations),
        ):
            self.fields[field].choices = coded(named)  # type: ignore[attr-defined]
        # The list is on the server: only what is chosen is drawn.
        chosen = set(self["requires"].value() or ())
        self.fields["requires"].widget.choices = [
            choice for choice in coded(names.privileges) if choice[0] in chosen
        ]
        if entry is not None:
            self.fields["code"].disabled = True
            self.fields["code"].help_text = _("编码不能修改")

    def entry(self) -> Entry:
        """What was typed; whether the entry is enabled is changed by another act."""
        is_enabled = self.entry_now.is_enabled if self.entry_now else True
        given: dict[str, Any] = {"is_enabled": is_enabled}
        for name in ATTRIBUTES:
            if name in self.cleaned_data:
                value = self.cleaned_data[name]
                given[name] = tuple(value) if name in LISTS else value
        for name in ("sort", "min_title_rank"):
            given[name] = given[name] or 0
        return Entry(**given)


def coded(names: Mapping[str, str]) -> list[tuple[str, str]]:
    """``REG06 抗菌药物临床应用管理办法``"""
    return [(code, f"{code} {name}") for code, name in names.items()]
