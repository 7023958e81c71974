"""Sending side by side: messages of different streams do not wait for each other.

A lane is a thread that only talks to the HIS; everything of our own database is done
by the caller meanwhile. A claim holds at most one message of a stream, so no two of a
stream are ever under way.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager

from portal.outbox.models import Message
from portal.outbox.outcomes import Outcome, Tried
from portal.outbox.trying import is_brief

# A lane hands over what it has done after so many tries or so long; it is then written
# down in one transaction.
CHUNK = 50
CHUNK_SECONDS = 0.05
# A lane that is waited for longer is in many calls, or in one slow one.
PATIENCE_SECONDS = 1.0
IS_AWAY = frozenset({Outcome.UNAVAILABLE, Outcome.DELIVERED, Outcome.MISCONFIGURED})

Pair = tuple[Message, Tried]
Try = Callable[[Sequence[Message]], list[Pair]]
Feed = Callable[[], Sequence[Message]]
KeptOpen = Callable[[], AbstractContextManager[None]]


class Lanes:
    """Tries messages in ``count`` lanes until the HIS is away or ``stop`` is called.

    ``try_some`` tries the first of what it gets, or some from there on.
    """

    def __init__(
        self, count: int, try_some: Try, kept_open: KeptOpen, chunk: int = CHUNK
    ) -> None:
        self._count = count
        self._chunk = chunk
        self._kept_open = kept_open
        self._try_some = try_some
        self._pool: ThreadPoolExecutor | None = None
        self.is_stopped = False

    def run(
        self, feed: Feed, meanwhile: Callable[[], object] = bool
    ) -> Iterator[list[Pair]]:
        """What was done, in small groups; what never comes was not tried.

        ``feed`` gives what may go next. It is asked before the lanes run dry, so that
        they work while the caller claims; when it had nothing, once more when all is
        written. ``meanwhile`` is called now and then while a lane is waited for.
        """
        may_have_more = True
        waiting: deque[Message] = deque()
        running: deque[tuple[list[Message], Future[list[Pair]]]] = deque()
        while True:
            is_low = len(waiting) < self._chunk and (may_have_more or not running)
            fed: Sequence[Message] = ()
            if is_low and not self.is_stopped:
                fed = feed()
                waiting.extend(fed)
                may_have_more = bool(fed)
            # Nothing to do side by side, and done before its new lease is over.
            is_alone = len(waiting) == len(fed) == 1 and not running
            if is_alone and is_brief(waiting[0]):
                yield self._lane([waiting.popleft()])
                continue
            # One chunk more than lanes: no lane waits while the caller writes.
            while waiting and not self.is_stopped and len(running) <= self._count:
                chunk = [
                    waiting.popleft() for _ in range(min(self._chunk, len(waiting)))
                ]
                running.append((chunk, self._lane_of(chunk)))
            if not running:
                return
            has_room = len(running) <= self._count and not self.is_stopped
            if may_have_more and has_room:  # claim for it, while the others work
                continue
            chunk, future = running.popleft()
            while wait((future,), PATIENCE_SECONDS).not_done:
                meanwhile()
            done = future.result()
            waiting.extendleft(reversed(chunk[len(done) :]))
            yield done

    def stop(self) -> None:
        """Nothing more is begun."""
        self.is_stopped = True

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def _lane_of(self, chunk: list[Message]) -> Future[list[Pair]]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._count, "outbox-lane")
        return self._pool.submit(self._lane, chunk)

    def _lane(self, chunk: list[Message]) -> list[Pair]:
        with self._kept_open():
            return self._try_all(chunk)

    def _try_all(self, chunk: list[Message]) -> list[Pair]:
        done: list[Pair] = []
        end = time.perf_counter() + CHUNK_SECONDS
        while len(done) < len(chunk):
            if self.is_stopped or (done and time.perf_counter() > end):
                break
            tried = self._try_some(chunk[len(done) :])
            done += tried
            if any(one.outcome in IS_AWAY for _message, one in tried):
                self.is_stopped = True
        return done
