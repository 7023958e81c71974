"""A real Redis Sentinel for the tests: two Redis, and one who names the master."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.exceptions import RedisError

from tests.services import free_port, redis_binary, redis_process, wait_until

MASTER = "yiwu"
# So short that a test need not wait long for the fail-over.
SILENT_MS = 1000


@dataclass
class Sentinel:
    port: int
    ports: tuple[int, int]  # the first master, its replica
    stacks: dict[int, ExitStack]

    @property
    def url(self) -> str:
        return f"sentinel://127.0.0.1:{self.port}/0"

    def master_port(self) -> int:
        with redis.Redis(port=self.port, decode_responses=True) as client:
            found = client.sentinel_get_master_addr_by_name(MASTER)
        return int(found[1]) if found else 0

    def kill_master(self) -> int:
        """End it; the port of the one that is master then."""
        before = self.master_port()
        self.stacks[before].close()
        wait_until(
            lambda: self.master_port() not in {0, before},
            seconds=60,
            what="another Redis is the master",
        )
        return self.master_port()


@contextmanager
def sentinel() -> Iterator[Sentinel]:
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="yw-sentinel-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        first, second, port = free_port(), free_port(), free_port()
        stacks = {}
        for own, options in (
            (first, ()),
            (second, ("--replicaof", "127.0.0.1", str(first))),
        ):
            stacks[own] = stack.enter_context(ExitStack())
            stacks[own].enter_context(redis_process(own, *options))
        conf = home / "sentinel.conf"
        conf.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {home}\n"
            f"sentinel monitor {MASTER} 127.0.0.1 {first} 1\n"
            f"sentinel down-after-milliseconds {MASTER} {SILENT_MS}\n"
            f"sentinel failover-timeout {MASTER} 3000\n"
        )
        server = subprocess.Popen(
            [str(redis_binary()), str(conf), "--sentinel"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(server.wait, timeout=20)
        stack.callback(server.terminate)
        made = Sentinel(port, (first, second), stacks)
        wait_until(lambda: knows_both(made), seconds=60, what="Sentinel knows both")
        yield made


def knows_both(made: Sentinel) -> bool:
    """It can only name another master once it has heard of one."""
    with suppress(RedisError), redis.Redis(port=made.port) as client:
        return len(client.sentinel_slaves(MASTER)) == 1
    return False
