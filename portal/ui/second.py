"""The second person, who agrees on the spot with a password of their own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.accounts.proving import agreeing
from portal.accounts.refusals import SecondPersonRefused
from portal.ui.fields import WithoutColons

SECOND = ("second_no", "second_password")
FIELDS = {"staff_no": "second_no", "password": "second_password"}


class WithSecond(WithoutColons):
    """Asks for a second person's staff number and password where one is needed.

    The password is never drawn again and never leaves ``cleaned_data``. Who agrees must
    hold ``capability``.
    """

    capability: Capability

    def __init__(self, *args: Any, needs_second: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_second:
            return
        self.fields["second_no"] = forms.CharField(
            label=_("第二人工号"),
            max_length=20,
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )
        self.fields["second_password"] = forms.CharField(
            label=_("第二人密码"),
            max_length=128,
            strip=False,
            # Nobody's browser should keep the password of somebody else.
            widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        )

    @property
    def needs_second(self) -> bool:
        return "second_no" in self.fields

    @property
    def asked(self) -> list[forms.BoundField]:
        """The fields that are not the second person's."""
        return [field for field in self if field.name not in SECOND]

    def terms(self) -> dict[str, Any]:
        """What was typed but for the second person."""
        typed = self.cleaned_data.items()
        return {name: value for name, value in typed if name not in SECOND}

    def second(self, request: HttpRequest) -> User | None:
        """Who agreed; a form that asked and was not answered has an error then."""
        if not self.needs_second:
            return None
        try:
            return agreeing(
                request,
                staff_no=self.cleaned_data["second_no"],
                password=self.cleaned_data["second_password"],
                capability=self.capability,
            )
        except SecondPersonRefused as refusal:
            self.add_error(FIELDS[refusal.field], str(refusal.text))
            return None
