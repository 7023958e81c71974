"""直接授权: the form shows what the chosen privilege asks for, and nothing else."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from permissions.enums import (
    Category,
    GrantKind,
    ItemKind,
    Setting,
    Side,
    ValueKind,
)
from permissions.forms.grants import LONG_REASON, WhoAndWhat, day_field
from permissions.forms.second import WithSecond
from permissions.models import Privilege
from permissions.services import Line
from permissions.services.lines import SHORT, roles_of

KINDS = [
    (kind.value, kind.label)
    for kind in (GrantKind.DIRECT, GrantKind.TEMPORARY, GrantKind.ONE_PATIENT)
]
ITEM_KINDS = [
    (kind.value, kind.label)
    for kind in (ItemKind.PROCEDURE, ItemKind.DRUG, ItemKind.DEVICE)
]


class DirectForm(WhoAndWhat, WithSecond):
    """One line with all its terms. Fields that are not asked for are not there."""

    kind = forms.ChoiceField(
        label=_("授权类型"), choices=KINDS, widget=forms.RadioSelect
    )
    item_kind = forms.ChoiceField(label=_("项目类别"), choices=ITEM_KINDS)
    item_name = forms.CharField(label=_("项目名称"), max_length=100)
    role = forms.ChoiceField(label=_("角色"))
    side = forms.ChoiceField(label=_("侧别"), choices=Side.choices, required=False)
    setting = forms.ChoiceField(label=_("场合"), choices=Setting.choices)
    campus = forms.CharField(
        label=_("院区"), max_length=20, required=False, help_text=_("不填为全部院区")
    )
    visit_no = forms.CharField(label=_("HIS 就诊号"), max_length=40)
    valid_from = day_field(_("生效日期"))
    valid_to = day_field(_("到期日期"), required=False)
    conditions = forms.CharField(label=_("附加条件"), max_length=200, required=False)
    evidence = forms.CharField(label=_("依据材料"), max_length=500, required=False)
    doc_no = forms.CharField(label=_("依据文号"), max_length=50, required=False)
    reason = forms.CharField(
        label=_("说明"),
        strip=True,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写明为何直接授权，写入变更日志，本人和科主任可见"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = str(self["privilege"].value() or "")
        self.chosen = Privilege.objects.filter(code=code).first() if code else None
        self._fit_kind(str(self["kind"].value() or GrantKind.DIRECT))
        self._fit_item(self.chosen)
        self._fit_role(self.chosen)
        self._fit_setting(self.chosen)
        self.draw_chosen()

    def clean_privilege(self) -> Privilege:
        return self.chosen or super().clean_privilege()

    def _fit_kind(self, kind: str) -> None:
        if kind != GrantKind.ONE_PATIENT:
            del self.fields["visit_no"]
        is_short = kind in SHORT
        self.fields["valid_to"].required = is_short
        if not is_short:
            self.fields["valid_to"].help_text = _("含当日；长期权限可不填")

    def _fit_item(self, privilege: Privilege | None) -> None:
        """Surgery names procedures; other item privileges drugs and devices too."""
        if privilege is None or privilege.value_kind != ValueKind.ITEM:
            for name in ("item", "item_kind", "item_name"):
                del self.fields[name]
            return
        self.fields["item"].required = True
        if privilege.category == Category.SG:
            del self.fields["item_kind"]
        if self.kind_of_item == ItemKind.PROCEDURE:
            del self.fields["item_name"]
            return
        code = forms.CharField(label=_("项目编码"), max_length=32)
        self.fields["item"] = code

    def _fit_role(self, privilege: Privilege | None) -> None:
        roles = roles_of(privilege, self.kind_of_item) if privilege else ()
        if not roles:
            del self.fields["role"], self.fields["side"]
            return
        field = self.fields["role"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(role.value, role.label) for role in roles]

    def _fit_setting(self, privilege: Privilege | None) -> None:
        """Where the catalogue knows one setting alone there is nothing to choose."""
        field = self.fields["setting"]
        if privilege is None or not isinstance(field, forms.ChoiceField):
            return
        if privilege.setting != Setting.ALL:
            field.choices = [(privilege.setting, Setting(privilege.setting).label)]

    @property
    def kind_of_item(self) -> str:
        if "item_kind" not in self.fields:
            return ItemKind.PROCEDURE
        return str(self["item_kind"].value() or ItemKind.PROCEDURE)

    def line(self) -> Line | None:
        """As far as it is filled in; None while privilege or first day are missing."""
        given = self.cleaned_data
        if not given.get("privilege") or not given.get("valid_from"):
            return None
        asked = {
            name: value
            for name, value in given.items()
            if name in Line.__dataclass_fields__ and value not in {None, ""}
        }
        return Line(**asked)
