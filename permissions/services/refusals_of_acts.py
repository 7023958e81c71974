"""Why a late-recorded act, an undo, a copy or a batch was refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permissions.services.refusals import ActRefused, Text
from portal.audit.refusing import TooLateToUndo as TooLateToUndo


class EffectiveInFuture(ActRefused):
    field = "effective_at"
    message = gettext_lazy("生效时间不能晚于现在。到那时再办理。")


class EffectiveTooLongAgo(ActRefused):
    field = "effective_at"

    def __init__(self, earliest: str) -> None:
        super().__init__(
            _("补记的生效时间最早为 %(moment)s。更早的变更须另行说明。")
            % {"moment": earliest}
        )


class EffectiveBeforeStart(ActRefused):
    field = "effective_at"

    def __init__(self, start: str) -> None:
        super().__init__(
            _("这项授权 %(start)s 才生效，变更不能更早；录错的请作废。")
            % {"start": start}
        )


class LaterChangeStands(ActRefused):
    field = "effective_at"

    def __init__(self, act: Text, later: Text, at: str) -> None:
        super().__init__(
            _(
                "%(at)s 已有「%(later)s」，在它之前补记「%(act)s」后两者矛盾。核对生效时间。"
            )
            % {"at": at, "later": later, "act": act}
        )


class UntilNotLater(ActRefused):
    field = "last_day"

    def __init__(self, after: date) -> None:
        super().__init__(
            _("须晚于 %(day)s。核对后重新填写。") % {"day": after.isoformat()}
        )


class HasNoEnd(ActRefused):
    message = gettext_lazy("这项授权长期有效，不用续期。")


class RenewalEndMissing(ActRefused):
    field = "last_day"
    message = gettext_lazy("字典没有限定这项权限的期限，须填到期日期。")


class CannotUndo(ActRefused):
    def __init__(self, act: Text, instead: Text) -> None:
        super().__init__(
            _("「%(act)s」不能撤销。%(instead)s") % {"act": act, "instead": instead}
        )


class AlreadyUndone(ActRefused):
    message = gettext_lazy("这次变更已经撤销过，不能再次撤销。")


class ManyRefused(ActRefused):
    """``rows``: by its place, counted from 0, why each of them was refused."""

    def __init__(self, rows: Mapping[int, ActRefused], total: int) -> None:
        self.rows = rows
        super().__init__(
            _(
                "%(total)s 项中有 %(count)s 项不能办理，全部没有保存。改正或去掉后再提交。"
            )
            % {"total": total, "count": len(rows)}
        )


class TemplateEmpty(ActRefused):
    field = "name"
    message = gettext_lazy("岗位模板须有名称和至少一项权限。")


class TemplateNameTaken(ActRefused):
    field = "name"

    def __init__(self, name: str) -> None:
        super().__init__(
            _("已有名为「%(name)s」的岗位模板，请换一个名称或修改原模板。")
            % {"name": name}
        )


class SameDoctor(ActRefused):
    field = "target"
    message = gettext_lazy("不能从本人复制给本人，请另选一位医师。")
