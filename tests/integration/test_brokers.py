"""Redis, Redis behind Sentinel and RabbitMQ: each wakes the worker, none holds truth.

No beat runs unless a test starts one: what is confirmed without it was rung for.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from portal.broker import answers
from tests.chaos.parts import Broker
from tests.integration.small_portal import SmallPortal, small_portal
from tests.rabbitmq import RabbitMq, rabbitmq
from tests.sentinel import MASTER, Sentinel, sentinel
from tests.services import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.slow]

# Ten times the patience of the bell: a busy machine is no waiting.
SOON_SECONDS = 1.0
# For a loaded machine to start a worker; nothing is measured by it.
LONG_SECONDS = 120.0


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> SmallPortal:
    return small_portal(tmp_path_factory.mktemp("small"))


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    yield made
    made.stop()


@pytest.fixture
def watched_redis() -> Iterator[Sentinel]:
    with sentinel() as made:
        yield made


@pytest.fixture
def rabbit() -> Iterator[RabbitMq]:
    with rabbitmq() as made:
        yield made


def test_redis_that_is_away_wiped_or_back_costs_time_only(
    portal: SmallPortal, broker: Broker
) -> None:
    there = portal.on(broker.url)
    with there.office() as office, there.worker(), there.beat():
        office.promise(101)
        there.await_confirmed(101, LONG_SECONDS)

        broker.stop()
        assert not answers(broker.url, "", 1)
        assert office.promise(102) < SOON_SECONDS
        assert there.state_of(102) == "WAITING"
        broker.start()  # empty: what was rung for is forgotten
        there.await_confirmed(102, LONG_SECONDS)

        broker.wipe()
        office.promise(103)
        there.await_confirmed(103, LONG_SECONDS)


def test_sentinel_names_another_redis_and_the_nudge_arrives_there(
    portal: SmallPortal, watched_redis: Sentinel
) -> None:
    there = portal.on(watched_redis.url, BROKER_MASTER=MASTER)
    with there.office() as office, there.worker():
        office.promise(201)
        there.await_confirmed(201, LONG_SECONDS)

        other = watched_redis.kill_master()
        assert answers(watched_redis.url, MASTER, 2)
        assert office.promise(202) < SOON_SECONDS
        with there.beat(), redis.Redis(port=other) as client:
            there.await_confirmed(202, LONG_SECONDS)
            wait_until(
                lambda: client.exists("yiwu:beat::lock") == 1,
                seconds=LONG_SECONDS,
                what="the beat is elected there",
            )


def test_rabbitmq_that_is_restarted_costs_time_only(
    portal: SmallPortal, rabbit: RabbitMq
) -> None:
    there = portal.on(rabbit.url)
    with there.office() as office:
        with rabbit.running(), there.worker():
            office.promise(301)
            there.await_confirmed(301, LONG_SECONDS)
        assert not answers(rabbit.url, "", 1)
        assert office.promise(302) < SOON_SECONDS
        with rabbit.running(), there.worker(), there.beat():
            assert answers(rabbit.url, "", 2)
            there.await_confirmed(302, LONG_SECONDS)
