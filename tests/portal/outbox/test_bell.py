"""A broker that is away, or silent, never holds up a page."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from celery import Celery
from kombu.transport import redis as _imported_before_the_clock_runs  # noqa: F401

from portal import bell
from portal.outbox.bell import nudge

pytestmark = pytest.mark.real_time
# Ten times the patience: a busy machine is no waiting, the socket would be.
SOON_SECONDS = 1.0


@pytest.fixture(autouse=True)
def _bell_is_not_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bell, "_quiet_until", 0.0)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def refusing_port() -> Iterator[int]:
    """Held by us, and nobody listens on it: no other program can answer there."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def ring_at(port: int, monkeypatch: pytest.MonkeyPatch) -> float:
    app = Celery("away", broker=f"redis://127.0.0.1:{port}/0", set_as_current=False)
    app.conf.broker_transport_options = {"max_retries": 0, "socket_timeout": 5}
    monkeypatch.setattr(bell, "current_app", app)
    begin = time.perf_counter()
    nudge()
    return time.perf_counter() - begin


def test_nudge_while_the_broker_is_away_goes_on_at_once(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    refusing_port: int,
) -> None:
    assert ring_at(refusing_port, monkeypatch) < SOON_SECONDS
    assert "bell not rung" in caplog.text


def test_nudge_while_the_broker_is_silent_goes_on_soon(
    monkeypatch: pytest.MonkeyPatch, silent_port: int
) -> None:
    assert ring_at(silent_port, monkeypatch) < SOON_SECONDS


def test_nudge_after_a_failure_keeps_quiet_for_a_while(
    monkeypatch: pytest.MonkeyPatch, refusing_port: int
) -> None:
    ring_at(refusing_port, monkeypatch)
    rung: list[str] = []

    def heard(task: str, _arguments: tuple[str, ...]) -> bool:
        rung.append(task)
        return True

    monkeypatch.setattr(bell, "_ring", heard)

    nudge()
    assert rung == []
    monkeypatch.setattr(bell, "_quiet_until", time.monotonic())
    nudge()
    assert rung == ["outbox.deliver_due"]
