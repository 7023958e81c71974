"""核对试算: what is asked of the engine, typed by the office."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from permissions.checks.facts import Setting as Place
from permissions.checks.facts import Side, Urgency
from permissions.checks.question import (
    BloodOrder,
    DrugOrder,
    Member,
    Part,
    Question,
)
from permissions.enums import Setting
from permissions.enums import Side as SideWords
from permissions.forms.grants import WithoutColons
from portal.directory.models import Drug
from portal.directory.queries import practitioner_by_emp_no
from portal.parameters.days import FIRST_DAY, LAST_DAY, ZONE, day_of
from surgery.queries.procedures import procedure_by_code

MOST_PROCEDURES = 3
PARTS = {
    "surgeon": Part.SURGEON,
    "assistant": Part.FIRST_ASSISTANT,
    "supervisor": Part.SUPERVISOR,
    "anesthetist": Part.ANESTHETIST,
    "orderer": Part.ORDERER,
    "prescriber": Part.PRESCRIBER,
}


def _chosen(label: Any, url: str, label_of: Callable[[str], str]) -> forms.CharField:
    field = forms.CharField(
        label=label,
        required=False,
        max_length=40,
        widget=forms.Select(
            attrs={
                "data-search": True,
                "data-url": reverse_lazy(f"permissions:{url}-options"),
                "data-placeholder": _("名称、编码或拼音首字母"),
                "data-nothing": _("没有找到，换一个写法"),
            }
        ),
    )
    field.label_of = label_of  # type: ignore[attr-defined]
    return field


def _doctor(emp_no: str) -> str:
    found = practitioner_by_emp_no(emp_no)
    return f"{found.name} {found.emp_no}" if found else emp_no


def _procedure(code: str) -> str:
    found = procedure_by_code(code)
    return f"{found.code} {found.name}" if found else code


def _drug(code: str) -> str:
    found = Drug.objects.filter(drug_code=code).order_by("pk").first()
    return f"{found.drug_code} {found.generic_name}" if found else code


class TrialForm(WithoutColons):
    """Everything may stay empty but one person and one thing that is done."""

    surgeon = _chosen(_("主刀"), "practitioner", _doctor)
    assistant = _chosen(_("一助"), "practitioner", _doctor)
    supervisor = _chosen(_("带教"), "practitioner", _doctor)
    anesthetist = _chosen(_("麻醉"), "practitioner", _doctor)
    orderer = _chosen(_("开单"), "practitioner", _doctor)
    prescriber = _chosen(_("处方或用血申请"), "practitioner", _doctor)
    procedure1 = _chosen(_("手术 1"), "procedure", _procedure)
    procedure2 = _chosen(_("手术 2"), "procedure", _procedure)
    procedure3 = _chosen(_("手术 3"), "procedure", _procedure)
    drug = _chosen(_("药品"), "drug", _drug)
    days = forms.IntegerField(
        label=_("用药天数"), min_value=1, max_value=365, required=False
    )
    volume = forms.IntegerField(
        label=_("24 小时备血（毫升）"), min_value=1, max_value=20000, required=False
    )
    setting = forms.ChoiceField(
        label=_("场合"),
        choices=[one for one in Setting.choices if one[0] != Setting.ALL],
    )
    urgency = forms.ChoiceField(
        label=_("急缓"),
        choices=[
            (Urgency.ROUTINE.value, _("平诊")),
            (Urgency.EMERGENCY.value, _("急诊")),
            (Urgency.RESCUE.value, _("急诊抢救生命")),
        ],
    )
    at = forms.DateTimeField(
        label=_("时间"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(
            format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}
        ),
    )
    campus = forms.CharField(label=_("院区"), max_length=20, required=False)
    side = forms.ChoiceField(label=_("侧别"), choices=SideWords.choices, required=False)
    asa = forms.TypedChoiceField(
        label=_("ASA 分级"),
        choices=[("", _("不问")), *((str(n), f"{n}") for n in range(1, 7))],
        coerce=int,
        empty_value=None,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What was chosen is drawn again; the rest of the list stays on the server.
        for name, field in self.fields.items():
            label_of = getattr(field, "label_of", None)
            if label_of is not None:
                chosen = str(self[name].value() or "")
                known = [(chosen, label_of(chosen))] if chosen else []
                field.widget.choices = [("", ""), *known]

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"]
        if not FIRST_DAY <= at.date() < LAST_DAY:
            raise forms.ValidationError(_("时间超出日历，请重新填写。"))
        return at

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self._team(given):
            raise forms.ValidationError(_("至少选一位医师。"))
        if not (self._procedures(given) or given.get("drug") or given.get("volume")):
            raise forms.ValidationError(_("选一项手术、一种药品，或填备血量。"))
        return given

    @staticmethod
    def _team(given: dict[str, Any]) -> tuple[Member, ...]:
        return tuple(
            Member(given[name], part) for name, part in PARTS.items() if given.get(name)
        )

    @staticmethod
    def _procedures(given: dict[str, Any]) -> Sequence[str]:
        names = [f"procedure{n}" for n in range(1, MOST_PROCEDURES + 1)]
        return list(dict.fromkeys(given[one] for one in names if given.get(one)))

    def question(self) -> Question:
        """What the engine is asked; only of a valid form."""
        given = self.cleaned_data
        at: datetime = given["at"]
        return Question(
            team=self._team(given),
            moment=at.astimezone(ZONE),
            procedures=tuple(self._procedures(given)),
            drug=DrugOrder(given["drug"], days=given["days"])
            if given["drug"]
            else None,
            blood=BloodOrder(given["volume"]) if given["volume"] else None,
            setting=Place(given["setting"]),
            urgency=Urgency(given["urgency"]),
            campus=given["campus"].strip(),
            side=Side(given["side"]),
            asa=given["asa"],
        )

    @property
    def on(self) -> str:
        """The day asked about, for the link to what held then."""
        return day_of(self.cleaned_data["at"]).isoformat()
