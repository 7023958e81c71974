"""The programs of a chaos run, started and, like a service, started again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen

import redis

from tests.services import kill_group, program, redis_process


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
    """The clock of one program, to be set while it runs; see ``stepped``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.set(0)

    def set(self, seconds: int) -> None:
        """So far ahead of the machine's, or behind it."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(str(seconds))
        os.replace(fresh, self.path)


def worker(env: dict[str, str], log: Path, clock: Clock | None = None) -> Service:
    program = ("tests.chaos.stepped", str(clock.path)) if clock else ("celery",)
    how = ("--queues", "push,default", "--concurrency", "2", "--loglevel", "WARNING")
    quiet = ("--without-gossip", "--without-mingle")
    return Service(
        ("-m", *program, "-A", "portal.celery", "worker", *how, *quiet), env, log
    )


def beat(env: dict[str, str], log: Path) -> Service:
    where = ("--pidfile=", "--schedule", str(log.with_suffix(".schedule")))
    how = ("-A", "portal.celery", "beat", "--loglevel", "WARNING", *where)
    return Service(("-m", "celery", *how), env, log)


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
