"""What forms of every room share: labels without colons, long reasons, whole days."""

from __future__ import annotations

from typing import Any

from django import forms

DAY = {"type": "date"}
LONG_REASON = {"rows": 3, "maxlength": 200}


class WithoutColons(forms.Form):
    """Labels stand above their fields, without a colon."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
