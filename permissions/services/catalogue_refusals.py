"""Why a change of the catalogue was refused, in words for the form it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.services.refusals import ActRefused, Text


class EntryInvalid(ActRefused):
    """``problems`` holds what is wrong, by attribute of the entry."""

    def __init__(self, problems: Mapping[str, Sequence[str]]) -> None:
        self.problems = problems
        super().__init__("".join(text for texts in problems.values() for text in texts))


class EntryUnchanged(ActRefused):
    message = gettext_lazy("与现在的内容相同，没有修改；草稿里的修改不要了，就撤下它。")


class EntryExists(ActRefused):
    field = "code"

    def __init__(self, code: str) -> None:
        super().__init__(
            _("编码 %(code)s 已有条目，修改那一条，或换一个编码。") % {"code": code}
        )


class EntryUnknown(ActRefused):
    def __init__(self, code: str) -> None:
        super().__init__(_("字典里没有 %(code)s，可能已被改动。") % {"code": code})


class DraftChangedMeanwhile(ActRefused):
    def __init__(self, by: str, at: str) -> None:
        super().__init__(
            _("打开表单之后%(by)s已改过（%(at)s）。关闭后重新打开，核对再提交。")
            % {"by": by, "at": at}
        )


class VersionChangedMeanwhile(ActRefused):
    message = gettext_lazy("打开页面之后草稿已有改动。刷新页面，核对后再办理。")


class VersionWaits(ActRefused):
    """Nothing can be added to a version that is being decided on."""

    def __init__(self, state: Text) -> None:
        super().__init__(
            _("有一版%(state)s，不能再修改条目。等它发布，或先退回为草稿。")
            % {"state": state}
        )


class VersionNotInThatState(ActRefused):
    def __init__(self, act: Text, state: Text) -> None:
        super().__init__(
            _("这一版现为「%(state)s」，不能%(act)s。刷新页面查看。")
            % {"state": state, "act": act}
        )


class VersionEmpty(ActRefused):
    message = gettext_lazy("草稿里没有修改。先修改条目，或作废草稿。")


class EffectiveInPast(ActRefused):
    field = "effective_on"

    def __init__(self, today: date) -> None:
        super().__init__(_("不能早于今天 %(today)s。") % {"today": today.isoformat()})


class OwnVersion(ActRefused):
    message = gettext_lazy("提交人和修改条目的人不能审批这一版，请由另一人审批。")


class DraftNotFound(ActRefused):
    message = gettext_lazy("草稿里没有这项修改，可能已被撤下。刷新页面查看。")
