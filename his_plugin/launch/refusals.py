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
    ENCODING = "ENCODING"
    UNKNOWN_APP = "UNKNOWN_APP"
    METHOD = "METHOD"
    CREDENTIALS = "CREDENTIALS"
    ALGORITHM_ENDED = "ALGORITHM_ENDED"
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
    PAGE_TOKEN = "PAGE_TOKEN"  # noqa: S105  # a reason, no secret
    TOO_MANY = "TOO_MANY"
    # What a platform that says who somebody is (OIDC, CAS, SMART) may do wrong.
    ISSUER = "ISSUER"
    STATE = "STATE"
    PLATFORM_DOWN = "PLATFORM_DOWN"
    PLATFORM_REFUSED = "PLATFORM_REFUSED"
    ID_SIGNATURE = "ID_SIGNATURE"
    ID_AUDIENCE = "ID_AUDIENCE"
    ID_NONCE = "ID_NONCE"
    ID_TIME = "ID_TIME"
    NO_STAFF_NUMBER = "NO_STAFF_NUMBER"

    @property
    def status(self) -> int:
        return STATUS.get(self, 403)


STATUS = {
    Refusal.MALFORMED: 400,
    Refusal.ENCODING: 400,
    Refusal.TOO_MANY: 429,
    Refusal.PLATFORM_DOWN: 503,
}


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
    Refusal.ENCODING: RefusalWords(
        _("链接的编码不对"),
        _("参数不是 UTF-8 编码，常见于按 GBK 编码的医生站。"),
        _("请把下面的编号告诉信息网络中心，由 HIS 厂商改为 UTF-8 编码后再签名。"),
    ),
    Refusal.METHOD: RefusalWords(
        _("接入方式没有开通"),
        _("本系统没有为这个接入方开通这种打开方式。"),
        ASK_CENTER,
    ),
    Refusal.CREDENTIALS: RefusalWords(
        _("接入方凭据不对"),
        _("换取凭据时的接入方编号或密钥不对。"),
        _("请 HIS 厂商核对密钥；密钥更换过的，请联系信息网络中心。"),
    ),
    Refusal.ALGORITHM_ENDED: RefusalWords(
        _("旧签名方式已停用"),
        _("医生站仍使用 MD5 或 SHA-1 签名，约定的期限已过。"),
        _(
            "请把下面的编号告诉信息网络中心，由 HIS 厂商改用 HMAC-SHA256 或 HMAC-SM3 签名。"
        ),
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
    Refusal.PAGE_TOKEN: RefusalWords(
        _("页面已过期"), _("页面凭据 15 分钟内有效，或已不再有效。"), AGAIN
    ),
    Refusal.TOO_MANY: RefusalWords(
        _("被拒绝得过于频繁"),
        _("从这个网络地址来的链接接连没有通过核对，暂停 1 分钟。"),
        _("请 1 分钟后再试；仍然不行，请把下面的编号告诉信息网络中心。"),
    ),
    Refusal.ISSUER: RefusalWords(
        _("来源没有登记"),
        _("打开本系统的平台不在登记的来源之内，没有连接它。"),
        ASK_CENTER,
    ),
    Refusal.STATE: RefusalWords(
        _("登录没有从这里开始"),
        _("这次登录不是由这个浏览器发起的，已用过，或超过 5 分钟。"),
        _("请回到医生站重新点击「医务权限」；嵌在页面里打开的，请改为新窗口打开。"),
    ),
    Refusal.PLATFORM_DOWN: RefusalWords(
        _("统一认证没有应答"),
        _("没有连接上统一认证平台，或它的应答不完整。"),
        _("请稍候再试；仍然不行，请把下面的编号告诉信息网络中心。"),
    ),
    Refusal.PLATFORM_REFUSED: RefusalWords(
        _("统一认证没有通过"),
        _("统一认证平台没有确认您的身份。"),
        _("请重新登录统一认证后，再点击「医务权限」。"),
    ),
    Refusal.ID_SIGNATURE: RefusalWords(
        _("身份凭据没有通过核对"),
        _("身份凭据不是登记的平台签发的，或签名方式不接受。"),
        ASK_CENTER,
    ),
    Refusal.ID_AUDIENCE: RefusalWords(
        _("身份凭据不是给本系统的"),
        _("身份凭据是发给其他系统的，或缺少必需的内容。"),
        ASK_CENTER,
    ),
    Refusal.ID_NONCE: RefusalWords(
        _("身份凭据不是这一次的"),
        _("身份凭据与这次登录对不上，可能是重放。"),
        AGAIN,
    ),
    Refusal.ID_TIME: RefusalWords(
        _("身份凭据已过期"),
        _("身份凭据过期，或平台的时钟与本系统不一致。"),
        _("请重新点击「医务权限」；仍然不行，请信息网络中心核对两边的时钟。"),
    ),
    Refusal.NO_STAFF_NUMBER: RefusalWords(
        _("身份里没有工号"),
        _("统一认证平台没有给出您的工号，本系统不按姓名认人。"),
        _("请信息网络中心核对平台上的工号属性；您的账户没有工号的，请联系人事部门。"),
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
