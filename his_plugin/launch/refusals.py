"""Why a launch was refused: the code for the log, and the words for the doctor.

The words say what happened, why, and what to do next; none repeats what was sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.parameters.queries import value_of
from portal.parameters.registry import LAUNCH_WINDOW_SECONDS


class Refusal(StrEnum):
    MALFORMED = "MALFORMED"
    UNKNOWN_APP = "UNKNOWN_APP"
    SIGNATURE = "SIGNATURE"
    EXPIRED = "EXPIRED"
    CLOCK_AHEAD = "CLOCK_AHEAD"
    REPLAYED = "REPLAYED"
    UNKNOWN_PERSON = "UNKNOWN_PERSON"
    NOT_PRACTISING = "NOT_PRACTISING"
    DEPARTMENT = "DEPARTMENT"
    USER_INACTIVE = "USER_INACTIVE"
    ROLE_ENDED = "ROLE_ENDED"
    TICKET = "TICKET"

    @property
    def status(self) -> int:
        return 400 if self is Refusal.MALFORMED else 403


class LaunchRefused(Exception):
    """Nothing was changed. ``about`` is the practitioner, once the link is proven."""

    def __init__(self, refusal: Refusal, *, about: int | None = None) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
        self.about = about


@dataclass(frozen=True)
class RefusalWords:
    """What happened; why; what to do."""

    title: str | Promise
    why: str | Promise
    next_step: str | Promise


AGAIN = _("请回到医生站重新点击「医务权限」。")
ASK_CENTER = _("请把下面的编号告诉信息网络中心。")
ASK_OFFICE = _("请联系医务科。")

WORDS: dict[Refusal, RefusalWords] = {
    Refusal.MALFORMED: RefusalWords(
        _("没有看懂这条链接"), _("链接的参数缺失、重复或格式不对。"), ASK_CENTER
    ),
    Refusal.UNKNOWN_APP: RefusalWords(
        _("接入方未登记"), _("链接上的接入方编号没有在本系统登记。"), ASK_CENTER
    ),
    Refusal.SIGNATURE: RefusalWords(
        _("链接没有通过核对"),
        _("签名不符：链接被改动过，或医生站与本系统的密钥不一致。"),
        _(
            "请回到医生站重新点击「医务权限」；仍然不行，请把下面的编号告诉信息网络中心。"
        ),
    ),
    Refusal.EXPIRED: RefusalWords(
        _("链接已过期"), _("链接签发后超过 %(span)s。"), AGAIN
    ),
    Refusal.CLOCK_AHEAD: RefusalWords(
        _("医生站的时钟快了"),
        _("链接的时间比本系统晚了超过 %(span)s，不能核对是否有效。"),
        _("请信息网络中心校准医生站的时钟，再重新点击「医务权限」。"),
    ),
    Refusal.REPLAYED: RefusalWords(
        _("链接已用过"), _("每条链接只能打开一次，刷新或后退也算。"), AGAIN
    ),
    Refusal.UNKNOWN_PERSON: RefusalWords(
        _("没有找到您的工号"),
        _("医务管理系统的医师名册里还没有这个工号，名册每 10 分钟从 HIS 更新。"),
        _("刚在 HIS 建档的，请稍后再试；仍然不行，请联系医务科。"),
    ),
    Refusal.NOT_PRACTISING: RefusalWords(
        _("不能进入"), _("HIS 中您的在岗状态不是在职、试用、进修或返聘。"), ASK_OFFICE
    ),
    Refusal.DEPARTMENT: RefusalWords(
        _("科室不一致"),
        _("医生站登录的科室与医师名册中您的科室不同。"),
        _("请用本科室登录医生站后再试；刚调科的，请联系医务科核对名册。"),
    ),
    Refusal.USER_INACTIVE: RefusalWords(
        _("账户已停用"), _("您在医务管理系统的账户已停用。"), ASK_OFFICE
    ),
    Refusal.ROLE_ENDED: RefusalWords(
        _("不能从医生站进入"), _("您在医务管理系统的医师角色已收回。"), ASK_OFFICE
    ),
    Refusal.TICKET: RefusalWords(
        _("入口已失效"), _("进入凭据只能用一次，1 分钟内有效。"), AGAIN
    ),
}


def words_of(refusal: Refusal) -> RefusalWords:
    """The words, with the hospital's own window in them."""
    words = WORDS[refusal]
    return RefusalWords(
        words.title, str(words.why) % {"span": _span()}, words.next_step
    )


def _span() -> str:
    seconds = value_of(LAUNCH_WINDOW_SECONDS)
    if seconds % 60:
        return str(_("%(seconds)s 秒")) % {"seconds": seconds}
    return str(_("%(minutes)s 分钟")) % {"minutes": seconds // 60}
