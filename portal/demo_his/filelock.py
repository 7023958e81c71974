"""Holds the SQLite file of the demo HIS locked, as a long report of old HISs does."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path
from urllib.parse import quote


class CannotLock(Exception):
    """The file is away, or somebody else writes for too long."""


class FileLock:
    """One connection in the background that writes and does not end.

    The file is in WAL mode: writing waits, reading goes on.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.RLock()
        self._link: sqlite3.Connection | None = None
        self._timer: threading.Timer | None = None
        self._ends_at: float | None = None

    @property
    def is_held(self) -> bool:
        return self._link is not None

    @property
    def seconds_left(self) -> int | None:
        """None when it is held until released."""
        ends_at = self._ends_at
        return None if ends_at is None else max(int(ends_at - time.monotonic()), 0)

    def hold(self, seconds: float | None) -> None:
        """Lock it for so long, or until released; raises CannotLock."""
        with self._guard:
            self.release()
            self._link = self._locked()
            if seconds is not None:
                self._ends_at = time.monotonic() + seconds
                self._timer = threading.Timer(seconds, self.release)
                self._timer.daemon = True
                self._timer.start()

    def release(self) -> None:
        with self._guard:
            if self._timer is not None:
                self._timer.cancel()
            if self._link is not None:
                self._link.rollback()
                self._link.close()
            self._link = self._timer = self._ends_at = None

    def _locked(self) -> sqlite3.Connection:
        address = f"file:{quote(str(self._path))}?mode=rw"
        try:
            link = sqlite3.connect(
                address,
                uri=True,
                timeout=3,
                isolation_level=None,
                check_same_thread=False,
            )
        except sqlite3.OperationalError:
            raise CannotLock from None
        try:
            link.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            link.close()
            raise CannotLock from None
        return link
