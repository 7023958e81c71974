"""The form of 系统设置."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.desk.presenters_parameters import range_of
from portal.desk.reasons import ReasonForm
from portal.parameters.registry import Parameter

# Wide enough that the range itself is refused by the act, in its own words.
DIGITS = 10**9


class ParameterForm(ReasonForm):
    """A new value and why; ``seen`` is the value that stood there when it was opened."""

    value = forms.IntegerField(
        label=gettext_lazy("新值"),
        error_messages={
            "invalid": gettext_lazy("填整数。"),
            "max_value": gettext_lazy("填整数。"),
            "min_value": gettext_lazy("填整数。"),
        },
        min_value=-DIGITS,
        max_value=DIGITS,
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, parameter: Parameter, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["value"]
        field.help_text = _("%(range)s %(unit)s，依据：%(basis)s") % {
            "range": range_of(parameter),
            "unit": parameter.unit,
            "basis": parameter.basis,
        }
        field.widget.attrs.update(min=parameter.minimum, max=parameter.maximum)
