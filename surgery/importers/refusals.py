"""Why an act on an import of procedures was refused."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.audit.refusing import ActRefused
from portal.ui.phrases import listed

NAMED = 5
SETTLED = gettext_lazy("这一条已另行改回或停用，不用撤销。")


class NotWhole(ActRefused):
    """``rows``: by their number, why what each wrote cannot be taken back."""

    def __init__(self, rows: Mapping[int, str]) -> None:
        self.rows = dict(rows)
        numbers = sorted(rows)
        super().__init__(
            _(
                "不能整份撤销，没有撤销任何一行：第 %(numbers)s 行，共 %(count)s 行。"
                "第 %(first)s 行：%(why)s"
            )
            % {
                "numbers": listed(str(one) for one in numbers[:NAMED]),
                "count": len(numbers),
                "first": numbers[0],
                "why": rows[numbers[0]],
            }
        )


class FlagsMissing(ActRefused):
    message = gettext_lazy(
        "还没有指定四级手术或微创手术所在的列；没有这样的列时，选择表中每行是什么。"
    )


class DeciderMissing(ActRefused):
    field = "second_no"
    message = gettext_lazy("手术级别须由另一人审定。请审定人输入工号和密码。")


class DeciderNotAnother(ActRefused):
    field = "second_no"
    message = gettext_lazy("审定人不能是导入的本人。请另一人审定。")


class DayMissing(ActRefused):
    field = "effective_on"
    message = gettext_lazy("填写施行日期。")
