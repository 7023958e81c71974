"""Starts the demo, watches it, and stops all of it."""

from __future__ import annotations

import hashlib
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

from django.conf import settings

from portal.desk.demo import programs
from portal.desk.demo.banner import banner
from portal.desk.demo.children import Child, stop
from portal.desk.demo.plan import CannotStart, Plan, environment, make_plan, take_var

PATIENCE_SECONDS = 90
# A program that ends faster than this, so many times in a row, is not restarted.
TOO_SOON_SECONDS = 5
TRIES = 3
# What decides whether the databases must be prepared again.
PREPARED_BY = ("**/migrations/*.py", "portal/desk/**/*.py", "**/*.csv", "**/*.toml")
ROOMS = ("portal", "permissions", "surgery", "reports", "his_plugin")


class Stopped(Exception):
    """Ctrl-C or SIGTERM."""


class Ended(Exception):
    """A program of the demo ended that should not have."""

    def __init__(self, child: Child) -> None:
        super().__init__(child.label)
        self.child = child


@dataclass
class Demo:
    """The running demo; ``children`` in the order of their start."""

    plan: Plan
    began_at: float
    children: list[Child] = field(default_factory=list)
    _quick_ends: dict[str, int] = field(default_factory=dict)

    def start(self) -> None:
        """All of it; returns when the first page answers and the workers run."""
        plan = self.plan
        if plan.redis_port:
            self._launch(programs.redis(plan))
        his = self._launch(programs.demo_his(plan))
        stamp = plan.var / "prepared"
        wanted = fingerprint()
        is_prepared = stamp.exists() and stamp.read_text(encoding="utf-8") == wanted
        if not is_prepared:
            self._run(programs.prepare(plan))
            stamp.write_text(wanted, encoding="utf-8")
        portal = self._launch(programs.portal(plan))
        self._await_page(portal, plan.portal_url + "/")
        # After the page: on a small machine they would only make it wait.
        self._launch(programs.worker(plan))
        self._launch(programs.beat(plan))
        self._await_page(his, plan.his_url + "/")

    def watch(self) -> None:
        """Until a signal comes or a program ends that is not started again."""
        while True:
            self._mend()
            time.sleep(0.2)

    def stop(self) -> None:
        """Workers first, the portal and the HIS next, Redis last."""
        workers = [child for child in self.children if child.name in {"worker", "beat"}]
        brokers = [child for child in self.children if child.name == "redis"]
        servers = [c for c in self.children if c not in workers and c not in brokers]
        for group in (workers, servers, brokers):
            stop(group)

    def _launch(self, child: Child) -> Child:
        self.children.append(child)
        child.start()
        return child

    def _run(self, child: Child) -> None:
        """To its end, which must be a good one."""
        self._launch(child)
        while child.is_running:
            self._mend()
            time.sleep(0.02)
        if child.process is None or child.process.returncode != 0:
            raise Ended(child)
        self.children.remove(child)

    def _await_page(self, child: Child, url: str) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not answers(url):
            self._mend()
            if time.monotonic() > end:
                raise Ended(child)
            time.sleep(0.03)

    def _mend(self) -> None:
        for child in self.children:
            if child.runs_once or not child.ended:
                continue
            if not child.restarts or self._ends_too_often(child):
                raise Ended(child)
            child.sweep()
            say(f"{child.label} 已退出，重新启动。")
            child.start()

    def _ends_too_often(self, child: Child) -> bool:
        """Killed from outside is no failure: the banner invites to do so."""
        quick = child.ran_for() < TOO_SOON_SECONDS and not child.was_killed
        count = self._quick_ends.get(child.name, 0) + 1 if quick else 0
        self._quick_ends[child.name] = count
        return count >= TRIES


def run() -> int:
    """The whole demo; the exit code of the command."""
    began_at = time.monotonic()
    try:
        plan = make_plan()
        lock = take_var(plan)
    except CannotStart as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    with lock:
        return _supervise(Demo(replace(plan, env=environment(plan)), began_at))


def _supervise(demo: Demo) -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stopped)
    try:
        demo.start()
        say(banner(demo.plan, time.monotonic() - demo.began_at))
        demo.watch()
    except Stopped:
        say("\n正在停止…")
        return 0
    except CannotStart as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    except Ended as end:
        sys.stderr.write(
            "\n".join(
                [
                    f"{end.child.label} 已退出，演示停止。最后的日志（{end.child.log}）：",
                    *(f"  {line}" for line in end.child.last_lines()),
                    "",
                ]
            )
        )
        return 1
    finally:
        # A second Ctrl-C while stopping must not leave anything behind.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        demo.stop()
    return 0


def _raise_stopped(number: int, frame: FrameType | None) -> None:
    raise Stopped


def await_answer(url: str) -> None:
    """Until the page comes; the supervisor ends the process when it waits in vain."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not answers(url) and time.monotonic() < end:
        time.sleep(0.03)


def answers(url: str) -> bool:
    """The page comes, whatever it says but a failure of the server."""
    try:
        with urllib.request.urlopen(url, timeout=5) as page:  # noqa: S310  # our own
            return bool(page.status < 400)
    except (urllib.error.URLError, OSError):
        return False


def fingerprint() -> str:
    """A hash of everything the prepared databases depend on."""
    digest = hashlib.sha256()
    for path in sorted(_sources()):
        digest.update(path.as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for pattern in PREPARED_BY:
        for path in settings.BASE_DIR.glob(pattern):
            if path.relative_to(settings.BASE_DIR).parts[0] in ROOMS:
                yield path


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
