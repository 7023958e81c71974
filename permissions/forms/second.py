"""The second person, who agrees on the spot with a password of their own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from permissions.forms.grants import WithoutColons
from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.accounts.proving import proved
from portal.parameters.queries import value_of
from portal.parameters.registry import DIRECT_SECOND_PERSON

FIELDS = ("second_no", "second_password")
NOT_PROVEN = _("工号或密码不对，或这位没有审批权限。")


class WithSecond(WithoutColons):
    """Asks for a second person where the hospital's parameter says so."""

    second_no = forms.CharField(
        label=_("第二人工号"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("本院规定直接授权由两人办理：请另一位有审批权限的人输入工号和密码"),
    )
    second_password = forms.CharField(
        label=_("第二人密码"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not value_of(DIRECT_SECOND_PERSON):
            for name in FIELDS:
                del self.fields[name]
        else:
            self.order_fields([name for name in self.fields if name not in FIELDS])

    @property
    def asks_second(self) -> bool:
        return FIELDS[0] in self.fields

    def second(self, request: HttpRequest) -> User | None:
        """Who agreed; a form that asked and was not answered has an error then."""
        if not self.asks_second:
            return None
        user = proved(request, *(self.cleaned_data[name] for name in FIELDS))
        if user is not None and user.has_capability(Capability.APPROVE_PRIVILEGE):
            return user
        self.add_error("second_password", NOT_PROVEN)
        return None
