"""How long a newcomer waits: ``make demo`` in a fresh clone with an empty HOME.

What is committed is cloned, so a file that was forgotten shows here. Downloads go over
the network of this machine; the later runs need none.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from urllib.request import urlopen

from tests.benchmarks.result import Result
from tests.demo_stack import READY, ROOT
from tests.services import free_port, wait_until

FIRST_GOAL = 30.0
LATER_GOAL = 5.0
LATER_RUNS = 5


def newcomer(home: Path) -> dict[str, str]:
    """Debian's own programs, an empty HOME, and nothing else."""
    return {"HOME": str(home), "PATH": "/usr/bin:/bin"}


def seconds_to_first_page(clone: Path, home: Path) -> float:
    """Run ``make demo`` until its first page came; then stop it."""
    port = free_port()
    environment = newcomer(home) | {"PORT": str(port), "HIS_PORT": str(free_port())}
    output = clone.with_suffix(".out")
    begin = time.perf_counter()
    with output.open("wb") as out:
        demo = subprocess.Popen(
            ["make", "demo"],
            cwd=clone,
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )

    def is_ready() -> bool:
        printed = output.read_text(encoding="utf-8")
        if demo.poll() is not None:
            raise RuntimeError(f"make demo ended:\n{printed}")
        return READY in printed

    try:
        wait_until(is_ready, seconds=300, what="make demo is ready")
        with urlopen(f"http://127.0.0.1:{port}/", timeout=10) as page:
            page.read()
        return time.perf_counter() - begin
    finally:
        os.killpg(demo.pid, signal.SIGINT)
        demo.wait(timeout=60)


def main(size: str) -> Result:
    """One first run (``full``: three), then later runs in the same clone."""
    first: list[float] = []
    later: list[float] = []
    for _ in range(3 if size == "full" else 1):
        home = Path(tempfile.mkdtemp(prefix="yw-home-"))
        clone = home / "yiwu"
        home_of_newcomer = home / "home"
        home_of_newcomer.mkdir()
        try:
            subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
            first.append(seconds_to_first_page(clone, home_of_newcomer))
            later += [
                seconds_to_first_page(clone, home_of_newcomer)
                for _ in range(LATER_RUNS)
            ]
        finally:
            shutil.rmtree(home)
    return Result(
        name="start",
        columns=("make demo, fresh clone, empty HOME", "seconds", "goal", "runs"),
        rows=(
            (
                "first run",
                f"{median(first):.1f}",
                f"<= {FIRST_GOAL:g}",
                f"{len(first)}",
            ),
            (
                "later run",
                f"{median(later):.1f}",
                f"<= {LATER_GOAL:g}",
                f"{len(later)}",
            ),
        ),
        figure=max(median(first) / FIRST_GOAL, median(later) / LATER_GOAL),
        goal=1.0,
        less_is_better=True,
        unit=" of the allowed time",
        notes=(
            "from the command to the whole first page; the first run downloads all packages",
        ),
    )
