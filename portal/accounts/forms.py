"""What people type on the account pages; what the acts refuse stands at its field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.accounts.passwords import PolicyValidator


def password_field(label: Any, autocomplete: str) -> forms.CharField:
    """A password as it was typed: leading and trailing blanks belong to it."""
    return forms.CharField(
        label=label,
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


class LoginForm(forms.Form):
    staff_no = forms.CharField(
        label=_("工号"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = password_field(_("密码"), "current-password")


class PasswordForm(forms.Form):
    """Change one's own password."""

    old = password_field(_("现在的密码"), "current-password")
    new = password_field(_("新密码"), "new-password")
    again = password_field(_("再输一次新密码"), "new-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new"].help_text = PolicyValidator().get_help_text()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        new, again = cleaned.get("new"), cleaned.get("again")
        if new and again and new != again:
            self.add_error("again", _("两次输入的新密码不一致。"))
        return cleaned
