"""The programs of a chaos run, started and, like a service, started again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen

import redis

from tests.services import PartMissing, kill_group, program, redis_process

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


class Service:
    """A program of ours that is started again whenever it has ended."""

    def __init__(self, arguments: tuple[str, ...], env: dict[str, str], log: Path):
        self._arguments, self._env, self._log = arguments, env, log
        self._stack = ExitStack()
        self.process: Popen[bytes] | None = None
        self.starts = 0

    def tend(self) -> None:
        """As its supervisor does, now and then."""
        if not self.is_running:
            self._stack.close()
            part = program(*self._arguments, env=self._env, log=self._log)
            self.process = self._stack.enter_context(part)
            self.starts += 1

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self.process.poll() if self.process else None

    def kill(self) -> None:
        """SIGKILL, children included."""
        if self.process is not None:
            kill_group(self.process)

    def close(self) -> None:
        self._stack.close()


class Broker:
    """A Redis that can be wiped, and started again empty on its port."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.url = self._stack.enter_context(redis_process())
        self._port = int(self.url.rsplit(":", 1)[1].split("/")[0])

    def wipe(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def stop(self) -> None:
        self._stack.close()

    def start(self) -> None:
        self._stack.enter_context(redis_process(self._port))

    def numbered(self, number: int) -> str:
        """One of its databases."""
        return f"{self.url.rsplit('/', 1)[0]}/{number}"


class Clock:
    """The clock of one program, to be set while it runs."""

    def __init__(self, path: Path) -> None:
        if not FAKETIME.is_file():
            raise PartMissing("libfaketime: not found; install the package libfaketime")
        self._path = path
        self.set(0)

    def set(self, seconds: int) -> None:
        """So far ahead of the machine's, or behind it."""
        fresh = self._path.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}s\n")
        os.replace(fresh, self._path)

    @property
    def env(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


def celery(command: str, *arguments: str) -> tuple[str, ...]:
    how = ("--loglevel", "WARNING", *arguments)
    return ("-m", "celery", "-A", "portal.celery", command, *how)


def worker(env: dict[str, str], log: Path) -> Service:
    how = ("--queues", "push,default", "--concurrency", "1")
    return Service(
        celery("worker", *how, "--without-gossip", "--without-mingle"), env, log
    )


def beat(env: dict[str, str], log: Path) -> Service:
    schedule = str(log.with_suffix(".schedule"))
    return Service(celery("beat", "--pidfile=", "--schedule", schedule), env, log)


@contextmanager
def tended(*services: Service) -> Iterator[None]:
    """Started now, and gone afterwards."""
    try:
        for service in services:
            service.tend()
        yield
    finally:
        for service in services:
            service.close()
