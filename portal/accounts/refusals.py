"""Why an act on accounts was refused; ``text`` is what the person at the form reads."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class AccountRefusal(Exception):
    """Nothing was changed."""

    text: Text = ""

    def __init__(self) -> None:
        super().__init__(type(self).__name__)


class NotAllowed(AccountRefusal):
    text = _("您的角色不能办理这项操作。")


class ReasonMissing(AccountRefusal):
    text = _("写明原因。")


class StaffNumberTaken(AccountRefusal):
    text = _("这个工号已有账户。")


class UsersExist(AccountRefusal):
    text = _("系统里已有账户，不再建立首批管理员。")


class UserInactive(AccountRefusal):
    text = _("账户已停用。")


class UserActive(AccountRefusal):
    text = _("账户没有停用。")


class NotLocked(AccountRefusal):
    text = _("账户没有锁定，不用解锁。")


class OwnAccount(AccountRefusal):
    text = _("不能办理本人的账户和角色，请由另一位管理员办理。")


class RoleAlreadyOpen(AccountRefusal):
    text = _("这个角色已经有了，或正在等待批准。")


class RolesExclude(AccountRefusal):
    text = _("系统管理员、安全管理员、审计管理员三者不能由同一人担任。")


class SamePerson(AccountRefusal):
    text = _("不能批准自己申请的角色，请由另一人办理。")


class NotPending(AccountRefusal):
    text = _("这项申请已经办理。刷新页面查看结果。")


class NotInForce(AccountRefusal):
    text = _("这个角色没有生效，不能收回。")


class LastAdministrator(AccountRefusal):
    text = _("这是最后一位系统管理员或安全管理员，收回后无人能分配角色。")


class ScopeMissing(AccountRefusal):
    text = _("科主任要写明所管科室，至少一个；本人是 HIS 里的医师时，本科室不用再选。")


class ScopeUnknown(AccountRefusal):
    text = _("HIS 里没有这个科室，请从列表重新选择。")


class ScopeNotAsked(AccountRefusal):
    text = _("所管科室只用于科主任，其他角色请清空这一栏。")


class DoctorByLaunch(AccountRefusal):
    text = _("医师角色在从医生站首次进入时自动取得，只能给 HIS 里的医师。")


class AdministratorPassword(AccountRefusal):
    text = _("管理员的密码不能由另一位管理员重设，请在服务器上用命令重设。")


class WrongPassword(AccountRefusal):
    text = _("现在的密码不对。")


class PractitionerNotPractising(AccountRefusal):
    text = _("HIS 中这位医师不在岗，不能进入。")


class LaunchRoleEnded(AccountRefusal):
    text = _("医师角色已收回，不能从医生站进入。")


class PasswordRefused(AccountRefusal):
    """The password breaks the policy; ``problems`` names every broken rule."""

    def __init__(self, problems: Sequence[Text]) -> None:
        super().__init__()
        self.problems = problems

    @property
    def text(self) -> str:  # type: ignore[override]
        return "".join(str(problem) for problem in self.problems)


class SecondPersonRefused(AccountRefusal):
    """The second person did not prove to be one; ``field`` is staff_no or password."""

    def __init__(self, field: str, text: Text) -> None:
        super().__init__()
        self.field = field
        self.text = text
