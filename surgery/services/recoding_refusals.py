"""Why an act on a re-coding was refused, in words for the form it came from."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.ui.elements import Text
from portal.ui.phrases import listed
from surgery.services.refusals import CatalogueRefused

NAMED = 5


class RecodingRefused(CatalogueRefused):
    """The codes stay as they are."""


class NothingToRecode(RecodingRefused):
    message = gettext_lazy("没有可以调整的编码。先核对旧编码和新编码。")


class CodesCannot(RecodingRefused):
    """``problems`` are ``51.2300：…``, one for each code that cannot be re-coded."""

    def __init__(self, problems: Sequence[str]) -> None:
        more = len(problems) - NAMED
        first = listed(problems[:NAMED])
        if more > 0:
            first = _("%(first)s，另有 %(count)s 处") % {"first": first, "count": more}
        super().__init__(_("没有调整：%(problems)s。") % {"problems": first})


class DayInPast(RecodingRefused):
    field = "effective_on"
    message = gettext_lazy(
        "施行日期不能早于今天：过去的日子按原来的编码回答。填今天或以后的日期。"
    )


class DayDiffers(RecodingRefused):
    field = "effective_on"

    def __init__(self, day: Text) -> None:
        super().__init__(
            _("表格中写的施行日期是 %(day)s。按表格填写，或改好表格再上传。")
            % {"day": day}
        )


class DeciderIsProposer(RecodingRefused):
    field = "second_no"
    message = gettext_lazy("审定人不能是提出的本人。请另一人审定。")


class DeciderMissing(RecodingRefused):
    field = "second_no"
    message = gettext_lazy("编码调整须由另一人审定。请审定人输入工号和密码。")


class NotInThatState(RecodingRefused):
    def __init__(self, state: Text) -> None:
        super().__init__(
            _("这份编码调整现在是「%(state)s」，刷新后查看。") % {"state": state}
        )


class StandsInTheWay(RecodingRefused):
    """``what`` names everything that was built on the new codes since."""

    def __init__(self, what: Sequence[str]) -> None:
        more = len(what) - NAMED
        first = listed(what[:NAMED])
        if more > 0:
            first = _("%(first)s，另有 %(count)s 处") % {"first": first, "count": more}
        super().__init__(
            _("不能撤销，施行后又有变动：%(what)s。先处理这些，或另做一份编码调整。")
            % {"what": first}
        )


class CarriedByRecoding(RecodingRefused):
    """An undo of a grade that a re-coding made, or built on."""

    def __init__(self, code: str, number: int) -> None:
        super().__init__(
            _(
                "%(code)s 的级别由第 %(number)s 号编码调整承接。"
                "先到「编码调整」撤销整份调整。"
            )
            % {"code": code, "number": number}
        )
