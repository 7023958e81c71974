"""Which broker a URL means, and what Celery is told of it."""

from __future__ import annotations

import pytest
from celery import Celery

from portal import broker
from portal.env import BadSetting

SENTINELS = "sentinel://:geheim@10.0.0.1:26379;sentinel://10.0.0.2/3"


def options(url: str, *, is_elected: bool = True) -> dict[str, object]:
    return broker.celery_options(url, "yiwu", is_elected=is_elected)


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:6379/0",
        "rediss://127.0.0.1:6379/0",
        SENTINELS,
        "amqp://yiwu:geheim@10.0.0.1:5672//",
        "amqps://10.0.0.1//",
        "memory://",
    ],
)
def test_every_broker_we_know_is_accepted(url: str) -> None:
    assert broker.checked(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "kafka://:geheim@10.0.0.1",
        "10.0.0.1:6379",
        "sentinel://:geheim@10.0.0.1;10.0.0.2",
        "sentinel://",
    ],
)
def test_other_broker_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadSetting) as refused:
        broker.checked(url)
    assert refused.value.name == "BROKER_URL"
    assert "geheim" not in str(refused.value)


def test_redis_elects_a_beat() -> None:
    found = options("redis://10.0.0.1/0")
    assert found["beat_scheduler"] == "portal.beat:ElectedScheduler"
    assert found["redbeat_redis_url"] == "redis://10.0.0.1/0"
    # The default would be 25 minutes.
    assert found["redbeat_lock_timeout"] == 10
    assert found["beat_max_loop_interval"] == 2


def test_one_beat_needs_no_election() -> None:
    assert "beat_scheduler" not in options("redis://10.0.0.1/0", is_elected=False)


def test_sentinels_are_asked_for_the_master_by_celery_and_by_the_beat() -> None:
    found = options(SENTINELS)
    limits = {"socket_timeout": 2, "socket_connect_timeout": 2}
    transport = found["broker_transport_options"]
    assert isinstance(transport, dict)
    assert transport["master_name"] == "yiwu"
    assert transport["sentinel_kwargs"] == {"password": "geheim", **limits}
    assert found["redbeat_redis_url"] == "redis-sentinel://"
    assert found["redbeat_redis_options"] == {
        "socket_timeout": 10,
        "socket_connect_timeout": 2,
        "sentinels": [("10.0.0.1", 26379), ("10.0.0.2", 26379)],
        "service_name": "yiwu",
        "password": "geheim",
        "db": 3,
        "sentinel_kwargs": {"password": "geheim", **limits},
    }


def test_rabbitmq_keeps_tasks_in_quorum_queues_and_confirms_them() -> None:
    found = options("amqp://10.0.0.1//")
    assert found["task_default_queue_type"] == "quorum"
    assert found["task_create_missing_queue_type"] == "quorum"
    assert found["broker_transport_options"] == {"confirm_publish": True}
    # No lock there: one beat, kept by its supervisor.
    assert "beat_scheduler" not in found


def test_rabbitmq_itself_keeps_deliveries_for_the_next_second() -> None:
    """Celery's delayed delivery knows no direct exchange."""
    app = Celery("rabbit", set_as_current=False)
    app.conf.update(options("amqp://10.0.0.1//"))

    found = app.amqp.queues["push"]

    assert found.exchange.type == "topic"
    assert found.queue_arguments == {"x-queue-type": "quorum"}


def test_broker_in_memory_is_always_there() -> None:
    assert broker.answers("memory://", "yiwu", 1)
