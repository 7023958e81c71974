"""接入测试: a launch made by hand works, and the first fault of another is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus, urlencode, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from his_plugin.models import LaunchNonce
from his_plugin.trial.finding import Slip, Step, first_fault_of
from his_plugin.trial.presenters import FLAWS, SLIPS, STEPS
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner
from portal.his.contract.launch import Algorithm, sign, signature_of, signing_text
from portal.his.entrances import (
    CasServer,
    Entrances,
    Method,
    OidcProvider,
    SmartEhr,
    StationApp,
)
from tests.cast import make_user, sign_in
from tests.his_plugin.station import KEY, link, signed, stamp
from tests.pages import CheckedClient

PORTAL = "https://yiwu.hospital"
ASKED = {"doctor": "1188", "department": "", "station": "ZY", "page": "my"}
BOTH = frozenset({Method.LINK, Method.TICKET})


@pytest.fixture
def center(client: CheckedClient, luo: Practitioner, settings: Any) -> CheckedClient:
    """The information center, and every kind of entrance."""
    settings.PORTAL_URL = PORTAL
    apps = [
        StationApp("YW", KEY, methods=BOTH),
        StationApp("SM", "another-key-00001", Algorithm.HMAC_SM3),
        StationApp("OLD", "an-old-key-000001", Algorithm.MD5, date(2026, 11, 22)),
    ]
    settings.LAUNCH = Entrances(
        {app.name: app for app in apps},
        {"plat": OidcProvider("plat", "https://sso", "yiwu")},
        {"cas": CasServer("cas", "https://cas")},
        {"ehr": SmartEhr("ehr", "https://fhir/r4", "yiwu", system="urn:x")},
    )
    sign_in(client, make_user("3008", "陶然", Role.INFORMATION_CENTER))
    AuditEvent.objects.filter(kind=EventKind.LOGIN)
    return client


def make(center: CheckedClient, way: str, **changes: str) -> Any:
    return center.post("/launch-trial/", {"way": way, **ASKED, **changes})


def lines(page: Any) -> dict[str, str]:
    return {one.title[:1]: one.text for one in page.context["shown"].lines}


def made() -> list[tuple[str, str]]:
    found = AuditEvent.objects.filter(kind=EventKind.TEST_LINK).order_by("pk")
    return [(one.detail["app"], one.by.staff_no) for one in found if one.by]


# --- made -----------------------------------------------------------------------------


@pytest.mark.parametrize("app", ["YW", "SM"])
def test_link_that_is_made_opens_the_page_of_its_doctor(
    app: str, center: CheckedClient
) -> None:
    page = make(center, f"LINK:{app}", patient="P1")
    assert page.status_code == 200
    address = page.context["shown"].try_at
    assert address.startswith(f"{PORTAL}/sso/launch?app={app}&d=0401&frame=1&n=")
    opened = CheckedClient().get(address.removeprefix(PORTAL), follow=True)
    assert "罗景文" in opened.content.decode()
    assert made() == [(app, "3008")]


def test_every_step_is_shown_and_the_key_is_not(center: CheckedClient) -> None:
    page = make(center, "LINK:YW")
    shown = lines(page)
    said = parse_qs(urlsplit(shown["5"]).query)
    parameters = {name: values[0] for name, values in said.items()}
    assert shown["2"] == signing_text(parameters)
    assert shown["4"] == sign(parameters, KEY) == parameters["sign"]
    assert "u=1188\n" in shown["1"] + "\n"
    assert "HMAC-SHA256(密钥, 签名文本)" in page.content.decode()
    assert KEY not in page.content.decode()


def test_form_posts_what_was_signed(center: CheckedClient) -> None:
    shown = make(center, "FORM:YW").context["shown"]
    assert shown.try_at == "/sso/launch"
    opened = CheckedClient().post("/sso/launch", shown.posted, follow=True)
    assert "罗景文" in opened.content.decode()


def test_link_of_another_department_is_made_and_then_refused(
    center: CheckedClient,
) -> None:
    address = make(center, "LINK:YW", department="0402").context["shown"].try_at
    opened = CheckedClient().get(address.removeprefix(PORTAL))
    assert "原因 DEPARTMENT" in opened.content.decode()


def test_ticket_is_explained_without_the_key(center: CheckedClient) -> None:
    page = make(center, "TICKET:YW")
    assert lines(page)["1"] == (
        "curl -u YW:KEY -d 'u=1188&d=0401&st=ZY&page=my&frame=1'"
        " https://yiwu.hospital/sso/ticket"
    )
    assert page.context["shown"].try_at == ""
    assert made() == []


@pytest.mark.parametrize(
    ("way", "back", "opened"),
    [
        ("OIDC:plat", "/sso/oidc/plat/back", "/sso/oidc/plat?st=ZY"),
        ("CAS:cas", "/sso/cas/cas/back", "/sso/cas/cas?st=ZY"),
        ("SMART:ehr", "/sso/smart/ehr/back", "/sso/smart"),
    ],
)
def test_platform_is_told_where_it_leads_back_to(
    way: str, back: str, opened: str, center: CheckedClient
) -> None:
    shown = lines(make(center, way))
    assert (shown["1"], shown["2"]) == (f"{PORTAL}{back}", f"{PORTAL}{opened}")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"doctor": "4711"}, "医师名册里没有这个工号"),
        ({"way": "LINK:XX"}, "LINK:XX"),
        ({"department": "04 01"}, "输入一个有效的值"),
    ],
)
def test_what_makes_no_sense_is_said_and_stays_typed(
    changes: dict[str, str], says: str, center: CheckedClient
) -> None:
    page = center.post("/launch-trial/", {"way": "LINK:YW", **ASKED, **changes})
    assert page.status_code == 422
    assert says in page.content.decode()
    assert "shown" not in page.context
    assert made() == []


def test_page_is_of_the_information_center(
    client: CheckedClient, lin: User, center: CheckedClient
) -> None:
    assert center.get("/launch-trial/").status_code == 200
    other = CheckedClient()
    sign_in(other, lin)
    assert other.get("/launch-trial/").status_code == 403
    assert make(other, "LINK:YW").status_code == 403
    assert made() == []


def test_nothing_registered_says_what_to_do(
    center: CheckedClient, settings: Any
) -> None:
    settings.LAUNCH = Entrances()
    assert "还没有登记接入方" in center.get("/launch-trial/").content.decode()


# --- the first fault ------------------------------------------------------------------


def with_text(text: str | bytes, parameters: dict[str, str] | None = None) -> str:
    """A link whose signature is of another text than it should be."""
    given = parameters or {k: v for k, v in signed().items() if k != "sign"}
    raw = text.encode() if isinstance(text, str) else text
    made = signature_of(raw, KEY, Algorithm.HMAC_SHA256)
    return link(given | {"sign": made})


def unsigned(**changes: Any) -> dict[str, str]:
    return {k: v for k, v in signed(**changes).items() if k != "sign"}


def joined(given: dict[str, str], coded: Callable[[str], str]) -> str:
    return "&".join(f"{n}={coded(v)}" for n, v in sorted(given.items()))


def slipped(coded: Callable[[dict[str, str]], str | bytes], **changes: Any) -> str:
    given = unsigned(**changes)
    return with_text(coded(given), given)


def digested(algorithm: Algorithm) -> str:
    given = unsigned()
    return link(given | {"sign": sign(given, KEY, algorithm)})


def lowered(given: dict[str, str]) -> str:
    return quote(given["n"]).lower()


FAULTS: list[tuple[str, Callable[[], str], Step, str]] = [
    ("别的地址", lambda: "/my/", Step.ADDRESS, "不是启动链接"),
    ("没有参数", lambda: "/sso/launch", Step.ADDRESS, "不是启动链接"),
    ("表外参数", lambda: link(signed(x="1")), Step.PARAMETERS, "没有参数 x"),
    ("重复", lambda: link(signed()) + "&u=1", Step.PARAMETERS, "参数 u 出现了多次"),
    (
        "GBK",
        lambda: link(signed()).replace(quote("罗"), "%C2%DE"),
        Step.PARAMETERS,
        "参数 n 不是 UTF-8",
    ),
    ("缺少", lambda: link(signed(d=None)), Step.PARAMETERS, "缺少参数 d"),
    (
        "大写签名",
        lambda: link(signed() | {"sign": "A" * 64}),
        Step.PARAMETERS,
        "参数 sign 的格式",
    ),
    ("站点", lambda: link(signed(st="XX")), Step.PARAMETERS, "参数 st 的格式"),
    ("没登记", lambda: link(signed(app="XX")), Step.APP, "接入方未登记"),
    ("停用的方式", lambda: link(signed(app="OLD")), Step.APP, "旧签名方式已停用"),
    (
        "SM3签名",
        lambda: digested(Algorithm.HMAC_SM3),
        Step.SIGNATURE,
        "签名用的是 HMAC-SM3",
    ),
    ("MD5签名", lambda: digested(Algorithm.MD5), Step.SIGNATURE, "签名用的是 MD5"),
    ("没排序", lambda: slipped(urlencode), Step.SIGNATURE, "没有按参数名排序"),
    (
        "没编码",
        lambda: slipped(lambda g: joined(g, str)),
        Step.SIGNATURE,
        "没有百分号编码",
    ),
    (
        "加号",
        lambda: slipped(lambda g: joined(g, quote_plus), n="罗 景文"),
        Step.SIGNATURE,
        "空格编码成了加号",
    ),
    (
        "小写",
        lambda: slipped(
            lambda g: joined(
                g,
                lambda v: quote(v).replace(
                    "%E7%BD%97%E6%99%AF%E6%96%87", "%e7%bd%97%e6%99%af%e6%96%87"
                ),
            )
        ),
        Step.SIGNATURE,
        "十六进制是小写",
    ),
    (
        "签GBK",
        lambda: slipped(lambda g: joined(g, str).encode("gbk")),
        Step.SIGNATURE,
        "按 GBK 编码",
    ),
    (
        "去空",
        lambda: slipped(
            lambda g: signing_text({k: v for k, v in g.items() if v}), pid=""
        ),
        Step.SIGNATURE,
        "去掉了空参数",
    ),
    ("密钥", lambda: link(signed("k" * 20)), Step.SIGNATURE, "请先核对密钥"),
    ("过期", lambda: link(signed(ts=ago(300))), Step.TIME, "它是 300 秒以前签发的"),
    ("快了", lambda: link(signed(ts=ago(-300))), Step.TIME, "它比本系统快 300 秒"),
    (
        "不是时间",
        lambda: link(signed(ts="20261399000000")),
        Step.TIME,
        "没有看懂这条链接",
    ),
    ("生人", lambda: link(signed(u="4711")), Step.PERSON, "没有找到您的工号"),
    ("别科", lambda: link(signed(d="0402")), Step.PERSON, "科室不一致"),
]


def ago(seconds: int) -> str:
    return stamp(timezone.now() - timedelta(seconds=seconds))


def find(center: CheckedClient, address: str) -> Any:
    return center.post("/launch-trial/", {"address": f"{PORTAL}{address}"})


@pytest.mark.parametrize(
    ("address", "step", "says"), [row[1:] for row in FAULTS], ids=[r[0] for r in FAULTS]
)
def test_first_fault_of_a_link_is_named(
    address: Callable[[], str], step: Step, says: str, center: CheckedClient
) -> None:
    written = address()
    assert first_fault_of(written, at=timezone.now()).step is step
    page = find(center, written)
    assert says in page.context["found"].note.text
    chips = [chip.tone for _name, chip in page.context["found"].steps]
    place = list(Step).index(step)
    assert chips == ["ok"] * place + ["bad"] + ["mute"] * (len(Step) - place - 1)


def test_good_link_is_called_good_and_stays_good(center: CheckedClient) -> None:
    address = link(signed())
    page = find(center, address)
    assert "没有发现问题" in page.context["found"].note.text
    assert (LaunchNonce.objects.count(), User.objects.count()) == (0, 1)
    assert CheckedClient().get(address).status_code == 302


def test_used_link_is_called_used(center: CheckedClient) -> None:
    address = link(signed())
    CheckedClient().get(address)
    assert "链接已用过" in find(center, address).context["found"].note.text


def test_account_that_is_shut_is_found_without_opening_it(
    center: CheckedClient, luo: Practitioner
) -> None:
    make_user("1188", "罗景文", Role.DOCTOR, practitioner=luo, is_active=False)
    before = Session.objects.count()
    page = find(center, link(signed()))
    assert page.context["found"].code == "USER_INACTIVE"
    assert Session.objects.count() == before


def test_the_right_signature_is_never_told(center: CheckedClient) -> None:
    given = signed()
    page = find(center, link(given | {"sign": "0" * 64}))
    assert given["sign"] not in page.content.decode()


def test_every_fault_has_words() -> None:
    assert set(STEPS) == set(Step)
    assert set(SLIPS) | {Slip.ALGORITHM} == set(Slip)
    assert len(FLAWS) == 5
