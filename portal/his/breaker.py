"""A HIS that is away is left in peace: its calls fail at once, but for one trial.

Pure: the time is passed in. Shared by the threads of a process. While nothing is wrong
it costs a look at one number.
"""

from __future__ import annotations

import threading

FAILURES = 3  # in a row; one lost link is no sign of a HIS that is away
REST_SECONDS = 2.0  # no longer than the outbox waits after a first failure


class Breaker:
    """Closed until ``failures`` calls in a row got no answer, then open.

    An open breaker admits one call at a time, ``rest`` seconds after the last failure:
    the trial. Who asks in order to know is admitted always, and tries for all.
    """

    def __init__(self, failures: int = FAILURES, rest: float = REST_SECONDS) -> None:
        self._limit = failures
        self._rest = rest
        self._lock = threading.Lock()
        self._failed = 0
        self._failed_at = 0.0
        self._is_tried = False

    @property
    def is_open(self) -> bool:
        return self._failed >= self._limit

    def admits(self, now: float, *, asks: bool = False) -> bool:
        """Whether a call may be made at ``now``; every admitted call is then told of.

        ``asks`` is set by a call that is made only to see whether the HIS is back.
        """
        if not self.is_open:
            return True
        with self._lock:
            is_rested = now >= self._failed_at + self._rest and not self._is_tried
            if not (asks or is_rested):
                return False
            self._is_tried = True
            return True

    def answered(self) -> None:
        """The HIS spoke, whatever it said."""
        if self._failed or self._is_tried:
            with self._lock:
                self._failed = 0
                self._is_tried = False

    def failed(self, now: float) -> None:
        """Nobody was there, or nothing was heard."""
        with self._lock:
            self._failed += 1
            self._failed_at = now
            self._is_tried = False

    def told_nothing(self) -> None:
        """The call ended for a reason of our own."""
        if self._is_tried:
            with self._lock:
                self._is_tried = False
