"""Ways to come in that must not work: each gets its page and its line in the log.

No row may leave a session, a user or a used nonce.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from joserfc.jwk import RSAKey

from his_plugin.launch.refusals import WORDS, Refusal
from his_plugin.models import LaunchNonce
from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner
from portal.his.contract.launch import Algorithm, sign, signing_text
from portal.his.entrances import Entrances, Method, StationApp
from tests.his_plugin.hostile import (
    CAS_OPEN,
    Hostile,
    cas_names,
    hostile_platform,
    practitioner,
)
from tests.his_plugin.station import KEY, link, signed, stamp
from tests.pages import CheckedClient

TICKET_KEY = "ticket-key-000001"
LINKS_AND_TICKETS = frozenset({Method.LINK, Method.TICKET})


@dataclass
class Attacker:
    """A browser, and a platform that lies."""

    client: CheckedClient
    hostile: Hostile

    # --- links ---

    def link(self, parameters: dict[str, str]) -> Any:
        return self.client.get(link(parameters))

    def raw(self, query: str) -> Any:
        return self.client.get(f"/sso/launch?{query}")

    def form(self, parameters: dict[str, str]) -> Any:
        return self.client.post("/sso/launch", parameters)

    def ticket(self, credentials: str, **changes: Any) -> Any:
        packed = base64.b64encode(credentials.encode()).decode()
        return self.header(f"Basic {packed}", **changes)

    def header(self, value: str, **changes: Any) -> Any:
        asked = {"u": "1188", "d": "0401", "st": "ZY"} | changes
        return self.client.post(
            "/sso/ticket",
            urlencode(asked),
            content_type="application/x-www-form-urlencoded",
            HTTP_AUTHORIZATION=value,
        )

    # --- platforms ---

    def begin(self, path: str) -> dict[str, str]:
        """What the platform is asked: the words of the address we are sent to."""
        sent = self.client.get(path)
        assert sent.status_code == 302, sent.content.decode()
        query = urlsplit(sent.headers["Location"]).query
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        self.hostile.nonce = asked.get("nonce", "")
        return asked

    def oidc(self, **lies: Any) -> Any:
        """Through the platform, which lies as told."""
        asked = self.begin("/sso/oidc/plat")
        self.lie(lies)
        return self.back("/sso/oidc/plat/back", code="c", state=asked["state"])

    def smart(self, **lies: Any) -> Any:
        asked = self.begin(self.smart_launch())
        self.lie(lies)
        return self.back("/sso/smart/ehr/back", code="c", state=asked["state"])

    def cas(self, answer: str, encoding: str = "utf-8") -> Any:
        service = self.begin("/sso/cas/cas")["service"]
        self.hostile.cas_answer = answer
        self.hostile.encoding = encoding
        return self.client.get(f"{urlsplit(service).path}?{self.words(service)}")

    def smart_launch(self, iss: str = "", launch: str = "xyz") -> str:
        words = {"iss": iss or f"{self.hostile.base}/fhir", "launch": launch}
        return f"/sso/smart?{urlencode(words)}"

    def lie(self, lies: dict[str, Any]) -> None:
        for name, value in lies.items():
            said = value(self.hostile) if callable(value) else value
            setattr(self.hostile, name, said)

    def back(self, path: str, **words: str) -> Any:
        return self.client.get(f"{path}?{urlencode(words)}")

    @staticmethod
    def words(service: str) -> str:
        return f"{urlsplit(service).query}&ticket=ST-1"


def gbk() -> str:
    """As a station would send that signs and encodes in GBK."""
    given = {k: v for k, v in signed().items() if k != "sign"}
    words = [f"{k}={quote(v.encode('gbk'))}" for k, v in sorted(given.items())]
    return "&".join([*words, f"sign={sign(given, KEY)}"])


def unsigned_token(claims: dict[str, Any]) -> str:
    def packed(part: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()

    return f"{packed({'alg': 'none', 'typ': 'JWT'})}.{packed(claims)}."


def none_token(hostile: Hostile) -> str:
    now = int(timezone.now().timestamp())
    return unsigned_token(
        {
            "iss": hostile.base,
            "aud": "yiwu",
            "sub": "1188",
            "iat": now,
            "exp": now + 300,
            "nonce": hostile.nonce,
        }
    )


def ahead(seconds: int) -> str:
    return stamp(timezone.now() + timedelta(seconds=seconds))


def epoch(seconds: int) -> int:
    return int(timezone.now().timestamp()) + seconds


Attack = Callable[[Attacker], Any]
R = Refusal
LINKS: list[tuple[str, Attack, Refusal]] = [
    ("改工号", lambda a: a.link(signed() | {"u": "1027"}), R.SIGNATURE),
    ("改科室", lambda a: a.link(signed() | {"d": "0402"}), R.SIGNATURE),
    ("改病人", lambda a: a.link(signed() | {"pid": "P9"}), R.SIGNATURE),
    ("改时间", lambda a: a.link(signed() | {"ts": ahead(1)}), R.SIGNATURE),
    ("改随机数", lambda a: a.link(signed() | {"nonce": "f" * 16}), R.SIGNATURE),
    ("改工作站", lambda a: a.link(signed() | {"st": "MZ"}), R.SIGNATURE),
    ("签名后加参数", lambda a: a.link(signed() | {"frame": "1"}), R.SIGNATURE),
    ("签名后去参数", lambda a: a.link(without(signed(), "pid")), R.SIGNATURE),
    ("别家密钥", lambda a: a.link(signed("k" * 16)), R.SIGNATURE),
    ("空密钥", lambda a: a.link(signed("")), R.SIGNATURE),
    ("借别家的名", lambda a: a.link(signed(app="SM3")), R.SIGNATURE),
    ("降为MD5", lambda a: a.link(digested(Algorithm.MD5)), R.SIGNATURE),
    ("降为SHA-1", lambda a: a.link(digested(Algorithm.SHA1)), R.SIGNATURE),
    ("换成SM3", lambda a: a.link(digested(Algorithm.HMAC_SM3)), R.SIGNATURE),
    ("过期的MD5", lambda a: a.link(digested(Algorithm.MD5, "OLD")), R.ALGORITHM_ENDED),
    ("签名大写", lambda a: a.link(upper(signed())), R.MALFORMED),
    ("签名none", lambda a: a.link(signed() | {"sign": "none"}), R.MALFORMED),
    ("无签名", lambda a: a.link(without(signed(), "sign")), R.MALFORMED),
    (
        "参数名大写",
        lambda a: a.raw(urlencode(signed()).replace("u=", "U=")),
        R.MALFORMED,
    ),
    ("重复工号", lambda a: a.raw(urlencode(signed()) + "&u=1027"), R.MALFORMED),
    (
        "重复签名",
        lambda a: a.raw(urlencode(signed()) + "&sign=" + "0" * 64),
        R.MALFORMED,
    ),
    ("表外参数", lambda a: a.link(signed(role="ADMIN")), R.MALFORMED),
    ("过期", lambda a: a.link(signed(ts=ahead(-121))), R.EXPIRED),
    ("未来", lambda a: a.link(signed(ts=ahead(121))), R.CLOCK_AHEAD),
    ("远古", lambda a: a.link(signed(ts="00010101000000")), R.EXPIRED),
    ("世界尽头", lambda a: a.link(signed(ts="99991231235959")), R.CLOCK_AHEAD),
    ("不是时间", lambda a: a.link(signed(ts="20261399996199")), R.MALFORMED),
    (
        "全角数字的时间",
        lambda a: a.link(signed(ts="２０２６１１２３１００000")),
        R.MALFORMED,
    ),
    ("外跳页面", lambda a: a.link(signed(page="https://evil.example")), R.MALFORMED),
    ("双斜线外跳", lambda a: a.link(signed(page="//evil.example")), R.MALFORMED),
    ("脚本页面", lambda a: a.link(signed(page="javascript:alert(1)")), R.MALFORMED),
    ("上级目录页面", lambda a: a.link(signed(page="../privileges/")), R.MALFORMED),
    ("换行注入头", lambda a: a.link(signed(n="罗\r\nSet-Cookie: a=b")), R.MALFORMED),
    ("编号里换行", lambda a: a.link(signed(pid="P1\r\nX: y")), R.MALFORMED),
    ("接入方里换行", lambda a: a.link(signed(app="YW\n")), R.MALFORMED),
    ("双向文字", lambda a: a.link(signed(n="罗\u202e文景")), R.MALFORMED),
    ("过长姓名", lambda a: a.link(signed(n="罗" * 65)), R.MALFORMED),
    ("过长工号", lambda a: a.link(signed(u="1" * 21)), R.MALFORMED),
    ("一万字", lambda a: a.form(signed(pid="9" * 10_000)), R.MALFORMED),
    ("SQL工号", lambda a: a.link(signed(u="1188' OR 1=1--")), R.MALFORMED),
    ("通配工号", lambda a: a.link(signed(u="118%")), R.MALFORMED),
    ("GBK", lambda a: a.raw(gbk()), R.ENCODING),
    ("半个UTF-8", lambda a: a.raw(urlencode(signed()) + "%E7"), R.ENCODING),
    ("形近工号", lambda a: a.link(signed(u="１１８８")), R.MALFORMED),
    ("工号前导零", lambda a: a.link(signed(u="01188")), R.UNKNOWN_PERSON),
    ("别的科室", lambda a: a.link(signed(d="0402")), R.DEPARTMENT),
    ("没登记的接入方", lambda a: a.link(signed(app="XX")), R.UNKNOWN_APP),
    ("接入方大小写", lambda a: a.link(signed(app="yw")), R.UNKNOWN_APP),
    ("只换凭据的接入方", lambda a: a.link(signed(TICKET_KEY, app="TK")), R.METHOD),
    ("平台的名作接入方", lambda a: a.link(signed("secret", app="plat")), R.UNKNOWN_APP),
    ("表单篡改", lambda a: a.form(signed() | {"u": "1027"}), R.SIGNATURE),
    ("字段组的链接", lambda a: a.link(signed(page="field")), R.MALFORMED),
]
TICKETS: list[tuple[str, Attack, Refusal]] = [
    ("换凭据密钥错", lambda a: a.ticket("TK:wrong"), R.CREDENTIALS),
    ("换凭据密钥空", lambda a: a.ticket("TK:"), R.CREDENTIALS),
    ("换凭据无名", lambda a: a.ticket("XX:"), R.CREDENTIALS),
    ("换凭据未开通", lambda a: a.ticket(f"YW:{KEY}"), R.METHOD),
    ("换凭据不是Basic", lambda a: a.header(f"Bearer TK:{TICKET_KEY}"), R.CREDENTIALS),
    ("换凭据乱码", lambda a: a.header("Basic %%%"), R.CREDENTIALS),
    ("换凭据过长", lambda a: a.header("Basic " + "QQ" * 5000), R.CREDENTIALS),
    ("换凭据多参数", lambda a: a.ticket(f"TK:{TICKET_KEY}", sign="1"), R.MALFORMED),
    ("换凭据外跳", lambda a: a.ticket(f"TK:{TICKET_KEY}", page="//e"), R.MALFORMED),
    ("换凭据生人", lambda a: a.ticket(f"TK:{TICKET_KEY}", u="4711"), R.UNKNOWN_PERSON),
    ("换凭据别科", lambda a: a.ticket(f"TK:{TICKET_KEY}", d="0402"), R.DEPARTMENT),
    ("没发过的凭据", lambda a: a.client.get("/sso/enter?ticket=" + "0" * 36), R.TICKET),
]
PLATFORMS: list[tuple[str, Attack, Refusal]] = [
    ("OIDC none", lambda a: a.oidc(forged=none_token), R.ID_SIGNATURE),
    (
        "OIDC HS256",
        lambda a: a.oidc(forged=Hostile.signed_with_our_secret),
        R.ID_SIGNATURE,
    ),
    (
        "OIDC 别家的钥",
        lambda a: a.oidc(signing_key=RSAKey.generate_key(2048)),
        R.ID_SIGNATURE,
    ),
    ("OIDC 不是令牌", lambda a: a.oidc(forged="a.b.c"), R.ID_SIGNATURE),
    ("OIDC 无令牌", lambda a: a.oidc(token_answer={"id_token": None}), R.ID_SIGNATURE),
    ("OIDC 别家aud", lambda a: a.oidc(claims={"aud": "other"}), R.ID_AUDIENCE),
    ("OIDC aud兼他人", lambda a: a.oidc(claims={"aud": ["yiwu", "x"]}), R.ID_AUDIENCE),
    ("OIDC azp他人", lambda a: a.oidc(claims={"azp": "x"}), R.ID_AUDIENCE),
    ("OIDC 别家iss", lambda a: a.oidc(claims={"iss": "https://evil"}), R.ISSUER),
    ("OIDC 别次nonce", lambda a: a.oidc(claims={"nonce": "x"}), R.ID_NONCE),
    ("OIDC 无nonce", lambda a: a.oidc(dropped=("nonce",)), R.ID_NONCE),
    ("OIDC 过期", lambda a: a.oidc(claims={"exp": epoch(-31)}), R.ID_TIME),
    ("OIDC 无exp", lambda a: a.oidc(dropped=("exp",)), R.ID_TIME),
    ("OIDC 未来签发", lambda a: a.oidc(claims={"iat": epoch(60)}), R.ID_TIME),
    ("OIDC 工号是数", lambda a: a.oidc(claims={"sub": 1188}), R.ID_AUDIENCE),
    ("OIDC 工号带空格", lambda a: a.oidc(claims={"sub": "1188 "}), R.NO_STAFF_NUMBER),
    ("OIDC 生人", lambda a: a.oidc(claims={"sub": "4711"}), R.UNKNOWN_PERSON),
    ("OIDC 平台不在", lambda a: a.oidc(status=503), R.PLATFORM_DOWN),
    ("OIDC 转走", lambda a: a.oidc(status=302), R.PLATFORM_DOWN),
    ("OIDC 拒绝换码", lambda a: a.oidc(status=400), R.PLATFORM_REFUSED),
    ("OIDC 无state", lambda a: oidc_back(a, state=""), R.STATE),
    ("OIDC 别人的state", lambda a: oidc_back(a, state="A" * 43), R.STATE),
    ("OIDC 别的浏览器", lambda a: other_browser(a), R.STATE),
    (
        "OIDC 没有开始",
        lambda a: a.back("/sso/oidc/plat/back", code="c", state="x"),
        R.STATE,
    ),
    ("OIDC 串到CAS", lambda a: crossed(a), R.STATE),
    ("OIDC 混淆iss", lambda a: oidc_back(a, iss="https://evil"), R.ISSUER),
    (
        "OIDC 平台报错",
        lambda a: oidc_back(a, error="access_denied"),
        R.PLATFORM_REFUSED,
    ),
    ("OIDC 无码", lambda a: oidc_back(a, code=""), R.MALFORMED),
    ("OIDC 码过长", lambda a: oidc_back(a, code="c" * 3000), R.MALFORMED),
    ("OIDC 外跳", lambda a: a.client.get("/sso/oidc/plat?page=//evil"), R.MALFORMED),
    ("OIDC 没登记", lambda a: a.client.get("/sso/oidc/other"), R.ISSUER),
    ("OIDC 自称别人", lambda a: renamed(a), R.ISSUER),
    (
        "CAS 拒绝",
        lambda a: a.cas(f"{CAS_OPEN}</cas:serviceResponse>"),
        R.PLATFORM_REFUSED,
    ),
    (
        "CAS 两个人",
        lambda a: a.cas(cas_names("1188</cas:user><cas:user>2")),
        R.NO_STAFF_NUMBER,
    ),
    ("CAS 实体", lambda a: a.cas("<!DOCTYPE x>" + cas_names("1188")), R.PLATFORM_DOWN),
    (
        "CAS 实体藏在UTF-16",
        lambda a: a.cas("<!DOCTYPE x>" + cas_names("1188"), "utf-16"),
        R.PLATFORM_DOWN,
    ),
    (
        "CAS 实体藏在EBCDIC",
        lambda a: a.cas("<!DOCTYPE x>" + cas_names("1188"), "cp037"),
        R.PLATFORM_DOWN,
    ),
    ("CAS 不是XML", lambda a: a.cas("1188"), R.PLATFORM_DOWN),
    (
        "CAS 别的命名空间",
        lambda a: a.cas(cas_names("1188").replace("yale", "y")),
        R.PLATFORM_REFUSED,
    ),
    ("CAS 生人", lambda a: a.cas(cas_names("4711")), R.UNKNOWN_PERSON),
    ("CAS 无state", lambda a: a.back("/sso/cas/cas/back", ticket="ST-1"), R.STATE),
    (
        "SMART 别家iss",
        lambda a: a.client.get(a.smart_launch("https://evil/r4")),
        R.ISSUER,
    ),
    (
        "SMART iss带尾",
        lambda a: a.client.get(a.smart_launch(f"{a.hostile.base}/fhir/..")),
        R.ISSUER,
    ),
    ("SMART 无launch", lambda a: a.client.get(a.smart_launch(launch="")), R.MALFORMED),
    ("SMART 无S256", lambda a: no_pkce(a), R.PLATFORM_DOWN),
    (
        "SMART 别处的人",
        lambda a: a.smart(claims={"fhirUser": "https://evil/Practitioner/7"}),
        R.NO_STAFF_NUMBER,
    ),
    (
        "SMART 是病人",
        lambda a: a.smart(claims={"fhirUser": "Patient/7"}),
        R.NO_STAFF_NUMBER,
    ),
    (
        "SMART 上级目录",
        lambda a: a.smart(claims={"fhirUser": "Practitioner/../Patient/7"}),
        R.NO_STAFF_NUMBER,
    ),
    ("SMART 无fhirUser", lambda a: a.smart(dropped=("fhirUser",)), R.NO_STAFF_NUMBER),
    (
        "SMART 别的标识",
        lambda a: person(a, practitioner(system="urn:other")),
        R.NO_STAFF_NUMBER,
    ),
    (
        "SMART 只有姓名",
        lambda a: person(a, {"resourceType": "Practitioner", "name": "罗景文"}),
        R.NO_STAFF_NUMBER,
    ),
    ("SMART 别次nonce", lambda a: a.smart(claims={"nonce": "x"}), R.ID_NONCE),
    ("SMART 别家aud", lambda a: a.smart(claims={"aud": "x"}), R.ID_AUDIENCE),
    (
        "页面凭据伪造",
        lambda a: a.client.post("/my/framed/", {"launch_token": "x:y:z"}),
        R.PAGE_TOKEN,
    ),
    ("无页面凭据", lambda a: a.client.post("/my/framed/"), R.PAGE_TOKEN),
]


def without(parameters: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in parameters.items() if key != name}


def upper(parameters: dict[str, str]) -> dict[str, str]:
    return parameters | {"sign": parameters["sign"].upper()}


def digested(algorithm: Algorithm, app: str = "YW") -> dict[str, str]:
    given = without(signed(app=app), "sign")
    return given | {"sign": sign(given, KEY, algorithm)}


def oidc_back(a: Attacker, **changes: str) -> Any:
    asked = a.begin("/sso/oidc/plat")
    words = {"code": "c", "state": asked["state"]} | changes
    return a.back("/sso/oidc/plat/back", **words)


def other_browser(a: Attacker) -> Any:
    asked = a.begin("/sso/oidc/plat")
    a.client.cookies.clear()
    return a.back("/sso/oidc/plat/back", code="c", state=asked["state"])


def crossed(a: Attacker) -> Any:
    asked = a.begin("/sso/oidc/plat")
    return a.back("/sso/cas/cas/back", ticket="ST-1", state=asked["state"])


def renamed(a: Attacker) -> Any:
    a.hostile.description = {"issuer": "https://evil"}
    return a.client.get("/sso/oidc/plat")


def no_pkce(a: Attacker) -> Any:
    a.hostile.description = {"code_challenge_methods_supported": ["plain"]}
    return a.client.get(a.smart_launch())


def person(a: Attacker, resource: dict[str, Any]) -> Any:
    return a.smart(resources={"Practitioner/7": resource})


@pytest.fixture(scope="module")
def platform() -> Iterator[Hostile]:
    with hostile_platform() as hostile:
        yield hostile


@pytest.fixture
def attacker(
    client: CheckedClient, luo: Practitioner, platform: Hostile, settings: Any
) -> Attacker:
    fresh = Hostile(
        port=platform.port,
        key=platform.key,
        resources={"Practitioner/7": practitioner()},
    )
    platform.__dict__.update(fresh.__dict__)
    apps = [
        StationApp("YW", KEY),
        StationApp("SM3", "another-key-00001", Algorithm.HMAC_SM3),
        StationApp("OLD", KEY, Algorithm.MD5, date(2026, 11, 22)),
        StationApp("TK", TICKET_KEY, methods=frozenset({Method.TICKET})),
    ]
    known = platform.entrances
    settings.LAUNCH = Entrances(
        {app.name: app for app in apps}, known.oidc, known.cas, known.smart
    )
    settings.PORTAL_URL = "http://testserver"
    return Attacker(client, platform)


ROWS = [*LINKS, *TICKETS, *PLATFORMS]


@pytest.mark.parametrize(
    ("attack", "refusal"),
    [row[1:] for row in ROWS],
    ids=[row[0] for row in ROWS],
)
def test_attack_is_refused_and_logged_and_opens_nothing(
    attack: Attack, refusal: Refusal, attacker: Attacker
) -> None:
    answer = attack(attacker)
    assert answer.status_code == refusal.status
    assert_told(answer, refusal)
    assert "sessionid" not in answer.cookies
    [event] = AuditEvent.objects.all()
    assert (event.kind, event.is_ok, event.by) == (
        EventKind.LAUNCH_REFUSED,
        False,
        None,
    )
    assert event.detail["code"] == refusal
    assert {"method", "page", "station"} <= set(event.detail)
    assert Session.objects.count() == 0
    assert User.objects.count() == 0
    assert LaunchNonce.objects.count() == 0


def assert_told(answer: Any, refusal: Refusal) -> None:
    """In words of its own: a page, or JSON to a server."""
    title = str(WORDS[refusal].title)
    if answer.headers["Content-Type"].startswith("application/json"):
        assert answer.json()["code"] == refusal
        assert title in answer.json()["message"]
    else:
        text = answer.content.decode()
        assert f"原因 {refusal}" in text
        assert title in text
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_table_is_long_and_meets_every_refusal_there_is() -> None:
    assert len(ROWS) >= 40
    met = {refusal for _name, _attack, refusal in ROWS}
    elsewhere = {R.REPLAYED, R.NOT_PRACTISING, R.USER_INACTIVE, R.ROLE_ENDED}
    elsewhere |= {R.TOO_MANY}
    assert met | elsewhere == set(Refusal)


def test_foreign_issuer_is_never_asked(attacker: Attacker) -> None:
    attacker.client.get(attacker.smart_launch(f"{attacker.hostile.base}/other"))
    attacker.client.get("/sso/oidc/other")
    assert attacker.hostile.asked == []


# --- what the platforms' doors let in, and once -----------------------------------------


def test_each_platform_lets_in_whom_it_names_and_once(attacker: Attacker) -> None:
    ways: list[Callable[[], Any]] = [
        attacker.oidc,
        attacker.smart,
        lambda: attacker.cas(cas_names("1188")),
    ]
    for way in ways:
        answer = way()
        assert (answer.status_code, answer.headers["Location"]) == (302, "/my/")
    methods = AuditEvent.objects.filter(kind=EventKind.LAUNCH).order_by("pk")
    assert [one.detail["method"] for one in methods] == ["OIDC", "SMART", "CAS"]


def test_way_back_opens_once_even_with_the_cookie(attacker: Attacker) -> None:
    asked = attacker.begin("/sso/oidc/plat")
    cookie = attacker.client.cookies["yw_handshake"].value
    words = {"code": "c", "state": asked["state"]}
    assert attacker.back("/sso/oidc/plat/back", **words).status_code == 302
    again = Attacker(CheckedClient(), attacker.hostile)
    again.client.cookies["yw_handshake"] = cookie
    refused = again.back("/sso/oidc/plat/back", **words)
    assert_told(refused, Refusal.REPLAYED)
    assert Session.objects.count() == 1


def test_handshake_is_over_after_five_minutes(attacker: Attacker, clock: Any) -> None:
    asked = attacker.begin("/sso/oidc/plat")
    clock.shift(301)
    refused = attacker.back("/sso/oidc/plat/back", code="c", state=asked["state"])
    assert_told(refused, Refusal.STATE)


def test_platform_that_rolled_its_keys_over_is_believed(attacker: Attacker) -> None:
    attacker.oidc()
    attacker.hostile.key = RSAKey.generate_key(2048)
    assert attacker.oidc().status_code == 302


def test_context_of_smart_is_shown_and_nothing_more(attacker: Attacker) -> None:
    context = {"patient": "P7", "encounter": "V7", "need_patient_banner": True}
    attacker.smart(token_answer=context)
    page = attacker.client.get("/my/").content.decode()
    assert "当前患者 病人ID P7 就诊ID V7（只读）" in page
    assert attacker.client.get("/privileges/").status_code == 403


def test_context_of_smart_that_is_no_text_is_left_out(attacker: Attacker) -> None:
    attacker.smart(token_answer={"patient": ["P7"], "encounter": "V\n7"})
    assert "当前患者" not in attacker.client.get("/my/").content.decode()


def test_role_of_a_practitioner_leads_to_them(attacker: Attacker) -> None:
    role = {
        "resourceType": "PractitionerRole",
        "practitioner": {"reference": "Practitioner/7"},
    }
    answer = attacker.smart(
        claims={"fhirUser": f"{attacker.hostile.base}/fhir/PractitionerRole/3"},
        resources={"PractitionerRole/3": role, "Practitioner/7": practitioner()},
    )
    assert answer.status_code == 302


def test_department_a_platform_tells_must_fit(
    attacker: Attacker, settings: Any
) -> None:
    provider = replace(attacker.hostile.entrances.oidc["plat"], department_claim="dept")
    settings.LAUNCH = replace(settings.LAUNCH, oidc={"plat": provider})
    assert_told(attacker.oidc(claims={"dept": "0402"}), Refusal.DEPARTMENT)
    assert_told(attacker.oidc(), Refusal.DEPARTMENT)
    assert attacker.oidc(claims={"dept": "0401"}).status_code == 302


def test_signing_text_is_of_the_row_that_was_meant() -> None:
    """The GBK row differs from a good link in its bytes alone."""
    good = without(signed(), "sign")
    assert "%C2%DE" in gbk()
    assert "%E7%BD%97" in signing_text(good)
