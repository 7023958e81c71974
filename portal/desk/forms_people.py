"""Forms of the pages 用户与角色."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.accounts.capabilities import Role
from portal.accounts.forms import password_field
from portal.accounts.passwords import PolicyValidator
from portal.desk.reasons import ReasonForm


class NewPasswordForm(ReasonForm):
    """A password for somebody else, to be changed at the first login."""

    password = password_field(_("初始密码"), "new-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = PolicyValidator().get_help_text()


class NewUserForm(NewPasswordForm):
    staff_no = forms.RegexField(
        r"^[0-9A-Za-z]+$",
        label=_("工号"),
        max_length=20,
        error_messages={"invalid": _("工号只含数字和字母。")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(label=_("姓名"), max_length=50)
    office = forms.CharField(label=_("部门"), max_length=50, required=False)

    field_order = ("staff_no", "name", "office", "password", "reason")


class RoleForm(ReasonForm):
    """Which role is asked for; those held or waiting are not offered."""

    role = forms.ChoiceField(label=_("角色"))
    departments = forms.MultipleChoiceField(
        label=_("所管科室"),
        required=False,
        widget=forms.SelectMultiple(
            attrs={"data-search": True, "data-nothing": _("没有找到，换一个写法")}
        ),
        help_text=_("只用于科主任：只看这些科室和本人所在科室的医师与授权"),
        error_messages={"invalid_choice": _("没有 %(value)s，从列表中选择。")},
    )

    def __init__(
        self,
        *args: Any,
        offered: Sequence[Role],
        departments: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            (role.value, role.label) for role in offered
        ]
        self.fields["departments"].choices = departments  # type: ignore[attr-defined]
