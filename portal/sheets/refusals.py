"""Why an act on an import was refused."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.audit.refusing import ActRefused


class ColumnsMissing(ActRefused):
    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            _("还没有指定%(names)s所在的列。") % {"names": "、".join(names)}
        )


class ColumnTwice(ActRefused):
    def __init__(self, heading: str) -> None:
        super().__init__(
            _("「%(heading)s」列指定了两次，每列只能用一次。") % {"heading": heading}
        )


class NoHeadings(ActRefused):
    field = "sheet"
    message = gettext_lazy(
        "这个工作表前 20 行中没有找到表头。请下载模板核对列名，或另选工作表。"
    )


class NotInThatStep(ActRefused):
    def __init__(self, state: str, by: str) -> None:
        super().__init__(
            _("这次导入现为「%(state)s」（%(by)s），没有再次办理。刷新后查看。")
            % {"state": state, "by": by}
        )


class NothingToWrite(ActRefused):
    message = gettext_lazy("没有可以写入的行。")


class SomeRowsCannot(ActRefused):
    def __init__(self, count: int) -> None:
        super().__init__(
            _(
                "有 %(count)s 行有误或冲突，不能全部写入。改正后重新上传，"
                "或选择只写入可办理的行。"
            )
            % {"count": count}
        )
