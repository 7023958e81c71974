from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest

from portal.his import wire
from tests.services import free_port

pytestmark = [pytest.mark.real_time, pytest.mark.slow]


def test_name_server_that_never_answers_ends_with_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered = threading.Event()

    def silent(*_question: Any, **_options: Any) -> list[Any]:
        answered.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    wire.begin(0.5)
    started = time.monotonic()
    with pytest.raises(wire.Unreached):
        wire.connect("his.example", 80, None)
    assert 0.4 < time.monotonic() - started < 0.9
    answered.set()


def test_name_nobody_knows_is_unreached() -> None:
    wire.begin(5)
    with pytest.raises(wire.Unreached):
        wire.connect("no name at all", 80, None)


def test_second_address_of_a_host_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        addresses = [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))
            for port in (free_port(), server.getsockname()[1])
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_q, **_o: addresses)
        wire.begin(5)
        wire.connect("his.example", 80, None).close()


def test_call_past_its_deadline_waits_for_nothing_more() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire.begin(5)
        link = wire.connect("127.0.0.1", server.getsockname()[1], None)
        wire.begin(0)
        for act in (lambda: link.recv(1), lambda: link.sendall(b"x")):
            with pytest.raises(TimeoutError):
                act()
        link.close()


def test_link_is_quiet_until_something_comes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire.begin(5)
        link = wire.connect("127.0.0.1", server.getsockname()[1], None)
        other, _address = server.accept()
        assert wire.is_quiet(link)
        other.close()
        time.sleep(0.05)
        assert not wire.is_quiet(link)
        link.close()
