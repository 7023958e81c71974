"""Forms of the acts on lines that are granted: renew, suspend, restore, …

What is typed twice by nobody stands elsewhere: which lines, and what was seen of them,
come with the address and hidden fields (``permissions.views.chosen``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from permissions.enums import ReasonCode
from permissions.forms.grants import LONG_REASON, day_field
from permissions.forms.second import WithSecond
from portal.parameters.days import FIRST_DAY, LAST_DAY
from portal.ui.elements import Text


def numbered(codes: type[ReasonCode]) -> list[tuple[str, Text]]:
    """``08 评估超期``: people know the codes by their numbers."""
    return [
        (code.value, format_lazy("{} {}", code.value, code.label)) for code in codes
    ]


REASON_CODES = [("", _("选择原因代码")), *numbered(ReasonCode)]


class ActForm(WithSecond):
    """恢复、作废、撤销: why, and from when an act that may be recorded late held.

    ``late_days`` is how far back the hospital allows; 0 does not ask.
    """

    effective_at = forms.DateTimeField(
        label=_("生效时间"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(
            format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}
        ),
    )
    reason = forms.CharField(
        label=_("说明"),
        strip=True,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写入变更日志，本人和科主任可见"),
    )

    def __init__(self, *args: Any, late_days: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not late_days:
            del self.fields["effective_at"]
            return
        text = _("不填为现在；已经生效、现在补记的填当时，最早 %(days)s 天前")
        self.fields["effective_at"].help_text = text % {"days": late_days}

    def clean_effective_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["effective_at"]
        if at is not None and not FIRST_DAY <= at.date() < LAST_DAY:
            raise forms.ValidationError(_("时间超出日历，请重新填写。"))
        return at

    def terms(self) -> dict[str, Any]:
        """An act of this moment says no other."""
        typed = super().terms()
        if typed.get("effective_at") is None:
            typed.pop("effective_at", None)
        return typed


class TakeAwayForm(ActForm):
    """取消: with a reason code."""

    reason_code = forms.ChoiceField(label=_("原因代码"), choices=REASON_CODES)
    field_order = ["reason_code", "effective_at", "last_day", "to", "reason"]


class SuspendForm(TakeAwayForm):
    """暂停: open, or through a last day."""

    last_day = day_field(
        _("暂停至"),
        required=False,
        help_text=_("含当日，次日自动恢复；不填则到办理恢复为止"),
    )


class RenewForm(ActForm):
    """续期: to a day, or as long as the catalogue allows."""

    last_day = day_field(
        _("续期至"), required=False, help_text=_("含当日；不填则按字典的最长期限")
    )
    field_order = ["last_day", "effective_at", "reason"]


class DowngradeForm(TakeAwayForm):
    """降级: to one or more lower lines; ``offered`` are their keys and names."""

    to = forms.MultipleChoiceField(label=_("降为"), widget=forms.CheckboxSelectMultiple)

    def __init__(
        self, *args: Any, offered: Sequence[tuple[str, Text]] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = self.fields["to"]
        if isinstance(choices, forms.MultipleChoiceField):
            choices.choices = list(offered)
