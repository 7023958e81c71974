"""What the recorded changes of a grade add up to: grade = fold(changes, day, known).

Two times: a change counts from the day ``effective_from`` on and is known from
``recorded_at`` on. A change recorded late takes its place among the days; of two for
the same day the later recorded counts. A change that was taken back never was, once
that is known. Facts in, answer out; nothing is read here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar


class Recorded(Protocol):
    """The part of a change that counts; ``pk`` rises as changes are recorded.

    ``undoes_id`` is the change this one takes back: it says no grade of its own.
    ``transition_until`` is the last day on which rights given under the grade before
    still count.
    """

    @property
    def pk(self) -> int: ...

    @property
    def grade(self) -> int: ...

    @property
    def grade_before(self) -> int: ...

    @property
    def effective_from(self) -> date: ...

    @property
    def recorded_at(self) -> datetime: ...

    @property
    def undoes_id(self) -> int | None: ...

    @property
    def transition_until(self) -> date | None: ...


C = TypeVar("C", bound=Recorded)


@dataclass(frozen=True)
class Stretch:
    """From ``starts`` on the grade is this one. Where there is a transition, ``eased``
    is the lower grade that rights may answer to through ``eased_until``, if they began
    before the day or before the change was ``recorded_at``."""

    starts: date
    grade: int
    eased: int | None = None
    eased_until: date | None = None
    recorded_at: datetime | None = None


def standing(changes: Iterable[C], *, known_at: datetime | None = None) -> list[C]:
    """The changes that count, by the days they take effect, as known then.

    ``changes`` come in the order they were recorded.
    """
    known = [one for one in changes if known_at is None or one.recorded_at <= known_at]
    undone = {one.undoes_id for one in known}
    counting = [one for one in known if one.undoes_id is None and one.pk not in undone]
    return sorted(counting, key=lambda one: (one.effective_from, one.pk))


def base_of(changes: Sequence[Recorded], present: int) -> int:
    """The grade before anything was recorded: what the first change replaced.

    ``present`` is the procedure's own where no change was ever recorded.
    """
    return changes[0].grade_before if changes else present


def grade_on(
    day: date,
    changes: Sequence[Recorded],
    *,
    present: int,
    known_at: datetime | None = None,
) -> int:
    """The grade on a day by what was recorded until ``known_at`` (None: ever)."""
    grade = base_of(changes, present)
    for one in standing(changes, known_at=known_at):
        if one.effective_from > day:
            break
        grade = one.grade
    return grade


def stretches(changes: Sequence[Recorded], *, present: int) -> list[Stretch]:
    """The grade through all time, as known now; the first has no beginning.

    The next change ends a transition that still runs.
    """
    found = [Stretch(date.min, base_of(changes, present))]
    for one in standing(changes):
        before = found[-1]
        if before.starts == one.effective_from:
            found.pop()
            before = found[-1]
        eased = before.grade if _is_eased(one, before.grade) else None
        until = one.transition_until if eased is not None else None
        found.append(
            Stretch(one.effective_from, one.grade, eased, until, one.recorded_at)
        )
    return found


def _is_eased(change: Recorded, before: int) -> bool:
    until = change.transition_until
    is_ahead = until is not None and until >= change.effective_from
    return is_ahead and 0 < before < change.grade
