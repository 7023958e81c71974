"""Why an act on the catalogue was refused, in words for the form it came from."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.audit.refusing import ActRefused


class CatalogueRefused(ActRefused):
    """The act was not done; ``field`` names the form field the message belongs to."""


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


class NothingAhead(CatalogueRefused):
    message = gettext_lazy("没有待生效的停用或启用，可能已经生效。刷新页面后再看。")


class EndsBeforeStart(CatalogueRefused):
    field = "on"

    def __init__(self, start: date) -> None:
        super().__init__(
            _("停用日期须晚于启用日期 %(start)s。") % {"start": start.isoformat()}
        )


class CriteriaMissing(CatalogueRefused):
    field = "criteria"
    message = gettext_lazy("写明判定标准。")
