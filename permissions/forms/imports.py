"""Forms of an import of grants: what they ask beside those of every sheet."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from permissions.services import is_second_needed
from portal.accounts.capabilities import Capability
from portal.sheets import forms as sheets


class UploadForm(sheets.UploadForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].label = _("授权表格")


class ColumnsForm(sheets.ColumnsForm):
    takes_proposed = forms.BooleanField(
        label=_("采用补 0 后的工号（姓名相符且唯一时）"), required=False
    )


class WriteForm(sheets.WriteForm):
    """Rights are given: by two where the hospital asks for two."""

    capability = Capability.CHANGE_GRANT

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, needs_second=is_second_needed(), **kwargs)
        self.fields["doc_no"].help_text = _("用于表中没有写文号的行")
        self.fields["reason"].help_text = _("写入每一项授权的变更日志")
