"""The one deadline of the call a thread is making, whatever the driver can do.

A driver that can be interrupted asks ``left``. One that cannot does its work in a thread
of its own, which is left behind when time is up: nothing else ends the wait of a C
library for a silent socket, or for a name server that is gone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, wait
from functools import partial
from typing import TypeVar

Result = TypeVar("Result")

LEAST_SECONDS = 0.001


class Late(Exception):
    """Time was up; what was begun may still happen."""


class _Call(threading.local):
    until = 0.0


_call = _Call()


def begin(seconds: float) -> None:
    """The call this thread makes from now on is to end in so many seconds."""
    _call.until = time.monotonic() + seconds


def left() -> float:
    """Seconds left of this thread's call, never quite none."""
    return max(_call.until - time.monotonic(), LEAST_SECONDS)


def is_over() -> bool:
    return time.monotonic() > _call.until


def in_time(
    work: Callable[[], Result],
    seconds: float,
    discard: Callable[[Result | None], object],
) -> Result:
    """The result of ``work``, a call of its own; Late when it is not there in time.

    What nobody waits for any more is given to ``discard``, None if it ended in an error.
    """
    box: Future[Result] = Future()
    task = partial(_run, work, seconds, box, discard)
    threading.Thread(target=task, name="his-driver", daemon=True).start()
    wait([box], seconds)
    if box.cancel():
        raise Late
    return box.result()


def _run(
    work: Callable[[], Result],
    seconds: float,
    box: Future[Result],
    discard: Callable[[Result | None], object],
) -> None:
    begin(seconds)
    result = None
    try:
        result = work()
        give = partial(box.set_result, result)
    except BaseException as error:  # noqa: BLE001 (raised where it is waited for)
        give = partial(box.set_exception, error)
    try:
        give()
    except InvalidStateError:  # given up on
        discard(result)
