"""A HIS that is away is left in peace over REST and HL7 v2 too, and asked by a ping."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from portal.his.breaker import FAILURES
from portal.his.gateway import HisUnavailable
from portal.his.opening import Pusher, pushing
from tests.contract.conftest import message_for

WANG = ("001027", "RX01")
AWAY = "HIS 未应答：连接不上"
SPARED = "HIS 未应答：连续失败，稍候再试"


@pytest.fixture
def refusing_port() -> Iterator[int]:
    """Held by us, and nobody listens on it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture(params=["rest+http://:key@127.0.0.1:{}/api", "mllp://127.0.0.1:{}"])
def pusher(request: pytest.FixtureRequest, refusing_port: int) -> Iterator[Pusher]:
    made = pushing(request.param.format(refusing_port), 2)
    yield made
    made.close()


def words_of(call: Callable[[], object]) -> tuple[str, bool]:
    with pytest.raises(HisUnavailable) as caught:
        call()
    return str(caught.value), caught.value.sent


def test_calls_are_refused_at_once_after_failures_in_a_row(pusher: Pusher) -> None:
    said = [
        words_of(lambda: pusher.save_privilege(message_for(*WANG)))
        for _try in range(FAILURES + 1)
    ]
    assert said == [(AWAY, False)] * FAILURES + [(SPARED, False)]


def test_ping_asks_although_calls_are_refused(pusher: Pusher) -> None:
    for _try in range(FAILURES):
        words_of(lambda: pusher.save_privilege(message_for(*WANG)))
    assert words_of(pusher.ping) == (AWAY, False)
