"""接入测试 in words: the steps of a launch, and the first fault of another."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from his_plugin.launch.parameters import Flaw
from his_plugin.launch.platforms import address_back
from his_plugin.launch.refusals import Refusal, words_of
from his_plugin.trial.finding import Finding, Slip, Step
from his_plugin.trial.making import Asked, MadeLink, fields
from portal.his.contract.launch import Algorithm
from portal.his.entrances import CasServer, OidcProvider, Platform
from portal.ui.elements import Chip, Note

STEPS: Mapping[Step, str | Promise] = {
    Step.ADDRESS: gettext_lazy("地址"),
    Step.PARAMETERS: gettext_lazy("参数"),
    Step.APP: gettext_lazy("接入方"),
    Step.SIGNATURE: gettext_lazy("签名"),
    Step.TIME: gettext_lazy("时间"),
    Step.NONCE: gettext_lazy("随机数"),
    Step.PERSON: gettext_lazy("医师"),
    Step.ACCOUNT: gettext_lazy("账户"),
}
FLAWS: Mapping[Flaw, str | Promise] = {
    Flaw.UNKNOWN: gettext_lazy(
        "没有参数 %(name)s。只发送约定的参数，名称区分大小写；值里的 & 要编码为 %%26。"
    ),
    Flaw.REPEATED: gettext_lazy("参数 %(name)s 出现了多次，只能出现一次。"),
    Flaw.ENCODING: gettext_lazy(
        "参数 %(name)s 不是 UTF-8 编码。按 UTF-8 编码后再签名，不要用 GBK。"
    ),
    Flaw.MISSING: gettext_lazy("缺少参数 %(name)s，或它是空的。"),
    Flaw.SHAPE: gettext_lazy(
        "参数 %(name)s 的格式不对，例如过长、含换行、签名用了大写，或取值不认识。"
    ),
}
SLIPS: Mapping[Slip, str | Promise] = {
    Slip.UNSORTED: gettext_lazy("签名文本没有按参数名排序。"),
    Slip.RAW: gettext_lazy("签名用的是没有百分号编码的值。先编码，再签名。"),
    Slip.PLUS: gettext_lazy("空格编码成了加号，应为 %20。"),
    Slip.LOWER_HEX: gettext_lazy("百分号后面的十六进制是小写，应为大写，如 %E7。"),
    Slip.GBK: gettext_lazy("签名文本按 GBK 编码，应为 UTF-8。"),
    Slip.WITHOUT_EMPTY: gettext_lazy(
        "签名时去掉了空参数，发送时却带着。签名文本须与实际发送的参数一致。"
    ),
}


@dataclass(frozen=True)
class Line:
    """One step: what it is, what comes out; monospaced where it is to be copied."""

    title: str
    text: str
    is_code: bool = True


@dataclass(frozen=True)
class Shown:
    """A launch explained. ``try_at`` opens it; ``posted`` are the fields to post."""

    lines: Sequence[Line]
    try_at: str = ""
    posted: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[Note] = ()


def shown_link(made: MadeLink, *, is_form: bool) -> Shown:
    """Step by step, as the maker of a HIS would do it."""
    listed = "\n".join(f"{name}={value}" for name, value in made.parameters.items())
    algorithm = made.app.algorithm
    how = _how(algorithm)
    lines = [
        Line(_("1 参数，按参数名排序"), listed),
        Line(_("2 签名文本：名和值按 UTF-8 百分号编码，用 & 连接"), made.text),
        Line(_("3 签名方式"), how, is_code=False),
        Line(_("4 签名：小写十六进制"), made.sign),
    ]
    if is_form:
        posted = {**made.parameters, "sign": made.sign}
        target = made.address.partition("?")[0]
        lines.append(Line(_("5 用表单 POST 到"), target))
        return Shown(lines, reverse("his_plugin:launch"), posted, _link_notes())
    lines.append(Line(_("5 打开的地址"), made.address))
    return Shown(lines, made.address, notes=_link_notes())


def _how(algorithm: Algorithm) -> str:
    if algorithm.is_plain_digest:
        return _("%(name)s(签名文本&key=密钥)，限期使用") % {"name": algorithm.value}
    return _("%(name)s(密钥, 签名文本)") % {"name": algorithm.value}


def _link_notes() -> list[Note]:
    text = _(
        "只能打开一次，在医院参数「医生站链接有效时间」内有效。试打开按嵌入方式（frame=1）显示，不影响您现在的登录；生成和打开都写入变更日志。"
    )
    return [Note("info", text)]


def shown_ticket(name: str, asked: Asked, portal: str) -> Shown:
    """The call of the HIS server; its key is not ours to print."""
    sent = urlencode(fields(asked), quote_via=quote)
    url = f"{portal}{reverse('his_plugin:ticket')}"
    call = shlex.join(["curl", "-u", f"{name}:KEY", "-d", sent, url])
    enter = f"{portal}{reverse('his_plugin:enter')}?ticket="
    lines = [
        Line(_("1 HIS 服务器换取凭据（KEY 换成密钥）"), call),
        Line(
            _("2 应答里的 ticket，一次有效，60 秒"), '{"ticket": "…", "expires_in": 60}'
        ),
        Line(_("3 浏览器打开"), f"{enter}…"),
    ]
    text = _("密钥只在 HIS 服务器上；本页不显示密钥，所以不能从这里试打开。")
    return Shown(lines, notes=[Note("info", text)])


def shown_platform(platform: Platform, station: str, portal: str) -> Shown:
    """What is registered at the platform, and the address a station opens."""
    back = Line(_("1 在平台登记的回调地址"), address_back(platform))
    if not isinstance(platform, OidcProvider | CasServer):
        start = f"{portal}{reverse('his_plugin:smart')}"
        opened = f"{start}?{urlencode({'iss': platform.iss, 'launch': '…'})}"
        lines = [
            back,
            Line(_("2 在 HIS 登记的启动地址"), start),
            Line(_("3 HIS 打开"), opened),
        ]
        text = _("launch 由 HIS 生成，所以只能从 HIS 打开。")
        return Shown(lines, notes=[Note("info", text)])
    way = "oidc" if isinstance(platform, OidcProvider) else "cas"
    path = f"{reverse(f'his_plugin:{way}', args=[platform.name])}?st={station}"
    lines = [back, Line(_("2 医生站打开"), f"{portal}{path}")]
    text = _(
        "由平台确认是谁，与上面填写的医师无关。试打开后，这个浏览器里的登录换成平台上的医师。"
    )
    return Shown(lines, path, notes=[Note("warn", text)])


@dataclass(frozen=True)
class Found:
    """The steps up to the first fault, and what it is."""

    steps: Sequence[tuple[str | Promise, Chip]]
    note: Note
    code: str


def found_in(finding: Finding) -> Found:
    passed = Chip("ok", "circle-check", _("通过"))
    failed = Chip("bad", "circle-x", _("不通过"))
    rest = Chip("mute", "circle-dashed", _("没有核对"))
    order = list(Step)
    place = len(order) if finding.step is None else order.index(finding.step)
    chips = [
        passed if here < place else failed if here == place else rest
        for here in range(len(order))
    ]
    steps = [(STEPS[step], chip) for step, chip in zip(order, chips, strict=True)]
    tone, text = ("bad", _fault(finding)) if finding.step else ("ok", _good())
    code = finding.refusal.value if finding.refusal else ""
    return Found(steps, Note(tone, text), code)  # type: ignore[arg-type]


def _good() -> str:
    return _("没有发现问题：现在打开会进入。链接没有被占用。")


def _fault(finding: Finding) -> str:
    if finding.fault is not None:
        return str(FLAWS[finding.fault.flaw]) % {"name": finding.fault.name[:40]}
    if finding.used is not None:
        return _("签名用的是 %(name)s，与约定的方式不同。") % {
            "name": finding.used.value
        }
    if finding.slip is not None:
        return str(SLIPS[finding.slip])
    if finding.step is Step.ADDRESS or finding.refusal is None:
        return _("不是启动链接：地址应以 /sso/launch? 开头带参数，请粘贴完整地址。")
    words = words_of(finding.refusal)
    return f"{words.title}。{words.why}{_more(finding)}"


def _more(finding: Finding) -> str:
    if finding.step is Step.TIME and finding.refusal is not Refusal.MALFORMED:
        away = abs(finding.seconds)
        if finding.seconds > 0:
            return _("它比本系统快 %(seconds)s 秒。") % {"seconds": away}
        return _("它是 %(seconds)s 秒以前签发的。") % {"seconds": away}
    if finding.step is Step.SIGNATURE:
        return _("常见的写法错误都试过了，没有一种对得上：请先核对密钥。")
    return ""
