"""The launch by real platforms: a certified OpenID provider, a CAS server, a SMART one.

Each runs as its own process on a socket; a person logs in on its own pages. The checks
of SMART are those by which its public test suite fails an app.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from his_plugin.launch import handshakes
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner
from portal.his.entrances import CasServer, Entrances, OidcProvider, SmartEhr
from tests.his_plugin.node_modules import PROVIDERS, node_modules
from tests.his_plugin.surfing import Surfer
from tests.pages import CheckedClient
from tests.services import free_port, kill_group

pytestmark = [pytest.mark.integration, pytest.mark.slow]
US = "http://testserver"
STAFF, LAUNCH = "urn:hospital:staff", "launch-of-the-his"


@contextmanager
def running(*command: str) -> Iterator[None]:
    """The process, once it says it is ready."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = []
    try:
        for line in process.stdout:
            said.append(line.decode())
            if line == b"ready\n":
                break
        assert said[-1:] == ["ready\n"], "".join(said)
        yield
    finally:
        kill_group(process)
        process.stdout.close()


@pytest.fixture(scope="module")
def openid() -> Iterator[str]:
    """The provider's issuer; below ``/fhir`` it is a HIS that launches by SMART."""
    port = free_port()
    script, modules = PROVIDERS / "provider.mjs", node_modules()
    backs = (f"{US}/sso/oidc/op/back", f"{US}/sso/smart/his/back")
    with running("node", str(script), str(modules), str(port), *backs):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def cas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the CAS server."""
    port, folder = free_port(), tmp_path_factory.mktemp("cas")
    script = str(PROVIDERS / "cas.py")
    with running(sys.executable, script, str(folder), str(port), f"{US}/sso/cas/"):
        yield f"http://127.0.0.1:{port}/cas"


@pytest.fixture
def portal(settings: Any, client: CheckedClient, luo: Practitioner) -> CheckedClient:
    settings.PORTAL_URL = US
    return client


@pytest.fixture
def by_oidc(portal: CheckedClient, settings: Any, openid: str) -> CheckedClient:
    provider = OidcProvider(
        "op", openid, "yiwu", "yiwu-secret", "employee_no", scope="openid profile"
    )
    settings.LAUNCH = Entrances(oidc={"op": provider})
    return portal


@pytest.fixture
def by_cas(portal: CheckedClient, settings: Any, cas: str) -> CheckedClient:
    settings.LAUNCH = Entrances(
        cas={"cas": CasServer("cas", cas, "employeeNumber", "MZ")}
    )
    return portal


@pytest.fixture
def by_smart(portal: CheckedClient, settings: Any, openid: str) -> CheckedClient:
    ehr = SmartEhr("his", f"{openid}/fhir", "yiwu-smart", "yiwu-smart-secret", STAFF)
    settings.LAUNCH = Entrances(smart={"his": ehr})
    return portal


def sent(client: CheckedClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.headers["Location"])


def words_of(address: str) -> dict[str, str]:
    return {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}


def path_of(address: str) -> str:
    return address.removeprefix(US)


def led_back(start: str, person: str = "luo") -> str:
    """After the person logged in; ours, with host."""
    fill = {"login": person, "password": f"{person}-password", "username": person}
    return Surfer().led_to(start, f"{US}/", fill)


def refused() -> list[str]:
    found = AuditEvent.objects.filter(kind=EventKind.LAUNCH_REFUSED).order_by("pk")
    return [event.detail["code"] for event in found]


def let_in() -> list[tuple[str, str, str]]:
    found = AuditEvent.objects.filter(kind=EventKind.LAUNCH).order_by("pk")
    return [(e.detail["method"], e.detail["app"], e.detail["station"]) for e in found]


# --- OIDC ---------------------------------------------------------------------------


def test_doctor_comes_in_by_a_real_openid_provider(by_oidc: CheckedClient) -> None:
    back = led_back(sent(by_oidc, "/sso/oidc/op?st=MZ"))
    page = by_oidc.get(path_of(back), follow=True)
    assert page.redirect_chain == [("/my/", 302)]
    assert "罗景文" in page.content.decode()
    assert "由门诊医生站打开" in page.content.decode()
    assert let_in() == [("OIDC", "op", "MZ")]
    assert by_oidc.get("/privileges/").status_code == 403


def test_code_of_a_real_provider_opens_once(by_oidc: CheckedClient) -> None:
    back = led_back(sent(by_oidc, "/sso/oidc/op"))
    cookie = by_oidc.cookies["yw_handshake"].value
    by_oidc.get(path_of(back))
    by_oidc.cookies["yw_handshake"] = cookie
    assert by_oidc.get(path_of(back)).status_code == 403
    assert refused() == ["PLATFORM_REFUSED"]
    assert len(let_in()) == 1


def test_person_the_his_does_not_know_is_refused(by_oidc: CheckedClient) -> None:
    back = led_back(sent(by_oidc, "/sso/oidc/op"), "wang")
    assert by_oidc.get(path_of(back)).status_code == 403
    assert refused() == ["UNKNOWN_PERSON"]


def test_code_without_our_verifier_is_worth_nothing(
    by_oidc: CheckedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = led_back(sent(by_oidc, "/sso/oidc/op"))
    monkeypatch.setattr(handshakes.Handshake, "verifier", "x" * 43)
    assert by_oidc.get(path_of(back)).status_code == 403
    assert refused() == ["PLATFORM_REFUSED"]


def test_provider_that_is_gone_is_told_as_such(
    by_oidc: CheckedClient, settings: Any
) -> None:
    gone = OidcProvider("op", f"http://127.0.0.1:{free_port()}", "yiwu")
    settings.LAUNCH = Entrances(oidc={"op": gone})
    page = by_oidc.get("/sso/oidc/op")
    assert page.status_code == 503
    assert "统一认证没有应答" in page.content.decode()
    assert refused() == ["PLATFORM_DOWN"]


# --- CAS ----------------------------------------------------------------------------


def test_doctor_comes_in_by_a_real_cas_server(by_cas: CheckedClient) -> None:
    back = led_back(sent(by_cas, "/sso/cas/cas"))
    page = by_cas.get(path_of(back), follow=True)
    assert "罗景文" in page.content.decode()
    assert let_in() == [("CAS", "cas", "MZ")]


def test_ticket_of_cas_opens_once(by_cas: CheckedClient) -> None:
    back = led_back(sent(by_cas, "/sso/cas/cas"))
    cookie = by_cas.cookies["yw_handshake"].value
    by_cas.get(path_of(back))
    by_cas.cookies["yw_handshake"] = cookie
    assert by_cas.get(path_of(back)).status_code == 403
    assert refused() == ["PLATFORM_REFUSED"]


def test_ticket_of_cas_got_by_another_browser_opens_nothing(
    by_cas: CheckedClient,
) -> None:
    stolen = led_back(sent(by_cas, "/sso/cas/cas"))
    victim = CheckedClient()
    begun = sent(victim, "/sso/cas/cas")
    state = words_of(words_of(begun)["service"])["state"]
    mixed = {"state": state, "ticket": words_of(stolen)["ticket"]}
    assert victim.get(f"/sso/cas/cas/back?{urlencode(mixed)}").status_code == 403
    assert refused() == ["PLATFORM_REFUSED"]
    assert let_in() == []


# --- SMART App Launch 2.2: what an app must do ---------------------------------------


def launched(client: CheckedClient, openid: str, launch: str = LAUNCH) -> str:
    words = urlencode({"iss": f"{openid}/fhir", "launch": launch})
    return sent(client, f"/sso/smart?{words}")


REQUEST_CHECKS: dict[str, Any] = {
    "response_type is code": lambda q, fhir: q["response_type"] == "code",
    "client_id is ours": lambda q, fhir: q["client_id"] == "yiwu-smart",
    "redirect_uri is registered": lambda q, fhir: (
        q["redirect_uri"] == f"{US}/sso/smart/his/back"
    ),
    "launch is what was given": lambda q, fhir: q["launch"] == LAUNCH,
    "scope asks for launch and fhirUser": lambda q, fhir: (
        {"launch", "openid", "fhirUser"} <= set(q["scope"].split())
    ),
    "state has 256 bits": lambda q, fhir: len(q["state"]) == 43,
    "aud is the FHIR base": lambda q, fhir: q["aud"] == fhir,
    "challenge is of SHA-256": lambda q, fhir: len(q["code_challenge"]) == 43,
    "challenge method is S256": lambda q, fhir: q["code_challenge_method"] == "S256",
    "nonce is sent": lambda q, fhir: len(q["nonce"]) == 43,
    "no secret travels": lambda q, fhir: "secret" not in str(q),
}


@pytest.mark.parametrize("check", REQUEST_CHECKS)
def test_authorization_request_of_smart(
    check: str, by_smart: CheckedClient, openid: str
) -> None:
    asked = words_of(launched(by_smart, openid))
    assert REQUEST_CHECKS[check](asked, f"{openid}/fhir")


def test_doctor_comes_in_by_a_smart_launch_with_the_patient(
    by_smart: CheckedClient, openid: str
) -> None:
    back = led_back(launched(by_smart, openid))
    page = by_smart.get(path_of(back), follow=True)
    text = page.content.decode()
    assert "罗景文" in text
    assert "当前患者 病人ID P0001 就诊ID V0001（只读）" in text
    assert let_in() == [("SMART", "his", "ZY")]
    kept = str(list(AuditEvent.objects.order_by("pk").values()))
    assert "P0001" not in kept


def test_states_of_two_launches_differ(by_smart: CheckedClient, openid: str) -> None:
    first, second = (words_of(launched(by_smart, openid)) for _ in range(2))
    names = ("state", "nonce", "code_challenge")
    assert [first[name] == second[name] for name in names] == [False] * 3


def test_launch_the_his_did_not_make_is_refused_by_it(
    by_smart: CheckedClient, openid: str
) -> None:
    back = led_back(launched(by_smart, openid, "of-somebody-else"))
    assert words_of(back)["error"] == "invalid_request"
    assert by_smart.get(path_of(back)).status_code == 403
    assert refused() == ["PLATFORM_REFUSED"]


def test_code_of_smart_opens_once(by_smart: CheckedClient, openid: str) -> None:
    back = led_back(launched(by_smart, openid))
    cookie = by_smart.cookies["yw_handshake"].value
    by_smart.get(path_of(back))
    by_smart.cookies["yw_handshake"] = cookie
    assert by_smart.get(path_of(back)).status_code == 403
    assert refused() == ["PLATFORM_REFUSED"]


def test_person_without_the_agreed_identifier_is_refused(
    by_smart: CheckedClient, openid: str, settings: Any
) -> None:
    ehr = SmartEhr("his", f"{openid}/fhir", "yiwu-smart", "yiwu-smart-secret", "urn:x")
    settings.LAUNCH = Entrances(smart={"his": ehr})
    back = led_back(launched(by_smart, openid))
    assert by_smart.get(path_of(back)).status_code == 403
    assert refused() == ["NO_STAFF_NUMBER"]


def test_providers_are_started_from_what_is_locked() -> None:
    assert Path(node_modules(), "oidc-provider", "package.json").is_file()
