"""Why an act was refused, in words for the form it came from."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.audit.refusing import ActRefused as ActRefused
from portal.audit.refusing import ReasonTooLong as ReasonTooLong
from portal.audit.refusing import ReasonTooShort as ReasonTooShort
from portal.audit.refusing import Text as Text


class ReasonCodeMissing(ActRefused):
    field = "reason_code"
    message = gettext_lazy("选择原因代码。")


# --- who ------------------------------------------------------------------------------


class PractitionerNotPractising(ActRefused):
    field = "practitioner"

    def __init__(self, name: str, status: Text) -> None:
        super().__init__(
            _("%(name)s在 HIS 中的状态为「%(status)s」，不能授权。")
            % {"name": name, "status": status}
        )


class TitleTooLow(ActRefused):
    field = "privilege"

    def __init__(self, privilege: str, needed: str, held: str) -> None:
        super().__init__(
            _("「%(privilege)s」须%(needed)s及以上，现为%(held)s。")
            % {"privilege": privilege, "needed": needed, "held": held}
        )


class OwnProposal(ActRefused):
    message = gettext_lazy("提出人不能审批自己的申请，请由另一人审批。")


class OwnRight(ActRefused):
    message = gettext_lazy("不能审批、恢复本人的权限，请由另一人办理。")


class NotTheProposer(ActRefused):
    message = gettext_lazy("只有提出人可以撤回申请。")


class ProposerMissing(ActRefused):
    message = gettext_lazy(
        "这份申请由系统按医院参数提出，先由一人确认提出，再由另一人审批。"
    )


class StoodForAlready(ActRefused):
    message = gettext_lazy("这份申请已有提出人，不需要再确认提出。")


class SecondPersonMissing(ActRefused):
    field = "second"
    message = gettext_lazy(
        "本院规定授权、续期、恢复须第二人确认。请另一位能维护权限的人确认。"
    )


class SecondPersonNotAnother(ActRefused):
    field = "second"
    message = gettext_lazy("第二人不能是办理人，也不能是医师本人。请换一位确认。")


# --- what -----------------------------------------------------------------------------


class PrivilegeDisabled(ActRefused):
    field = "privilege"

    def __init__(self, privilege: str) -> None:
        super().__init__(
            _("「%(privilege)s」已停用，不能新增授权。") % {"privilege": privilege}
        )


class SettingNotAllowed(ActRefused):
    field = "setting"

    def __init__(self, privilege: str, setting: Text) -> None:
        super().__init__(
            _("「%(privilege)s」只能用于「%(setting)s」。")
            % {"privilege": privilege, "setting": setting}
        )


class ItemMissing(ActRefused):
    field = "item"
    message = gettext_lazy("这项权限逐项授权，选择一项手术或操作。")


class ItemNotAsked(ActRefused):
    field = "item"
    message = gettext_lazy("这项权限不分项目，不选手术。")


class ItemUnknown(ActRefused):
    field = "item"

    def __init__(self, code: str) -> None:
        super().__init__(_("手术目录中没有 %(code)s。") % {"code": code})


class ItemDisabled(ActRefused):
    field = "item"

    def __init__(self, code: str) -> None:
        super().__init__(_("%(code)s 已停用，不能授权。") % {"code": code})


class ItemOfOtherGrade(ActRefused):
    field = "item"

    def __init__(self, code: str, grade: Text, needed: Text) -> None:
        super().__init__(
            _("%(code)s 是%(grade)s手术，这项权限只用于%(needed)s手术。")
            % {"code": code, "grade": grade, "needed": needed}
        )


class ItemNotRestricted(ActRefused):
    field = "item"

    def __init__(self, code: str) -> None:
        super().__init__(
            _("%(code)s 不是限制类技术，按手术级别授权。") % {"code": code}
        )


class ItemNameMissing(ActRefused):
    field = "item_name"
    message = gettext_lazy("药品和设备须写明名称。")


class ItemKindNotAsked(ActRefused):
    field = "item_kind"

    def __init__(self, privilege: str) -> None:
        super().__init__(
            _("「%(privilege)s」只能按手术逐项授权。") % {"privilege": privilege}
        )


class RoleNotAllowed(ActRefused):
    field = "role"

    def __init__(self, privilege: str, allowed: str) -> None:
        super().__init__(
            _("「%(privilege)s」的角色只能是%(allowed)s。")
            % {"privilege": privilege, "allowed": allowed}
        )


class RoleNotAsked(ActRefused):
    field = "role"

    def __init__(self, privilege: str) -> None:
        super().__init__(
            _("「%(privilege)s」不分角色，角色留空。") % {"privilege": privilege}
        )


class VisitMissing(ActRefused):
    field = "visit_no"
    message = gettext_lazy("单例患者授权须填 HIS 就诊号。")


class VisitNotAsked(ActRefused):
    field = "visit_no"
    message = gettext_lazy("只有单例患者授权填就诊号，请留空或改选授权类型。")


class EndMissing(ActRefused):
    field = "valid_to"
    message = gettext_lazy("临时授权和单例患者授权须填到期日期。")


class NotLower(ActRefused):
    field = "to"

    def __init__(self, privilege: str) -> None:
        super().__init__(
            _("「%(privilege)s」不低于原授权，不是降级。请改选更低的级别或角色。")
            % {"privilege": privilege}
        )


class SanctionStands(ActRefused):
    field = "privilege"

    def __init__(
        self, privilege: str, why: Text, on: date, months: int, earliest: date
    ) -> None:
        super().__init__(
            _(
                "「%(privilege)s」因「%(why)s」于 %(on)s 取消，%(months)s 个月内不得恢复，"
                "最早 %(earliest)s。"
            )
            % {
                "privilege": privilege,
                "why": why,
                "on": on.isoformat(),
                "months": months,
                "earliest": earliest.isoformat(),
            }
        )


class OpenApplicationExists(ActRefused):
    message = gettext_lazy("同一医师的同一权限已有待审批的申请。")


class GrantOverlaps(ActRefused):
    def __init__(self, until: str) -> None:
        super().__init__(
            _("同一医师、权限、项目和场合已有授权，%(until)s，日期重叠。")
            % {"until": until}
        )


# --- when -----------------------------------------------------------------------------


class StartsInPast(ActRefused):
    field = "valid_from"

    def __init__(self, today: date) -> None:
        super().__init__(_("不能早于今天 %(today)s。") % {"today": today.isoformat()})


class StartsTooLongAgo(ActRefused):
    field = "valid_from"

    def __init__(self, earliest: date) -> None:
        super().__init__(
            _("最早补记到 %(day)s。更早的决定请按申请流程办理。")
            % {"day": earliest.isoformat()}
        )


class EndsBeforeStart(ActRefused):
    field = "valid_to"
    message = gettext_lazy("到期日期不能早于生效日期。")


class LastsTooLong(ActRefused):
    field = "valid_to"

    def __init__(self, what: Text, months: int, latest: date) -> None:
        super().__init__(
            _("%(what)s最长 %(months)s 个月，最晚 %(latest)s。")
            % {"what": what, "months": months, "latest": latest.isoformat()}
        )


class EndedMeanwhile(ActRefused):
    def __init__(self, last_day: date) -> None:
        super().__init__(
            _("申请的到期日期 %(day)s 已过，退回后重新申请。")
            % {"day": last_day.isoformat()}
        )


# --- in which state -------------------------------------------------------------------


class AlreadyDecided(ActRefused):
    def __init__(self, state: Text, by: str, at: str) -> None:
        super().__init__(
            _("这份申请%(state)s（%(by)s %(at)s），没有再次办理。")
            % {"state": state, "by": by, "at": at}
        )


class ChangedMeanwhile(ActRefused):
    def __init__(self, status: Text, by: str, at: str) -> None:
        super().__init__(
            _(
                "打开表单之后这项授权已被%(by)s改动（%(at)s），现为「%(status)s」。"
                "关闭后重新打开。"
            )
            % {"by": by, "at": at, "status": status}
        )


class NotInThatState(ActRefused):
    def __init__(self, act: Text, status: Text) -> None:
        super().__init__(
            _("这项授权现为「%(status)s」，不能%(act)s。")
            % {"status": status, "act": act}
        )


class AlreadyEnded(ActRefused):
    def __init__(self, act: Text, last_day: date) -> None:
        super().__init__(
            _("这项授权已于 %(day)s 到期，不能%(act)s。")
            % {"day": last_day.isoformat(), "act": act}
        )
