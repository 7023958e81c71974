"""Faults of a REST service, each by its right name, on real sockets."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from portal.his import rest
from portal.his.contract.interfaces import V_YW_DOCTOR, VIEWS
from portal.his.gateway import HisMisconfigured, HisRejected, HisUnavailable
from portal.his.rest import RestGateway
from tests.contract.conftest import message_for
from tests.contract.scripted import Caller, Scripted, scripted
from tests.services import free_port

pytestmark = [pytest.mark.integration, pytest.mark.slow]

WANG = ("001027", "RX01")
DOCTOR = {
    "emp_no": "001027",
    "his_emp_id": "5027",
    "name": "王建国  ",
    "py": None,
    "sex": "1",
    "dept_code": "0401",
    "dept_name": "普外科",
    "title_code": "233",
    "post": "",
    "prac_cert_no": "110441900001027",
    "prac_valid_to": "2028-06-30",
    "status": "01",
    "last_modified": "2026-11-01T08:30:00",
}
RESULT = {"code": "0", "message": "成功", "his_row_id": "7"}


def answer(
    body: bytes,
    *,
    status: str = "200 OK",
    media: str = "application/json",
    more: str = "",
) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\n{more}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def as_json(value: Any, **more: Any) -> bytes:
    return answer(json.dumps(value, ensure_ascii=False).encode(), **more)


def page(*rows: Any, after: str | None = None) -> bytes:
    return as_json({"rows": list(rows), "next": after})


def saying(*answers: bytes) -> Callable[[Caller], None]:
    """One answer after the other on the same connection, then silence."""

    def script(caller: Caller) -> None:
        for said in answers:
            if not caller.hear(b"\r\n\r\n"):
                return
            caller.say(said)
        caller.wait_for_end()

    return script


@contextmanager
def service(
    script: Callable[[Caller], None], deadline: float = 2
) -> Iterator[tuple[RestGateway, Scripted]]:
    with scripted(script) as server:
        dsn = f"rest+http://:secret-token@127.0.0.1:{server.port}/api"
        gateway = RestGateway(dsn, deadline)
        yield gateway, server
        gateway.close()


def test_rows_come_page_by_page_in_the_order_of_the_contract() -> None:
    second = {**DOCTOR, "emp_no": "001028", "further": "ignored"}
    with service(saying(page(DOCTOR, after="a b"), page(second))) as (gateway, server):
        rows = list(gateway.rows(V_YW_DOCTOR))
        heard = server.callers[0].heard.decode()

    assert [row[0] for row in rows] == ["001027", "001028"]
    assert rows[0][2:4] == ("王建国", "")
    assert len(server.callers) == 1, "the connection was not used again"
    assert "GET /api/views/V_YW_DOCTOR?limit=1000 HTTP/1.1\r\n" in heard
    assert "GET /api/views/V_YW_DOCTOR?cursor=a%20b&limit=1000 HTTP/1.1\r\n" in heard
    assert heard.lower().count("authorization: bearer secret-token\r\n") == 2


def test_rows_packed_with_gzip_are_read() -> None:
    packed = gzip.compress(json.dumps({"rows": [DOCTOR], "next": None}).encode())
    said = answer(packed, more="Content-Encoding: gzip\r\n")
    with service(saying(said)) as (gateway, _server):
        assert [line.emp_no for line in gateway.doctors()] == ["001027"]


def test_cursor_that_does_not_move_ends_the_read() -> None:
    turning = page(DOCTOR, after="same")
    with (
        service(saying(turning, turning)) as (gateway, _server),
        pytest.raises(HisMisconfigured, match="V_YW_DOCTOR 不可用 next"),
    ):
        list(gateway.doctors())


def test_bomb_of_gzip_is_refused_before_it_is_unpacked() -> None:
    bomb = gzip.compress(b"[" + b" " * (rest.LARGEST_PAGE + 1))
    said = answer(bomb, more="Content-Encoding: gzip\r\n")
    assert len(bomb) < 100_000
    with (
        service(saying(said), 10) as (gateway, _server),
        pytest.raises(HisMisconfigured, match="一页超过 32 MB"),
    ):
        list(gateway.doctors())


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ({**DOCTOR, "emp_no": 1027}, "emp_no"),  # its leading zeros are lost
        ({**DOCTOR, "prac_valid_to": 20280630}, "prac_valid_to"),
        ({name: DOCTOR[name] for name in DOCTOR if name != "py"}, "py"),
        (["001027"], "rows"),
    ],
)
def test_row_of_another_shape_names_the_column(row: Any, part: str) -> None:
    with (
        service(saying(page(row))) as (gateway, _server),
        pytest.raises(
            HisMisconfigured, match=f"V_YW_DOCTOR 不可用 {part} 与接口约定不符"
        ),
    ):
        list(gateway.doctors())


def test_bad_value_in_a_row_is_left_to_the_quarantine() -> None:
    with service(saying(page({**DOCTOR, "last_modified": "gestern"}))) as (gateway, _s):
        assert next(gateway.doctors()).last_modified == "gestern"


@pytest.mark.parametrize(
    "said",
    [
        as_json({"rows": [], "next": None}, media="text/html"),
        answer(b"<html>login</html>", media="text/html"),
        answer(b'{"rows": ['),
        answer(b"[]"),
        answer(b'{"rows": [], "next": NaN}'),
        answer(b"[" * 100_000),
    ],
)
def test_read_of_what_is_no_json_object_names_the_view(said: bytes) -> None:
    with (
        service(saying(said)) as (gateway, _server),
        pytest.raises(HisMisconfigured, match="V_YW_DOCTOR 不可用 应答不是 JSON"),
    ):
        list(gateway.doctors())


@pytest.mark.parametrize(
    "said",
    [
        answer(b"<html>login</html>", media="text/html"),
        answer(b"{"),
        as_json({"message": "?"}),
        answer(b"{}")[:-1],
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"garbage\r\n\r\n",
        b"",
    ],
)
def test_save_whose_answer_cannot_be_read_may_have_been_done(said: bytes) -> None:
    def script(caller: Caller) -> None:
        caller.hear(b"}")
        caller.say(said)

    with (
        service(script) as (gateway, _server),
        pytest.raises(HisUnavailable, match="应答丢失") as caught,
    ):
        gateway.save_privilege(message_for(*WANG))
    assert caught.value.sent is True


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("302 Found", "重定向被拒绝 HTTP 302"),
        ("401 Unauthorized", "凭据不被接受 HTTP 401"),
        ("403 Forbidden", "凭据不被接受 HTTP 403"),
        ("404 Not Found", "V_YW_DOCTOR 不可用 HTTP 404"),
        ("400 Bad Request", "V_YW_DOCTOR 不可用 HTTP 400"),
    ],
)
def test_read_with_a_status_an_operator_must_see(status: str, words: str) -> None:
    said = as_json({}, status=status, more="Location: http://127.0.0.1:1/\r\n")
    with (
        service(saying(said)) as (gateway, server),
        pytest.raises(HisMisconfigured) as caught,
    ):
        list(gateway.doctors())
    assert str(caught.value) == f"HIS_DSN: {words}"
    assert len(server.callers) == 1


@pytest.mark.parametrize(
    ("status", "may_be_done"),
    [
        ("429 Too Many Requests", False),
        ("503 Service Unavailable", False),
        ("408 Request Timeout", False),
        ("500 Internal Server Error", True),
        ("502 Bad Gateway", True),
        ("504 Gateway Timeout", True),
    ],
)
def test_save_with_a_status_that_passes_is_tried_again(
    status: str, may_be_done: bool
) -> None:
    with (
        service(saying(as_json({}, status=status))) as (gateway, _server),
        pytest.raises(HisUnavailable) as caught,
    ):
        gateway.save_privilege(message_for(*WANG))
    assert caught.value.sent is may_be_done


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        (as_json({"code": "2001", "message": "医生不存在"}), "2001", "医生不存在"),
        (
            as_json({"code": "3001", "message": "锁定"}, status="409 Conflict"),
            "3001",
            "锁定",
        ),
        (as_json({}, status="400 Bad Request"), "9999", "其他错误 HTTP 400"),
        (as_json({"code": "0"}, status="422 No"), "9999", "其他错误 HTTP 422"),
    ],
)
def test_save_that_is_refused_has_the_code_of_the_his(
    said: bytes, code: str, words: str
) -> None:
    with (
        service(saying(said)) as (gateway, _server),
        pytest.raises(HisRejected) as caught,
    ):
        gateway.save_privilege(message_for(*WANG))
    assert (caught.value.code, caught.value.message) == (code, words)


def test_save_sends_every_argument_of_the_contract() -> None:
    message = message_for(*WANG, valid_to=None)

    def script(caller: Caller) -> None:
        caller.hear(b"}")
        caller.say(as_json(RESULT))

    with service(script) as (gateway, server):
        gateway.save_privilege(message)
        heard = server.callers[0].heard

    assert heard.startswith(b"POST /api/functions/YW_PRIV_SAVE HTTP/1.1\r\n")
    assert json.loads(heard.split(b"\r\n\r\n", 1)[1]) == message.payload()


def test_save_on_a_link_the_service_closed_meanwhile_opens_another() -> None:
    def script(caller: Caller) -> None:
        caller.hear(b"}")
        caller.say(as_json(RESULT))

    with service(script) as (gateway, server):
        for _call in range(2):
            gateway.save_privilege(message_for(*WANG))
            time.sleep(0.1)

    assert len(server.callers) == 2


def test_read_back_is_not_fooled_by_a_service_that_overlooks_the_key() -> None:
    line = {
        "emp_no": "001099",
        "priv_code": "RX01",
        "setting": "ALL",
        "item_code": "",
        "his_value": "1",
        "valid_from": "2026-12-01",
        "valid_to": None,
        "status": "1",
        "last_operator": "9001",
        "last_modified": "2026-11-01T08:30:00",
    }
    with service(saying(page(line), page(line))) as (gateway, server):
        assert gateway.doctor_privilege(message_for(*WANG)) is None
        assert gateway.doctor_privilege(message_for("001099", "RX01")) is not None
        asked = server.callers[0].heard.decode().splitlines()[0]

    assert asked == (
        "GET /api/views/V_YW_DOCTOR_PRIV?emp_no=001027&priv_code=RX01&setting=ALL"
        "&item_code=&valid_from=2026-12-01&limit=1000 HTTP/1.1"
    )


def test_save_to_a_port_nobody_listens_on_was_not_sent() -> None:
    gateway = RestGateway(f"rest+http://127.0.0.1:{free_port()}/api", 3)
    started = time.monotonic()
    with pytest.raises(HisUnavailable, match="连接不上") as caught:
        gateway.save_privilege(message_for(*WANG))
    assert caught.value.sent is False
    assert time.monotonic() - started < 3.5


@pytest.mark.parametrize(
    "script",
    [
        lambda caller: caller.wait_for_end(),
        lambda caller: caller.drip(answer(b"{}"), 0.2),
        lambda caller: caller.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 9, 0.2),
        saying(answer(b"{}")[:-1]),
    ],
    ids=["silent", "dripping", "interim", "half"],
)
def test_no_call_lasts_longer_than_the_deadline(
    script: Callable[[Caller], None],
) -> None:
    with service(script, deadline=3) as (gateway, _server):
        started = time.monotonic()
        with pytest.raises(HisUnavailable) as caught:
            gateway.save_privilege(message_for(*WANG))
        seconds = time.monotonic() - started

    assert caught.value.sent is True
    assert 2.9 < seconds < 3.5


@pytest.mark.parametrize(
    ("dsn", "words"),
    [
        ("rest+ftp://host/api", "HIS_DSN: REST needs rest+https://host/base"),
        ("rest+https:///api", "HIS_DSN: REST needs a host"),
        ("rest+https://:secret@host/?retry=1", "HIS_DSN: unknown option retry"),
        (
            "rest+https://host/?yw_ca_file=/nowhere",
            "HIS_DSN: yw_ca_file: no file of certificates",
        ),
        (
            "rest+https://host/?yw_cert_file=/nowhere",
            "HIS_DSN: yw_cert_file: no certificate with its key",
        ),
    ],
)
def test_unusable_dsn_names_the_setting_and_never_the_secret(
    dsn: str, words: str
) -> None:
    with pytest.raises(HisMisconfigured) as caught:
        RestGateway(dsn, 1).ping()
    assert str(caught.value) == words


def test_every_view_has_a_key_to_page_by() -> None:
    assert [view.name for view in VIEWS if not view.key] == []
