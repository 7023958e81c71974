"""What goes wrong in a chaos run, and when: at random, the same way for the same seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

# Nothing moves any more: the next fault need not wait for it.
PATIENCE_SECONDS = 30.0


def nothing() -> None:
    return None


@dataclass(frozen=True)
class Fault:
    """``begin`` brings it about, ``end`` after so many seconds lifts it.

    Two of one ``part`` never stand at once; ``longest`` 0 is over at once.
    """

    name: str
    part: str
    begin: Callable[[random.Random], None]
    end: Callable[[], None] = nothing
    longest: float = 0.0


@dataclass
class Injector:
    """Every fault once, in a random order, then any of them again and again.

    The next one comes when so many changes more have been delivered, or has to be
    waited for when nothing can be: a slow machine has as many faults as a fast one.
    """

    faults: Sequence[Fault]
    luck: random.Random
    every: int  # changes from one to the next, on average
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._first = self.luck.sample(self.faults, len(self.faults))
        self._standing: dict[str, tuple[float, Fault]] = {}
        self._next_at, self._next_place = 0.0, 0.0

    @property
    def has_done_all(self) -> bool:
        return not self._first

    def tick(self, now: float, delivered: int) -> None:
        self._lift([one for one in self._standing.values() if one[0] <= now])
        if delivered < self._next_place and now < self._next_at:
            return
        self._next_place = delivered + self.luck.uniform(0.3, 1.7) * self.every
        self._next_at = now + PATIENCE_SECONDS
        fault = self._chosen()
        if fault is not None:
            self._begin(fault, now)

    def calm(self) -> None:
        """Nothing is wrong any more."""
        self._lift(list(self._standing.values()))

    def _chosen(self) -> Fault | None:
        free = [one for one in self._first if one.part not in self._standing]
        if free:
            self._first.remove(free[0])
            return free[0]
        fault = self.luck.choice(self.faults)
        return None if fault.part in self._standing else fault

    def _begin(self, fault: Fault, now: float) -> None:
        fault.begin(self.luck)
        self.counts[fault.name] += 1
        if fault.longest:
            until = now + self.luck.uniform(0.2, 1.0) * fault.longest
            self._standing[fault.part] = until, fault

    def _lift(self, over: Sequence[tuple[float, Fault]]) -> None:
        for _until, fault in over:
            fault.end()
            del self._standing[fault.part]
