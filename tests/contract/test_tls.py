"""TLS of REST and HL7 v2, on real sockets with certificates made for the test."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from portal.his.gateway import HisMisconfigured, HisUnavailable
from portal.his.hl7v2.gateway import Hl7Writer
from portal.his.hl7v2.mllp import END
from portal.his.rest import RestGateway
from tests.contract.certificates import Certificates, certificates
from tests.contract.scripted import Caller, scripted
from tests.contract.test_faults_on_hl7v2 import MESSAGE, TAKEN
from tests.contract.test_faults_on_rest import RESULT, as_json

pytestmark = [pytest.mark.integration, pytest.mark.slow]

Save = Callable[[int, str], object]


def by_rest(port: int, options: str) -> object:
    gateway = RestGateway(f"rest+https://:t@127.0.0.1:{port}/?{options}", 2)
    try:
        return gateway.save_privilege(MESSAGE).code
    finally:
        gateway.close()


def by_hl7(port: int, options: str) -> object:
    writer = Hl7Writer(f"mllp://127.0.0.1:{port}?{options}", 2, "HIS_PUSH_DSN")
    try:
        return writer.save_privilege(MESSAGE).code
    finally:
        writer.close()


def rest_script(caller: Caller) -> None:
    caller.hear(b"}")
    caller.say(as_json(RESULT))


def hl7_script(caller: Caller) -> None:
    caller.hear(END)
    caller.say(TAKEN)


BOTH = pytest.mark.parametrize(
    ("save", "script"),
    [(by_rest, rest_script), (by_hl7, hl7_script)],
    ids=["rest", "hl7v2"],
)
Script = Callable[[Caller], None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("certificates"))


@BOTH
def test_server_whose_authority_we_know_is_trusted(
    made: Certificates, save: Save, script: Script
) -> None:
    with scripted(script, made.server_context()) as server:
        options = f"yw_tls=verify&yw_ca_file={made.authority}"
        assert save(server.port, options) == "0"


@BOTH
def test_server_whose_authority_we_do_not_know_gets_nothing(
    made: Certificates, save: Save, script: Script
) -> None:
    with scripted(script, made.server_context()) as server:
        with pytest.raises(HisMisconfigured, match="TLS 不可信 CERTIFICATE_VERIFY"):
            save(server.port, "yw_tls=verify")
        assert [caller.heard for caller in server.callers] == [b""]


@BOTH
def test_server_is_taken_unseen_when_the_site_says_so(
    made: Certificates, save: Save, script: Script
) -> None:
    with scripted(script, made.server_context()) as server:
        assert save(server.port, "yw_tls=on") == "0"


@BOTH
def test_server_that_asks_for_our_certificate_gets_it(
    made: Certificates, save: Save, script: Script
) -> None:
    with scripted(script, made.server_context(asks_client=True)) as server:
        options = f"yw_tls=verify&yw_ca_file={made.authority}"
        with pytest.raises(HisUnavailable):
            save(server.port, options)
        assert save(server.port, f"{options}&yw_cert_file={made.client}") == "0"


@BOTH
def test_server_that_never_shakes_hands_ends_with_the_deadline(
    save: Save, script: Script
) -> None:
    with scripted(lambda caller: caller.wait_for_end()) as server:
        started = time.monotonic()
        with pytest.raises(HisUnavailable, match="连接不上") as caught:
            save(server.port, "yw_tls=on")
        assert 1.9 < time.monotonic() - started < 2.5
    assert caught.value.sent is False


@BOTH
def test_server_without_tls_gets_nothing(save: Save, script: Script) -> None:
    with scripted(script) as server:
        with pytest.raises((HisMisconfigured, HisUnavailable)):
            save(server.port, "yw_tls=on")
        assert b"YW_PRIV_SAVE" not in server.callers[0].heard
        assert b"MSH" not in server.callers[0].heard
