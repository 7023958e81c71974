"""Faults of an HL7 v2 receiver, each by its right name, on real sockets."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from portal.his.contract.interfaces import FUNCTIONS, YW_PRIV_SAVE
from portal.his.gateway import HisMisconfigured, HisRejected, HisUnavailable
from portal.his.hl7v2.gateway import Hl7Writer
from portal.his.hl7v2.mllp import END, START
from portal.his.hl7v2.notification import control_id
from portal.his.messages import Answer
from portal.his.opening import open_gateway
from tests.contract.conftest import message_for
from tests.contract.hl7_peers import hl7_his
from tests.contract.scripted import Caller, Scripted, scripted
from tests.services import free_port

pytestmark = [pytest.mark.integration, pytest.mark.slow]

WANG = ("001027", "RX01")
MESSAGE = message_for(*WANG, request_id="6f1c0a52-0001")
NUMBER = control_id(MESSAGE.request_id)
MSH = r"MSH|^~\&|HIS||YIWU||20261123||{kind}|1|P|{version}"


def acknowledging(
    *segments: str, kind: str = "ACK", version: str = "2.5.1", encoding: str = "utf-8"
) -> bytes:
    """A framed answer; NUMBER in a segment is the id of the message."""
    lines = [MSH.format(kind=kind, version=version), *segments]
    text = "\r".join(lines).replace("NUMBER", NUMBER) + "\r"
    return START + text.encode(encoding) + END


TAKEN = acknowledging("MSA|AA|NUMBER")


@contextmanager
def receiver(
    script: Callable[[Caller], None], deadline: float = 2, options: str = ""
) -> Iterator[tuple[Hl7Writer, Scripted]]:
    with scripted(script) as server:
        dsn = f"mllp://127.0.0.1:{server.port}{options}"
        writer = Hl7Writer(dsn, deadline, "HIS_PUSH_DSN")
        yield writer, server
        writer.close()


def saying(*frames: bytes) -> Callable[[Caller], None]:
    """The same answer to every message."""

    def script(caller: Caller) -> None:
        while caller.hear(END).endswith(END):
            for frame in frames:
                caller.say(frame)

    return script


@pytest.mark.parametrize(
    "said",
    [
        TAKEN,
        acknowledging("MSA|CA|NUMBER"),
        acknowledging("MSA|AA|NUMBER|ok", kind="ACK^M02^ACK_M02", version="2.3"),
        acknowledging("MSA|AA|NUMBER", "MFI|PRA", "MFA|MUP|NUMBER||S", kind="MFK^M02"),
        b"\r\n" + TAKEN + b"\r\n",
    ],
)
def test_answer_that_takes_the_message_is_a_success_in_any_dialect(said: bytes) -> None:
    with receiver(saying(said)) as (writer, _server):
        assert writer.save_privilege(MESSAGE) == Answer("0", "", "")


@pytest.mark.parametrize(
    ("segments", "code", "words"),
    [
        (["MSA|AE|NUMBER|no such doctor"], "9999", "no such doctor"),
        (["MSA|AR|NUMBER", "ERR|||206^locked^HL70357|E"], "3001", "locked"),
        (["MSA|CE|NUMBER", "ERR|||207|E||||down"], "3002", "down"),
        (["MSA|CR|NUMBER"], "9999", "其他错误"),
        (["MSA|AE|NUMBER", "ERR|||204|E|2003^权限不存在"], "2003", "权限不存在"),
        (["MSA|AE|NUMBER", "MFI|PRA", "MFA|MUP|X||2006^重叠"], "2006", "重叠"),
        (["MSA|AA|NUMBER", "MFI|PRA", "MFA|MUP|X||U^全部失败"], "9999", "全部失败"),
        (["MSA|AA|NUMBER", "ZYA|2001|没有此人"], "2001", "没有此人"),
        (["MSA|AE|NUMBER|矛盾", "ZYA|0|成功|7"], "9999", "矛盾"),
        (["MSA|AE|NUMBER", r"ZYA|2001|a\F\b\X5E\c"], "2001", "a|b^c"),
    ],
)
def test_answer_that_refuses_gives_our_code_and_their_words(
    segments: list[str], code: str, words: str
) -> None:
    with (
        receiver(saying(acknowledging(*segments))) as (writer, _server),
        pytest.raises(HisRejected) as caught,
    ):
        writer.save_privilege(MESSAGE)
    assert (caught.value.code, caught.value.message) == (code, words)


def test_words_of_a_gbk_receiver_are_read_and_ours_sent_as_gbk() -> None:
    said = acknowledging("MSA|AE|NUMBER|医生不存在", encoding="gbk")
    # The second byte of 恷 in GBK is the sign that separates fields.
    message = replace(MESSAGE, reason="年度授权恷")
    assert b"|" in "恷".encode("gbk")
    with receiver(saying(said), options="?yw_encoding=gbk") as (writer, server):
        with pytest.raises(HisRejected, match="医生不存在"):
            writer.save_privilege(message)
        heard = server.callers[0].heard

    assert "|年度授权恷|" in heard.decode("gbk")
    assert b"|GB 18030-2000\r" in heard


def test_text_the_encoding_has_no_bytes_for_is_refused_unsent() -> None:
    message = replace(MESSAGE, reason="𠮷")
    with receiver(saying(TAKEN), options="?yw_encoding=gbk") as (writer, server):
        with pytest.raises(HisRejected) as caught:
            writer.save_privilege(message)
        assert server.callers == []
    assert (caught.value.code, caught.value.message) == (
        "2005",
        "「𠮷」无法以 gbk 传送",
    )


def test_enhanced_mode_waits_for_the_answer_behind_the_commit() -> None:
    commit = acknowledging("MSA|CA|NUMBER")
    refused = acknowledging("MSA|AE|NUMBER|later")
    with receiver(saying(commit, refused), options="?mode=enhanced") as (
        writer,
        server,
    ):
        with pytest.raises(HisRejected, match="later"):
            writer.save_privilege(MESSAGE)
        assert b"|AL|AL|CHN|" in server.callers[0].heard


def test_commit_without_an_answer_behind_it_may_have_been_done() -> None:
    commit = acknowledging("MSA|CA|NUMBER")
    with (
        receiver(saying(commit), 1, "?mode=enhanced") as (writer, _server),
        pytest.raises(HisUnavailable) as caught,
    ):
        writer.save_privilege(MESSAGE)
    assert caught.value.sent is True


@pytest.mark.parametrize(
    "said",
    [
        acknowledging("MSA|AA|ANOTHER"),
        acknowledging("MSA||NUMBER"),
        acknowledging("MFI|PRA"),
        acknowledging("MSA|AA|NUMBER", version="9.9"),
        START + b"garbage" + END,
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        START + b"x" * (1024 * 1024 + 1),
        TAKEN[:-1],
        b"",
    ],
    ids=["id", "code", "msa", "version", "text", "frame", "large", "half", "end"],
)
def test_answer_that_is_none_may_have_been_done_and_ends_the_link(said: bytes) -> None:
    def script(caller: Caller) -> None:
        caller.hear(END)
        caller.say(said if caller.number == 1 else TAKEN)
        if caller.number > 1:
            caller.wait_for_end()

    with receiver(script) as (writer, server):
        with pytest.raises(HisUnavailable, match="应答丢失") as caught:
            writer.save_privilege(MESSAGE)
        assert writer.save_privilege(MESSAGE).code == "0"
        assert len(server.callers) == 2
    assert caught.value.sent is True


def test_link_is_used_again_and_each_repeat_has_the_same_id() -> None:
    with receiver(saying(TAKEN)) as (writer, server):
        for _repeat in range(3):
            writer.save_privilege(MESSAGE)
        assert len(server.callers) == 1
        heard = server.callers[0].heard.decode()

    assert re.findall(r"\|MFN\^M02\^MFN_M02\|(\w+)\|", heard) == [NUMBER] * 3
    assert len(NUMBER) == 20
    assert control_id("6f1c0a52-0002") != NUMBER


def test_link_that_said_something_unasked_is_not_used_again() -> None:
    with receiver(saying(TAKEN, acknowledging("MSA|AA|LATE"))) as (writer, server):
        for _call in range(2):
            writer.save_privilege(MESSAGE)
            time.sleep(0.05)
        assert len(server.callers) == 2


def test_link_the_receiver_closed_meanwhile_is_replaced_unnoticed() -> None:
    def script(caller: Caller) -> None:
        caller.hear(END)
        caller.say(TAKEN)

    with receiver(script) as (writer, server):
        for _call in range(2):
            writer.save_privilege(MESSAGE)
            time.sleep(0.1)
        assert len(server.callers) == 2


def test_port_nobody_listens_on_was_not_sent() -> None:
    writer = Hl7Writer(f"mllp://127.0.0.1:{free_port()}", 3, "HIS_PUSH_DSN")
    started = time.monotonic()
    for act in (lambda: writer.save_privilege(MESSAGE), writer.ping):
        with pytest.raises(HisUnavailable, match="连接不上") as caught:
            act()
        assert caught.value.sent is False
    assert time.monotonic() - started < 3.5


@pytest.mark.parametrize(
    "script",
    [
        lambda caller: caller.wait_for_end(),
        lambda caller: caller.drip(TAKEN, 0.2),
    ],
    ids=["silent", "dripping"],
)
def test_no_call_lasts_longer_than_the_deadline(
    script: Callable[[Caller], None],
) -> None:
    with receiver(script, deadline=3) as (writer, _server):
        started = time.monotonic()
        with pytest.raises(HisUnavailable) as caught:
            writer.save_privilege(MESSAGE)
        seconds = time.monotonic() - started

    assert caught.value.sent is True
    assert 2.9 < seconds < 3.5


def test_function_hl7_cannot_tell_names_the_setting_and_sends_nothing() -> None:
    with receiver(saying(TAKEN)) as (writer, server):
        for function in FUNCTIONS:
            if function is not YW_PRIV_SAVE:
                with pytest.raises(
                    HisMisconfigured, match="HIS_PUSH_DSN: YW_.* HL7 v2"
                ):
                    writer.call(function, {})
        assert server.callers == []


def test_hl7_alone_cannot_be_the_his() -> None:
    with pytest.raises(HisMisconfigured) as caught:
        open_gateway("mllp://127.0.0.1:2575", 1)
    assert str(caught.value) == "HIS_DSN: HL7 v2 不能读取，请写在 HIS_PUSH_DSN"


@pytest.mark.parametrize(
    ("dsn", "words"),
    [
        ("mllp://", "HL7 v2 needs mllp://host:port"),
        ("mllp://h?mode=loud", "mode: one of original, enhanced"),
        ("mllp://h?secret=1", "unknown option secret"),
    ],
)
def test_unusable_dsn_names_the_setting(dsn: str, words: str) -> None:
    with pytest.raises(HisMisconfigured) as caught:
        Hl7Writer(dsn, 1, "HIS_PUSH_DSN").ping()
    assert str(caught.value) == f"HIS_PUSH_DSN: {words}"


def test_change_is_told_by_hl7_and_ping_needs_both_ways(tmp_path: Path) -> None:
    with hl7_his(tmp_path / "his.sqlite3") as (peer, engine, _server):
        gateway = open_gateway(peer.dsn, 2, peer.push_dsn)
        with gateway.kept_open():
            gateway.save_privilege(MESSAGE)
        assert gateway.ping() > 0
        assert len(engine.heard) == 1
        gateway.close()
    with pytest.raises(HisUnavailable):
        gateway.ping()
    gateway.close()
