"""Celery on a machine whose clock is set while it runs.

``python -m tests.chaos.stepped <file> worker …`` takes the seconds in the file as the
error of the wall clock, in every process of the worker. Time that only passes
(``time.monotonic``) goes on as it does on a machine whose clock is set.
"""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from celery.bin.celery import main as celery_main
from celery.signals import worker_process_init
from time_machine import Traveller, escape_hatch, travel

LOOK_SECONDS = 0.2


def wrong_by(path: Path) -> float:
    with suppress(OSError, ValueError):
        return float(path.read_text())
    return 0.0


def follow(path: Path, traveller: Traveller) -> None:
    """Set the clock whenever the file says something else than before."""
    error = 0.0
    while True:
        now = wrong_by(path)
        if now != error:
            traveller.move_to(escape_hatch.time.time() + now)
            error = now
        time.sleep(LOOK_SECONDS)


def start(path: Path, traveller: Traveller) -> None:
    threading.Thread(target=follow, args=(path, traveller), daemon=True).start()


def main(path: Path, arguments: list[str]) -> None:
    traveller = travel(time.time(), tick=True).start()

    def follow_too(**_signal: Any) -> None:
        start(path, traveller)

    worker_process_init.connect(follow_too, weak=False)
    start(path, traveller)
    sys.argv = ["celery", *arguments]
    celery_main()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
