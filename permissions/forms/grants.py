"""Forms about proposals: asking, deciding, withdrawing."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.validators import MaxValueValidator
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from permissions.enums import Setting
from permissions.models import Privilege
from portal.approvals.workflow import Decision
from portal.directory.models import Practitioner
from portal.directory.queries import practitioner_by_emp_no
from portal.parameters.days import LAST_DAY
from portal.ui.elements import Text
from portal.ui.fields import DAY as DAY
from portal.ui.fields import LONG_REASON as LONG_REASON
from portal.ui.fields import WithoutColons as WithoutColons
from surgery.queries.procedures import procedure_by_code


def searched(view: str, placeholder: Text, **attrs: Any) -> forms.Select:
    """A choice of a long list that is searched on the server."""
    return forms.Select(
        attrs={
            "data-search": True,
            "data-url": reverse_lazy(f"permissions:{view}"),
            "data-placeholder": placeholder,
            "data-nothing": _("没有找到，换一个写法"),
            **attrs,
        }
    )


def day_field(label: Any, **options: Any) -> forms.DateField:
    """A day a person may name."""
    return forms.DateField(
        label=label,
        widget=forms.DateInput(format="%Y-%m-%d", attrs=DAY),
        validators=[MaxValueValidator(LAST_DAY)],
        **options,
    )


class WhoAndWhat(WithoutColons):
    """医师、权限项、手术. Long lists are searched on the server."""

    practitioner = forms.CharField(
        label=_("医师"),
        # Whoever opens the drawer by a key types at once.
        widget=searched(
            "practitioner-options", _("姓名、工号或拼音首字母"), **{"data-first": True}
        ),
    )
    privilege = forms.CharField(
        label=_("权限项"),
        widget=searched("privilege-options", _("名称、编码或拼音首字母")),
    )
    item = forms.CharField(
        label=_("手术"),
        required=False,
        widget=searched("procedure-options", _("名称、编码或拼音首字母")),
    )

    def draw_chosen(self) -> None:
        """What was chosen is drawn again; the rest of the list stays on the server."""
        for name, label_of in (
            ("practitioner", practitioner_label),
            ("privilege", privilege_label),
            ("item", item_label),
        ):
            field = self.fields.get(name)
            if field is None or not isinstance(field.widget, forms.Select):
                continue
            chosen = str(self[name].value() or "")
            label = label_of(chosen) if chosen else ""
            choices = [("", "")] + ([(chosen, label)] if label else [])
            field.widget.choices = choices

    def clean_practitioner(self) -> Practitioner:
        found = practitioner_by_emp_no(self.cleaned_data["practitioner"])
        if found is None:
            raise forms.ValidationError(_("没有这位医师。"))
        return found

    def clean_privilege(self) -> Privilege:
        found = Privilege.objects.filter(code=self.cleaned_data["privilege"]).first()
        if found is None:
            raise forms.ValidationError(_("没有这项权限。"))
        return found


class ProposeForm(WhoAndWhat):
    """新增授权: a proposal."""

    setting = forms.ChoiceField(label=_("场合"), choices=Setting.choices)
    doc_no = forms.CharField(label=_("依据文号"), max_length=50)
    valid_from = day_field(_("生效日期"))
    valid_to = day_field(
        _("到期日期"), required=False, help_text=_("含当日；长期权限可不填")
    )
    reason = forms.CharField(
        label=_("说明"),
        strip=True,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写明依据，审批人和变更日志可见"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["item"].help_text = _(
            "三级、四级和其他逐项权限选一项手术；其他权限不选"
        )
        self.draw_chosen()


def practitioner_label(emp_no: str) -> str:
    found = practitioner_by_emp_no(emp_no)
    return f"{found.name} {found.emp_no}" if found else ""


def privilege_label(code: str) -> str:
    found = Privilege.objects.filter(code=code).first()
    return f"{found.code} {found.name}" if found else ""


def item_label(code: str) -> str:
    found = procedure_by_code(code)
    return f"{found.code} {found.name}" if found else ""


class DecisionForm(WithoutColons):
    """同意、退回、不同意 with a reason."""

    decision = forms.ChoiceField(
        label=_("结论"),
        widget=forms.RadioSelect,
        choices=[
            (Decision.APPROVE.value, _("同意")),
            (Decision.RETURN.value, _("退回")),
            (Decision.REJECT.value, _("不同意")),
        ],
    )
    reason = forms.CharField(
        label=_("说明"),
        strip=True,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写入变更日志，提出人可见"),
    )

    def leave_out_approval(self) -> None:
        """Of what nobody stands for yet: it can only be sent back or rejected."""
        field = cast(forms.ChoiceField, self.fields["decision"])
        choices = cast(list[tuple[str, str]], field.choices)
        field.choices = [one for one in choices if one[0] != Decision.APPROVE.value]


class WithdrawForm(WithoutColons):
    """撤回: the proposer says why."""

    reason = forms.CharField(
        label=_("说明"), strip=True, widget=forms.Textarea(attrs=LONG_REASON)
    )
