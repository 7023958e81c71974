"""Why an act on grades was refused, in words for the form it came from."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.ui.elements import Text
from surgery.services.refusals import CatalogueRefused


class GradingRefused(CatalogueRefused):
    """The grade stays as it is."""


class GradeUnchanged(GradingRefused):
    field = "grade"

    def __init__(self, grade: Text) -> None:
        super().__init__(
            _("施行日的级别已是%(grade)s，选择另一个级别。") % {"grade": grade}
        )


class GradeMissing(GradingRefused):
    field = "grade"
    message = gettext_lazy("选择一级至四级。未定级的手术没有级别可以作废。")


class ScoresMissing(GradingRefused):
    field = "score_risk"
    message = gettext_lazy("四个维度都须评 1 至 5 分。")


class NotScored(GradingRefused):
    def __init__(self, code: str) -> None:
        super().__init__(
            _("%(code)s 是按 HIS 现有级别提出的，先补四个维度的评分，再审定。")
            % {"code": code}
        )


class ScoredAlready(GradingRefused):
    message = gettext_lazy("这份申请已有评分，或是作废定级，不需要再评。")


class ProposerMissing(GradingRefused):
    def __init__(self, code: str) -> None:
        super().__init__(
            _("%(code)s 由系统按医院参数提出，先由一人确认提出，再由另一人审定。")
            % {"code": code}
        )


class StoodForAlready(GradingRefused):
    message = gettext_lazy("这份申请已有提出人，或须先补评分，不能确认提出。")


class ProposalOpen(GradingRefused):
    message = gettext_lazy("这项手术已有一份待审定的定级申请，先办结那一份。")


class EffectiveTooEarly(GradingRefused):
    field = "effective_on"

    def __init__(self, earliest: date) -> None:
        super().__init__(
            _("最早 %(earliest)s，更早的按医院参数不能补记。")
            % {"earliest": earliest.isoformat()}
        )


class DocumentMissing(GradingRefused):
    field = "doc_no"
    message = gettext_lazy("填写文号，目录各版以它为据。")


class MeetingMissing(GradingRefused):
    field = "meeting"
    message = gettext_lazy("涉及三、四级，须填写委员会会议，如「2026 年第 6 次会议」。")


class CommitteeNeeded(GradingRefused):
    message = gettext_lazy(
        "涉及三、四级，由医疗技术临床应用管理委员会审定，请由委员会秘书或科长登记结论。"
    )


class ApproverNeeded(GradingRefused):
    message = gettext_lazy("您不能审定手术级别，请由医务科审定。")


class OwnGradeProposal(GradingRefused):
    message = gettext_lazy("提出人不能审定自己的申请，请由另一人审定。")


class NotTheProposer(GradingRefused):
    message = gettext_lazy("只有提出人可以撤回申请。")


class AlreadyDecided(GradingRefused):
    def __init__(self, state: Text) -> None:
        super().__init__(
            _("这份申请刚才已由他人办理：%(state)s。刷新后查看。") % {"state": state}
        )


class GradeMovedOn(GradingRefused):
    """What was proposed from is not what holds any more."""

    def __init__(self, code: str, seen: Text, now: Text) -> None:
        super().__init__(
            _(
                "%(code)s 提出时为%(seen)s，现已是%(now)s。退回申请，按现在的级别再提出。"
            )
            % {"code": code, "seen": seen, "now": now}
        )


class NothingChosen(GradingRefused):
    message = gettext_lazy("没有选中申请。先勾选再办理。")


class NothingToUndo(GradingRefused):
    message = gettext_lazy("这一版的调级都已撤销，没有可以撤销的。")


class LaterVersionStands(GradingRefused):
    def __init__(self, code: str, version: str) -> None:
        super().__init__(
            _("%(code)s 在 %(version)s 版又有变动。先撤销那一版，再撤销这一版。")
            % {"code": code, "version": version}
        )


class GivenBackByRecoding(GradingRefused):
    """The later change is of a re-coding that was undone: nobody can undo it again, and
    the days its code was out of use are not answered anew."""

    def __init__(self, code: str, number: int) -> None:
        super().__init__(
            _(
                "%(code)s 的级别在第 %(number)s 号编码调整施行时停止、撤销时恢复，"
                "其间的日子按当时的目录作答，这一版不能再撤销。"
                "要改回原级别，请提出调级，写明施行日期。"
            )
            % {"code": code, "number": number}
        )


class RecipientMissing(GradingRefused):
    field = "to"
    message = gettext_lazy("写明上报、公示的对象，如发证的卫生健康委、院务公开栏。")


class PublishedInFuture(GradingRefused):
    field = "on"
    message = gettext_lazy("日期不能晚于今天，办完再登记。")


class PublishedBeforeVersion(GradingRefused):
    field = "on"

    def __init__(self, decided: date) -> None:
        super().__init__(
            _("不能早于这一版审定的日期 %(day)s。") % {"day": decided.isoformat()}
        )
