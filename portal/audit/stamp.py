"""A stamp in shared memory that says: something was changed, or is about to be.

For processes of one machine that keep facts in memory. A writer makes its slot odd
before its COMMIT and even after it; slots only grow. A reader compares all slots with
those of its last look at the database: the same and all even means that nothing was
committed since, so no query is needed. Whatever else it sees, it asks the database.
A writer that dies or rolls back leaves its slot odd: readers ask the database until
the slot is used again, slower and still right.

Without ``RIGHTS_STAMP`` there is no stamp and readers always ask; so it must be unless
every process that writes runs on this machine with the same file. See
``docs/decisions/0013-freshness-by-stamp-and-unseen-rows.md``.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from struct import Struct

from django.conf import settings
from django.db import transaction

SLOTS = 256
COUNTER = Struct("<Q")


class StampFull(Exception):
    """More transactions write at the same time than there are slots."""


class Stamp:
    """The slots of one file, mapped by every process of the machine."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o660)
        os.ftruncate(self._file, SLOTS * COUNTER.size)
        self._map = mmap.mmap(self._file, SLOTS * COUNTER.size)
        self._guard = threading.Lock()
        self._local = threading.local()
        # POSIX locks are a process's, not a thread's: what we hold, we know ourselves.
        self._ours: set[int] = set()
        self._pid = os.getpid()

    def read(self) -> bytes:
        return self._map[:]

    def open(self) -> None:
        """Something of this thread is about to be committed."""
        slot = self._slot()
        if slot is None:
            slot = self._claimed()
            self._local.slot = (os.getpid(), slot)
        self._write(slot, is_open=True)

    def settle(self) -> None:
        """It was committed, or will never be."""
        slot = self._slot()
        if slot is not None:
            self._write(slot, is_open=False)
            self._local.slot = None
            self._release(slot)

    def _slot(self) -> int | None:
        pid, slot = getattr(self._local, "slot", None) or (0, None)
        return slot if pid == os.getpid() else None

    def _write(self, slot: int, *, is_open: bool) -> None:
        at = slot * COUNTER.size
        (value,) = COUNTER.unpack_from(self._map, at)
        if value % 2 != is_open:
            COUNTER.pack_into(self._map, at, value + 1)

    def _claimed(self) -> int:
        with self._guard:
            if self._pid != os.getpid():  # a fork holds none of its parent's locks
                self._pid, self._ours = os.getpid(), set()
            for slot in range(SLOTS):
                if slot not in self._ours and self._lock(slot):
                    self._ours.add(slot)
                    return slot
        raise StampFull

    def _lock(self, slot: int) -> bool:
        how = fcntl.LOCK_EX | fcntl.LOCK_NB
        with suppress(BlockingIOError, PermissionError):
            fcntl.lockf(self._file, how, COUNTER.size, slot * COUNTER.size)
            return True
        return False

    def _release(self, slot: int) -> None:
        with self._guard:
            at = slot * COUNTER.size
            fcntl.lockf(self._file, fcntl.LOCK_UN, COUNTER.size, at)
            self._ours.discard(slot)


@cache
def stamp() -> Stamp | None:
    """The stamp of this process; None where readers ask the database each time."""
    return Stamp(settings.RIGHTS_STAMP) if settings.RIGHTS_STAMP else None


def is_settled(slots: bytes) -> bool:
    """Was nothing under way when these slots were read?"""
    return not any(low & 1 for low in slots[:: COUNTER.size])


@contextmanager
def changing() -> Iterator[None]:
    """What is written inside, readers shall not miss once it is committed."""
    ours = stamp()
    if ours is None:
        yield
        return
    ours.open()
    try:
        yield
    finally:
        if transaction.get_connection().in_atomic_block:
            transaction.on_commit(ours.settle)
        else:
            ours.settle()


def settle_own() -> None:
    """A transaction of this thread that was rolled back left its slot open."""
    ours = stamp()
    if ours is not None and not transaction.get_connection().in_atomic_block:
        ours.settle()
