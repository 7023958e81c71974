"""Forms of a re-coding: its sheet, the decision, taking it back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from permissions.recoding.sheet import day_said, grades_of
from portal.sheets import forms as sheets
from portal.ui.fields import DAY, LONG_REASON, WithoutColons
from portal.ui.moments import today
from surgery.models import RecodingSheet
from surgery.services.grading import needs_committee
from surgery.services.listed_grades import decides


class RecodingUploadForm(sheets.UploadForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].label = _("编码对照表")
        self.fields["file"].help_text = _(
            "xlsx 或 csv，最大 10 MB、1,000 行；选好后先试运行，不会直接调整"
        )


class RecodingWriteForm(sheets.WriteForm):
    """By whom, in which meeting and by which document it was decided, and from when."""

    def __init__(self, *args: Any, one: RecodingSheet, **kwargs: Any) -> None:
        grades = grades_of(one)
        self.capability = decides(grades)
        super().__init__(*args, needs_second=True, **kwargs)
        self.fields["mode"].initial = sheets.ALL
        self.fields["doc_no"].required = True
        self.fields["reason"].help_text = _("写入每一项手术和授权的变更日志，并送 HIS")
        self.fields["meeting"] = forms.CharField(
            label=_("委员会会议"),
            max_length=50,
            required=needs_committee(*grades),
            help_text=_("涉及三、四级时必填，如「2026 年第 6 次会议」"),
        )
        self.fields["effective_on"] = forms.DateField(
            label=_("施行日期"),
            initial=day_said(one) or today(),
            widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
            help_text=_("今天或以后；选今天，审定后立即施行"),
        )
        self.order_fields(["mode", "effective_on", "doc_no", "meeting", "reason"])


class TakeBackForm(WithoutColons):
    """Only why."""

    reason = forms.CharField(
        label=_("理由"),
        strip=True,
        widget=forms.Textarea(attrs=LONG_REASON),
        help_text=_("写入变更日志"),
    )
