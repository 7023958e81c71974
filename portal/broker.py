"""The broker, chosen by its URL: Redis, Redis behind Sentinel, or RabbitMQ.

It wakes workers and holds no truth: one that is wiped, restarted or away costs time
only. Nothing here waits long for it.

- ``redis://``, ``rediss://``: one server, database by the path.
- ``sentinel://:password@host:26379;sentinel://host2:26379/0``: the master that the
  Sentinels name ``master``.
- ``amqp://``, ``amqps://``: RabbitMQ, with quorum queues and confirmed messages.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from kombu.connection import Connection
from kombu.exceptions import OperationalError

from portal.env import BadSetting

VARIABLE = "BROKER_URL"
# Longer than the longest task: what is not acknowledged by then is run again.
VISIBILITY_TIMEOUT_SECONDS = 1800
# A page that rings while the broker is away goes on at once.
CONNECT_SECONDS = 2
SENTINEL_PORT = 26379
REDIS = frozenset({"redis", "rediss", "sentinel"})
RABBITMQ = frozenset({"amqp", "amqps"})
# Wakes this process only.
MEMORY = "memory"
REDIS_OPTIONS = {
    "visibility_timeout": VISIBILITY_TIMEOUT_SECONDS,
    # Without these two a killed worker's task comes back after 100 s at best.
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "max_retries": 0,
    "socket_connect_timeout": CONNECT_SECONDS,
    "socket_timeout": 30,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
# One beat is elected by a lock in Redis: it is lost after so long without a sign, and
# looked for in each pause.
ELECTION_SECONDS = 10
PAUSE_SECONDS = 2


def checked(url: str) -> str:
    """The URL; raises BadSetting, without the password that may stand in it."""
    scheme = kind_of(url)
    if scheme not in {*REDIS, *RABBITMQ, MEMORY}:
        raise BadSetting(VARIABLE, "must be redis://…, sentinel://… or amqp://…")
    if scheme == "sentinel" and not all(
        one.scheme == scheme and one.hostname for one in sentinels(url)
    ):
        raise BadSetting(VARIABLE, "must be sentinel://host:port;sentinel://host:port")
    return url


def kind_of(url: str) -> str:
    return url.partition("://")[0]


def celery_options(url: str, master: str, *, is_elected: bool) -> dict[str, Any]:
    """What Celery must know of this broker.

    ``is_elected``: several beats may run, one of which sends. That needs a Redis.
    """
    scheme = kind_of(url)
    if scheme in RABBITMQ:
        return {
            "broker_url": url,
            "broker_transport_options": {"confirm_publish": True},
            "broker_connection_timeout": CONNECT_SECONDS,
            "task_default_queue_type": "quorum",
            "task_create_missing_queue_type": "quorum",
            # What is to be done in a second waits in the broker. Behind a direct
            # exchange it would wait in a worker, as one of the few it may hold. Not
            # the default queue: nothing there is for later, and a worker that takes
            # from others alone would miss its exchange on a new broker.
            "task_create_missing_queue_exchange_type": "topic",
        }
    if scheme not in REDIS:
        return {"broker_url": url}
    more = sentinel_options(url, master) if scheme == "sentinel" else {}
    options = {"broker_url": url, "broker_transport_options": REDIS_OPTIONS | more}
    return options | (election(url, master) if is_elected else {})


def sentinels(url: str) -> list[SplitResult]:
    return [urlsplit(one) for one in url.split(";")]


def sentinel_options(url: str, master: str) -> dict[str, Any]:
    """The Sentinels are asked with the password of the first, if there is one."""
    return {
        "master_name": master,
        "sentinel_kwargs": {
            "password": password_in(url),
            "socket_timeout": CONNECT_SECONDS,
            "socket_connect_timeout": CONNECT_SECONDS,
        },
    }


def password_in(url: str) -> str | None:
    found = next((one.password for one in sentinels(url) if one.password), None)
    return unquote(found) if found else None


def election(url: str, master: str) -> dict[str, Any]:
    """A beat that sends only while it holds the lock; see ``portal.beat``."""
    limits = {"socket_timeout": ELECTION_SECONDS, "socket_connect_timeout": 2}
    options: dict[str, Any] = limits
    where = url
    if kind_of(url) == "sentinel":
        where = "redis-sentinel://"
        options = limits | {
            "sentinels": [
                (one.hostname, one.port or SENTINEL_PORT) for one in sentinels(url)
            ],
            "service_name": master,
            "password": password_in(url),
            "db": int(sentinels(url)[-1].path.strip("/") or 0),
            "sentinel_kwargs": sentinel_options(url, master)["sentinel_kwargs"],
        }
    return {
        "beat_scheduler": "portal.beat:ElectedScheduler",
        "beat_max_loop_interval": PAUSE_SECONDS,
        "redbeat_redis_url": where,
        "redbeat_redis_options": options,
        "redbeat_key_prefix": "yiwu:beat:",
        "redbeat_lock_timeout": ELECTION_SECONDS,
    }


def answers(url: str, master: str, seconds: float) -> bool:
    """A sign of life, waited for no longer than about so many seconds."""
    if kind_of(url) == MEMORY:
        return True  # there is nothing to reach
    options = celery_options(url, master, is_elected=False)
    limits = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    transport = options["broker_transport_options"]
    if kind_of(url) in REDIS:
        transport = transport | limits
    link = Connection(  # type: ignore[no-untyped-call]
        url, transport_options=transport, connect_timeout=seconds
    )
    with link:
        try:
            link.connect()  # type: ignore[no-untyped-call]
        except (OperationalError, *link.connection_errors, *link.channel_errors):
            return False
    return True
