"""The whole demo as its own processes, as ``make demo`` runs it, on ports of its own.

For tests that walk through everything: ``demo_stack.portal_url``, ``.his_url``,
``.pid("worker")``. Its database files lie in a directory of the test run.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.services import free_port, kill_group, wait_until

ROOT = Path(__file__).resolve().parent.parent
READY = "Ctrl-C"  # the last words of the banner


@dataclass
class DemoStack:
    """A running demo."""

    process: subprocess.Popen[bytes]
    port: int
    his_port: int
    var: Path
    output: Path

    @property
    def portal_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def his_url(self) -> str:
        return f"http://127.0.0.1:{self.his_port}"

    def printed(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def pid(self, name: str) -> int:
        """Of ``portal``, ``his``, ``worker``, ``beat`` or ``redis``."""
        return int((self.var / "log" / f"{name}.pid").read_text(encoding="utf-8"))

    def is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the demo ended:\n{self.printed()}")
        return READY in self.printed()

    def is_settled(self) -> bool:
        """No change is on its way to the HIS, as the table of the portal has it."""
        path = f"file:{self.var / 'portal.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(path, uri=True)) as link:
            query = (
                "SELECT count(*) FROM outbox_message"
                " WHERE state IN ('WAITING', 'SENDING') AND not_before <= enqueued_at"
            )
            return bool(link.execute(query).fetchone() == (0,))

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)


def demo_environment(var: Path, port: int, his_port: int) -> dict[str, str]:
    """The caller's environment without what would change the demo."""
    kept = ("PATH", "HOME", "LANG", "SSL_CERT_FILE")
    own = {"PORT": str(port), "HIS_PORT": str(his_port), "VAR_DIR": str(var)}
    return {name: os.environ[name] for name in kept if name in os.environ} | own


@contextmanager
def running_demo(var: Path, **more: str) -> Iterator[DemoStack]:
    """Start it, wait for its banner, stop it and all it started."""
    port, his_port = free_port(), free_port()
    output = var.with_suffix(".out")
    with output.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT,
            env=demo_environment(var, port, his_port) | more,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    demo = DemoStack(process, port, his_port, var, output)
    try:
        wait_until(demo.is_ready, seconds=120, what="the demo is ready")
        yield demo
    finally:
        if process.poll() is None:
            demo.stop()
        kill_group(process)


@pytest.fixture(scope="module")
def demo_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoStack]:
    """One demo for all tests of a module."""
    with running_demo(tmp_path_factory.mktemp("demo") / "var") as demo:
        yield demo
