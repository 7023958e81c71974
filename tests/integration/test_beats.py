"""Of two beats one sends; when it dies the other takes over; a wiped Redis is refilled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from portal.broker import ELECTION_SECONDS, PAUSE_SECONDS
from tests.integration.small_portal import Process, SmallPortal
from tests.services import kill_group, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.slow]

SWEEP_SECONDS = 2.0
WATCHED_SECONDS = 8.0
LOCK = "yiwu:beat::lock"
# The lock runs out, is looked for, and the next sweep is due; the rest is the machine.
LONGEST_SECONDS = ELECTION_SECONDS + 2 * PAUSE_SECONDS + SWEEP_SECONDS
BUSY_SECONDS = 30.0


@dataclass
class Beats:
    """Those of one hospital; no worker takes what they send."""

    portal: SmallPortal
    client: redis.Redis
    stack: ExitStack

    def start(self, name: str) -> Process:
        return self.stack.enter_context(self.portal.beat(name))

    def sent(self) -> int:
        """Sweeps that wait for a worker."""
        return int(self.client.llen("push"))

    def await_sweep(self, seconds: float = 120) -> None:
        before = self.sent()
        wait_until(lambda: self.sent() > before, seconds=seconds, what="a sweep")

    def await_standing(self, name: str) -> None:
        """It runs, and has looked for the lock."""
        log = self.portal.var / f"{name}.log"
        wait_until(
            lambda: "beat: Starting" in log.read_text(encoding="utf-8"),
            seconds=120,
            what=f"the {name} beat stands for election",
        )

    def holder(self) -> object:
        return self.client.get(LOCK)


@pytest.fixture
def beats(redis_server: str, tmp_path: Path) -> Iterator[Beats]:
    env = {"DATABASE_URL": "sqlite://:memory:", "VAR_DIR": str(tmp_path)}
    portal = SmallPortal(env | {"LOG_LEVEL": "INFO"}, tmp_path / "none", tmp_path)
    with ExitStack() as stack:
        client = stack.enter_context(redis.Redis.from_url(redis_server))
        yield Beats(portal.on(redis_server), client, stack)


def test_of_two_beats_one_is_elected_and_the_other_takes_over(
    beats: Beats, show: Callable[[str], None]
) -> None:
    first = beats.start("first")
    beats.await_sweep()
    holder = beats.holder()
    beats.start("second")
    beats.await_standing("second")
    before = beats.sent()
    time.sleep(WATCHED_SECONDS)
    sent = beats.sent() - before
    assert 1 <= sent <= WATCHED_SECONDS / SWEEP_SECONDS + 1
    assert beats.holder() == holder

    kill_group(first)
    killed_at = time.monotonic()
    wait_until(
        lambda: beats.holder() not in {holder, None},
        seconds=LONGEST_SECONDS + BUSY_SECONDS,
        what="the second beat is elected",
    )
    beats.await_sweep()
    took = time.monotonic() - killed_at
    show(f"fail-over of the beat: {took:.1f} s (at most {LONGEST_SECONDS:.0f})")
    assert took < LONGEST_SECONDS + BUSY_SECONDS


def test_beat_whose_redis_is_wiped_fills_it_and_goes_on(beats: Beats) -> None:
    only = beats.start("only")
    beats.await_sweep()
    beats.client.flushall()
    beats.await_sweep()
    assert only.poll() is None


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Say something to whoever runs the tests."""

    def say(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}")

    return say
