"""Forms of an import of records about practitioners, which give no right themselves."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.accounts.capabilities import Capability
from portal.sheets import forms as sheets
from portal.sheets.models import SheetImport


class WriteForm(sheets.WriteForm):
    """A record gives no right: one person writes it."""

    capability = Capability.CHANGE_GRANT

    def __init__(self, *args: Any, one: SheetImport, **kwargs: Any) -> None:
        super().__init__(*args, needs_second=False, **kwargs)
        self.fields["reason"].help_text = _("写入每一条记录的变更日志")
