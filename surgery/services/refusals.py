"""Why an act on the catalogue was refused, in words for the form it came from."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.audit.refusing import ActRefused

REASON_MIN, REASON_MAX = 5, 200


class CatalogueRefused(ActRefused):
    """The act was not done; ``field`` names the form field the message belongs to."""


class ReasonTooShort(CatalogueRefused):
    field = "reason"

    def __init__(self, length: int) -> None:
        super().__init__(
            _("至少 %(minimum)s 个字，现有 %(length)s 个。写明依据和经过。")
            % {"minimum": REASON_MIN, "length": length}
        )


class ReasonTooLong(CatalogueRefused):
    field = "reason"

    def __init__(self, length: int) -> None:
        super().__init__(
            _("最多 %(maximum)s 个字，现有 %(length)s 个。")
            % {"maximum": REASON_MAX, "length": length}
        )


class CodeMalformed(CatalogueRefused):
    field = "code"

    def __init__(self, code: str) -> None:
        super().__init__(
            _(
                "「%(code)s」不是国临 3.0 的写法，例如 51.2300、52.7x00、"
                "51.2300x001；本院增补的用 x 加三位或四位数字。"
            )
            % {"code": code}
        )


class CodeTaken(CatalogueRefused):
    field = "code"

    def __init__(self, code: str, name: str) -> None:
        super().__init__(
            _("目录中已有 %(code)s「%(name)s」，请修改那一条。")
            % {"code": code, "name": name}
        )


class DepartmentUnknown(CatalogueRefused):
    field = "departments"

    def __init__(self, code: str) -> None:
        super().__init__(
            _("没有编码为 %(code)s 的科室，从列表中选择。") % {"code": code}
        )


class NothingChanged(CatalogueRefused):
    message = gettext_lazy("与现在相同，没有修改。改动一项后再保存。")


class ChangedMeanwhile(CatalogueRefused):
    message = gettext_lazy("打开表单之后这条手术已被改动。关闭后重新打开。")


class AlreadySo(CatalogueRefused):
    message = gettext_lazy("这条手术已经是这个状态，没有改动。刷新页面后再看。")


class EndsBeforeStart(CatalogueRefused):
    field = "on"

    def __init__(self, start: date) -> None:
        super().__init__(
            _("停用日期须晚于启用日期 %(start)s。") % {"start": start.isoformat()}
        )


class CriteriaMissing(CatalogueRefused):
    field = "criteria"
    message = gettext_lazy("写明判定标准。")


def clear_reason(text: str) -> str:
    """The reason as it is kept; refused when it says too little or too much."""
    reason = text.strip()
    if len(reason) < REASON_MIN:
        raise ReasonTooShort(len(reason))
    if len(reason) > REASON_MAX:
        raise ReasonTooLong(len(reason))
    return reason
