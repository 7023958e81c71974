"""The demo's processes: started together, stopped together, never left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

LOG_LINES = 12
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with(parent: int) -> Callable[[], None]:
    """Runs in the child before its program: its end follows the parent's.

    Even a parent killed by SIGKILL leaves no child: Linux sends the signal.
    """

    def ask_kernel() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel


@dataclass
class Child:
    """One program of the demo, with a log of its own."""

    name: str
    label: str
    command: list[str]
    log: Path
    env: dict[str, str] = field(repr=False)
    restarts: bool = False
    runs_once: bool = False
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    started_at: float = 0.0

    def start(self) -> None:
        # A session of its own: Ctrl-C reaches only the demo, which stops in order.
        # The log begins anew with the demo, and goes on when the program is restarted.
        with self.log.open("wb" if self.process is None else "ab") as log:
            self.process = subprocess.Popen(  # noqa: S603  # our own command line
                self.command,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with(os.getpid()),  # noqa: PLW1509  # no threads here
            )
        self._write_pid(self.process.pid)
        self.started_at = time.monotonic()

    def _write_pid(self, pid: int) -> None:
        """For whoever wants to kill it; never to be seen half written."""
        path = self.log.with_suffix(".pid")
        fresh = path.with_suffix(".new")
        fresh.write_text(str(pid), encoding="ascii")
        fresh.replace(path)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def ended(self) -> bool:
        """Started once, and no longer running."""
        return self.process is not None and self.process.poll() is not None

    @property
    def was_killed(self) -> bool:
        """By SIGKILL, which no program ends itself with."""
        return self.process is not None and self.process.poll() == -signal.SIGKILL

    def ran_for(self) -> float:
        return time.monotonic() - self.started_at

    def ask_to_stop(self) -> None:
        if self.is_running and self.process is not None:
            self.process.terminate()

    def sweep(self) -> None:
        """SIGKILL what is left of the child and of everything it started."""
        if self.process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def last_lines(self) -> list[str]:
        if not self.log.exists():
            return []
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return text.splitlines()[-LOG_LINES:]


def stop(children: list[Child], *, seconds: float = 6.0) -> None:
    """Ask all of them, wait, then end what did not follow."""
    for child in children:
        child.ask_to_stop()
    end = time.monotonic() + seconds
    while any(child.is_running for child in children) and time.monotonic() < end:
        time.sleep(0.05)
    for child in children:
        child.sweep()
