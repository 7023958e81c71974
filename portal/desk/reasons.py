"""The reason every change carries into its history."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# Enough for 离职; one letter or a full stop is no reason.
SHORTEST = 2


class ReasonForm(forms.Form):
    """A form whose last field says why."""

    reason = forms.CharField(
        label=_("原因"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("写入变更日志"),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.order_fields([name for name in self.fields if name != "reason"])

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"]
        if len(reason) < SHORTEST:
            raise ValidationError(
                gettext("至少 %(shortest)s 个字，现有 %(length)s 个。")
                % {"shortest": SHORTEST, "length": len(reason)}
            )
        return reason
