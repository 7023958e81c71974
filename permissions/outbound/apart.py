"""Rows as they should be beside rows as the HIS shows them. Plain Python.

A row counts while it stands: in force or suspended, and not over. What has ended is
history on either side, and no HIS need keep it; but where it lies across a row of ours
that is missing, the HIS would refuse ours (2006) until it is taken away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from permissions.outbound.table import (
    IN_FORCE,
    NO_DAY,
    SUSPENDED,
    VOID,
    Row,
    RowKey,
    Step,
    meet,
    reaches,
)
from permissions.outbound.ways import PRIV
from portal.his.contract.shape import end_meant

STANDING = frozenset({IN_FORCE, SUSPENDED})


class Kind(StrEnum):
    """What the HIS is beside us: it lacks a row, has one more, or another."""

    MISSING = "MISSING"
    EXTRA = "EXTRA"
    DIFFERENT = "DIFFERENT"


@dataclass(frozen=True)
class Apart:
    """One row that is not as it should be; None: there is no such row at all."""

    key: RowKey
    kind: Kind
    ours: Row | None
    theirs: Row | None


def apart(
    ours: Mapping[RowKey, Row],
    theirs: Mapping[RowKey, Row],
    day: date,
    flags: Mapping[RowKey, str],
) -> Iterator[Apart]:
    """Every row in which the two differ; ``flags`` are the coarse fields and the value
    of each that is as good as none."""
    for key in ours.keys() | theirs.keys():
        mine, other = ours.get(key), theirs.get(key)
        if mine == other:
            continue
        if key in flags:
            kind = _of_a_flag(mine, other, flags[key])
        else:
            kind = _of_a_row(key, mine, other, day)
        if kind is not None:
            yield Apart(key, kind, mine, other)


def in_the_way(
    found: Iterable[Apart],
    ours: Mapping[RowKey, Row],
    theirs: Mapping[RowKey, Row],
    day: date,
) -> Iterator[Apart]:
    """Rows that are over, though no act ended them, across one that is to be added."""
    added = [one for one in found if one.kind is Kind.MISSING and _is_added(one)]
    for key, other in theirs.items() if added else ():
        mine = ours.get(key)
        if other.status not in STANDING or stands(other, day):
            continue
        if mine is not None and stands(mine, day):
            continue
        if any(_lies_across(one, key, other) for one in added):
            yield Apart(key, Kind.EXTRA, mine, other)


def _is_added(one: Apart) -> bool:
    mine = one.ours
    if mine is None or mine.status != IN_FORCE:
        return False
    return _giving(mine, one.theirs) == "ADD"


def _lies_across(one: Apart, key: RowKey, other: Row) -> bool:
    first, last = one.key.first_day, one.ours.last_day if one.ours else None
    is_same_right = one.key.right == key.right and first != key.first_day
    return is_same_right and meet(first, last, key.first_day, other.last_day)


def _of_a_flag(mine: Row | None, other: Row | None, none: str) -> Kind | None:
    values = [row.value if row else none for row in (mine, other)]
    return None if values[0] == values[1] else Kind.DIFFERENT


def _of_a_row(
    key: RowKey, mine: Row | None, other: Row | None, day: date
) -> Kind | None:
    if mine is None or not stands(mine, day):
        return Kind.EXTRA if other is not None and stands(other, day) else None
    if other is None or not stands(other, day):
        return Kind.MISSING
    ends = [end_meant(row.last_day) for row in (mine, other)]
    is_same = mine.status == other.status and ends[0] == ends[1]
    # A value gives nothing while the row is suspended; restored, it is looked at again.
    has_value = key.right.function == PRIV and mine.status == IN_FORCE
    if has_value and mine.value != other.value:
        is_same = False
    return None if is_same else Kind.DIFFERENT


def stands(row: Row, day: date) -> bool:
    return row.status in STANDING and reaches(row.last_day, day)


# --- how to put it right --------------------------------------------------------------


def steps_to(one: Apart, day: date, flags: Collection[RowKey]) -> list[Step]:
    """What to tell the HIS so that its row is ours; nothing where no call can do it.

    Nothing is given on the way, not even for a moment: a row that must be suspended is
    never put in force before.
    """
    key, mine, other = one.key, one.ours, one.theirs
    if key in flags:
        value = mine.value if mine else "0"
        return [Step("UPDATE" if other else "ADD", key, None, value)]
    if mine is None or not stands(mine, day):
        return [_taken_away(key, mine, other, day)]
    if mine.status == SUSPENDED:
        return _suspended(key, mine, other)
    return [Step(_giving(mine, other), key, mine.last_day, mine.value)]


def _giving(mine: Row, other: Row | None) -> str:
    if other is None or other.status not in STANDING:
        return "ADD"
    if other.status == IN_FORCE:
        return "UPDATE"
    is_same = (other.last_day, other.value) == (mine.last_day, mine.value)
    return "RESTORE" if is_same else "UPDATE"


def _suspended(key: RowKey, mine: Row, other: Row | None) -> list[Step]:
    if other is None:
        return []  # the contract has no call that makes a suspended row
    steps = []
    if other.last_day != mine.last_day:
        steps.append(Step("REVOKE", key, mine.last_day, mine.value))
    return [*steps, Step("SUSPEND", key, mine.last_day, mine.value)]


def _taken_away(key: RowKey, mine: Row | None, other: Row | None, day: date) -> Step:
    value = other.value if other else ""
    if mine is not None and mine.status == VOID and other is not None:
        return Step("VOID", key, other.last_day, value)
    if mine is not None:
        return Step("REVOKE", key, mine.last_day, value)
    # As any row that is taken away: it ends today, or on its first day; one that is over
    # ended when it did.
    ends = other.last_day if other and not reaches(other.last_day, day) else day
    last = None if key.first_day == NO_DAY else max(key.first_day, ends or day)
    return Step("REVOKE", key, last, value)
