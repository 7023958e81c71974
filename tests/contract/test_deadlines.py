"""Whatever the driver, a HIS that is not there or says nothing costs one deadline."""

from __future__ import annotations

import gc
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from portal.his.contract.interfaces import V_YW_DOCTOR
from portal.his.gateway import HisUnavailable
from portal.his.sql.deadline import Late, begin, in_time, left
from portal.his.sql.gateway import SqlGateway
from tests.contract.conftest import message_for
from tests.contract.drivers import DSNS
from tests.contract.peers import Peer
from tests.contract.wire import Wire, wire_to
from tests.services import free_port, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.slow]

LIMIT = 3
TOLERATED = 3.5
WANG = ("001027", "RX01")
driver = pytest.mark.parametrize("dsn", DSNS.values(), ids=DSNS.keys())


@pytest.fixture(autouse=True)
def _what_was_left_behind_has_come_back() -> Iterator[None]:
    """oracledb leaves the socket of a login that was reset to the collector."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        for thread in threading.enumerate():
            if thread.name == "his-driver":
                thread.join(timeout=15)
        gc.collect()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Accepts and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


def waited(call: Callable[[], object]) -> tuple[HisUnavailable, float]:
    started = time.monotonic()
    with pytest.raises(HisUnavailable) as caught:
        call()
    return caught.value, time.monotonic() - started


@driver
def test_save_to_a_port_nobody_listens_on_was_not_sent(
    dsn: str, open_gateway: Callable[..., SqlGateway]
) -> None:
    gateway = open_gateway(dsn.format(port=free_port()), LIMIT)
    error, took = waited(lambda: gateway.save_privilege(message_for(*WANG)))

    assert (str(error), error.sent) == ("HIS 未应答：连接不上", False)
    assert took <= TOLERATED


@driver
def test_save_to_a_silent_server_was_not_sent(
    dsn: str, silent_port: int, open_gateway: Callable[..., SqlGateway]
) -> None:
    gateway = open_gateway(dsn.format(port=silent_port), LIMIT)
    error, took = waited(lambda: gateway.save_privilege(message_for(*WANG)))

    assert (str(error), error.sent) == ("HIS 未应答：连接不上", False)
    assert LIMIT - 0.1 <= took <= TOLERATED


@driver
def test_read_from_a_server_that_hangs_up_is_unavailable_too(
    dsn: str, silent_port: int, open_gateway: Callable[..., SqlGateway]
) -> None:
    with wire_to("127.0.0.1", silent_port) as wire:
        wire.is_down = True
        gateway = open_gateway(dsn.format(port=wire.port), LIMIT)
        _error, took = waited(lambda: list(gateway.rows(V_YW_DOCTOR)))

    assert took <= TOLERATED


@pytest.fixture(params=["postgresql", "typical_mysql"])
def behind_wire(request: pytest.FixtureRequest) -> Iterator[tuple[str, Wire]]:
    """A real HIS, and the wire it is reached by."""
    peer: Peer = request.getfixturevalue(f"{request.param}_his")
    head, _at, tail = peer.dsn.partition("@127.0.0.1:")
    port, slash, database = tail.partition("/")
    with wire_to("127.0.0.1", int(port)) as wire:
        yield f"{head}@127.0.0.1:{wire.port}{slash}{database}", wire


@pytest.mark.parametrize("is_first", [True, False], ids=["new link", "kept link"])
def test_call_to_a_server_that_falls_silent_ends_in_time_and_the_next_works(
    behind_wire: tuple[str, Wire],
    open_gateway: Callable[..., SqlGateway],
    *,
    is_first: bool,
) -> None:
    dsn, wire = behind_wire
    gateway = open_gateway(dsn, LIMIT)
    if not is_first:
        gateway.save_privilege(message_for(*WANG))
    wire.is_mute = True

    error, took = waited(lambda: gateway.save_privilege(message_for(*WANG)))
    assert error.sent is not is_first
    assert LIMIT - 0.1 <= took <= TOLERATED

    wire.is_mute = False
    wire.cut()
    assert gateway.save_privilege(message_for(*WANG)).code == "0"


def test_call_that_waited_for_a_link_has_only_the_rest_of_its_time(
    behind_wire: tuple[str, Wire], open_gateway: Callable[..., SqlGateway]
) -> None:
    """All links are taken, one comes free late, and then nobody answers."""
    dsn, wire = behind_wire
    mark = "&" if "?" in dsn else "?"
    gateway = open_gateway(f"{dsn}{mark}yw_pool=1", LIMIT)
    held = [iter(gateway.rows(V_YW_DOCTOR)) for _link in range(2)]
    threads = [threading.Thread(target=hold, args=(rows,)) for rows in held]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    wire.is_mute = True

    _error, took = waited(gateway.ping)

    for thread in threads:
        thread.join()
    assert took <= TOLERATED


def hold(rows: Iterator[object]) -> None:
    next(rows)
    time.sleep(2)
    rows.close()  # type: ignore[attr-defined]


def test_breaker_spares_a_silent_his_and_the_caller(
    behind_wire: tuple[str, Wire], open_gateway: Callable[..., SqlGateway]
) -> None:
    dsn, wire = behind_wire
    gateway = open_gateway(dsn, 0.5)
    gateway.ping()
    wire.is_mute = True
    for _failure in range(3):
        waited(lambda: gateway.save_privilege(message_for(*WANG)))

    error, took = waited(lambda: gateway.save_privilege(message_for(*WANG)))
    assert (str(error), error.sent) == ("HIS 未应答：连续失败，稍候再试", False)
    assert took < 0.05

    _error, took = waited(gateway.ping)
    assert took > 0.4, "who asks whether it is back really asks"

    wire.is_mute = False
    wire.cut()
    gateway.ping()
    assert gateway.save_privilege(message_for(*WANG)).code == "0"


def test_breaker_tries_again_by_itself(
    behind_wire: tuple[str, Wire], open_gateway: Callable[..., SqlGateway]
) -> None:
    dsn, wire = behind_wire
    gateway = open_gateway(dsn, 0.5)
    wire.is_down = True
    for _failure in range(3):
        waited(lambda: gateway.save_privilege(message_for(*WANG)))
    wire.is_down = False

    waited(lambda: gateway.save_privilege(message_for(*WANG)))
    time.sleep(2.1)
    assert gateway.save_privilege(message_for(*WANG)).code == "0"


# --- the deadline itself ------------------------------------------------------------


def test_in_time_gives_what_was_done() -> None:
    assert in_time(lambda: 7, 1, lambda _result: None) == 7


def test_in_time_raises_what_was_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        in_time(lambda: 1 / 0, 1, lambda _result: None)


def test_in_time_discards_what_came_too_late() -> None:
    discarded: list[object] = []

    def work() -> str:
        time.sleep(0.3)
        return "link"

    with pytest.raises(Late):
        in_time(work, 0.05, discarded.append)
    assert discarded == []
    wait_until(lambda: discarded == ["link"], what="the late link is discarded")


def test_in_time_hands_the_deadline_on() -> None:
    begin(60)
    assert 0 < in_time(left, 2, lambda _result: None) <= 2
