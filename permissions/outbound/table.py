"""Rows of rights as a HIS keeps them, and what must be told so that they are right.

Plain Python: what the HIS was told and what the ledger says, in; operations, out.

A HIS knows no side, campus or role. Several ledger lines may therefore give one right,
and it is one row as long as any of them holds: nothing is taken away that another line
gives. Rows in force never overlap, or the HIS would refuse them (2006).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from permissions.enums import GrantStatus
from portal.his.contract.codes import STATUS_AFTER

IN_FORCE, SUSPENDED, REVOKED, VOID = (
    STATUS_AFTER[op] for op in ("ADD", "SUSPEND", "REVOKE", "VOID")
)
# The day of every row of a HIS that keeps none; the contract wants one in the key.
NO_DAY = date(1900, 1, 1)
ONE_DAY = timedelta(days=1)
KEEPS_VALUE = frozenset({"SUSPEND", "RESTORE", "VOID"})


class Right(NamedTuple):
    """What a row is about, but for the person; ``code`` is the privilege or the kind of
    right, ``item`` its item as that function names it."""

    function: str
    code: str
    item: str
    setting: str


class RowKey(NamedTuple):
    right: Right
    first_day: date


class Row(NamedTuple):
    """A row as our messages leave it; ``last_day`` None is without end."""

    status: str
    last_day: date | None
    value: str = ""

    def holds_on(self, day: date) -> bool:
        """In force on this day, if it has begun."""
        return self.status == IN_FORCE and reaches(self.last_day, day)


Table = dict[RowKey, Row]


class Step(NamedTuple):
    """One operation on one row."""

    op: str
    key: RowKey
    last_day: date | None
    value: str


class Spell(NamedTuple):
    """The time one ledger line gives a right, as it stands at some moment.

    ``last`` of a line taken away is the day it ended; ``holds`` is at that very moment.
    """

    first: date
    last: date | None
    status: GrantStatus
    holds: bool
    value: str = ""


def reaches(last: date | None, day: date) -> bool:
    return last is None or last >= day


def later(one: date | None, other: date | None) -> date | None:
    return None if one is None or other is None else max(one, other)


def meet(first: date, last: date | None, first2: date, last2: date | None) -> bool:
    return reaches(last, first2) and reaches(last2, first)


def after(table: Mapping[RowKey, Row], steps: Iterable[Step]) -> Table:
    """The table when the steps were taken."""
    found = dict(table)
    for step in steps:
        found[step.key] = row_after(found.get(step.key), step)
    return found


def row_after(before: Row | None, step: Step) -> Row:
    keeps_day = step.op in KEEPS_VALUE and before is not None
    last_day = before.last_day if keeps_day and before else step.last_day
    return Row(STATUS_AFTER[step.op], last_day, step.value)


def settle(
    told: Mapping[RowKey, Row],
    spells: Mapping[Right, Sequence[Spell]],
    day: date,
    *,
    keeps_dates: bool,
) -> list[Step]:
    """What to tell so that every right of ``told`` and ``spells`` is as it should be.

    What takes away goes first.
    """
    steps: list[Step] = []
    by_right: dict[Right, dict[date, Row]] = {}
    for key, row in told.items():
        by_right.setdefault(key.right, {})[key.first_day] = row
    for right in dict.fromkeys([*by_right, *spells]):
        rows, mine = by_right.get(right, {}), spells.get(right, ())
        found = _dated(rows, mine, day) if keeps_dates else _undated(rows, mine)
        steps += [
            Step(op, RowKey(right, first), last, value)
            for op, first, last, value in found
        ]
    return sorted(steps, key=lambda step: ORDER[step.op])


ORDER = {"VOID": 0, "REVOKE": 0, "SUSPEND": 0, "UPDATE": 1, "RESTORE": 1, "ADD": 2}
Found = tuple[str, date, date | None, str]


# --- a HIS that keeps no days -------------------------------------------------------------


def _undated(rows: Mapping[date, Row], spells: Sequence[Spell]) -> Iterator[Found]:
    """One row, of now; what begins and ends later is told when that day comes."""
    row = rows.get(NO_DAY)
    status = row.status if row else REVOKED
    value = next((s.value for s in spells if s.holds), row.value if row else "")
    if any(spell.holds for spell in spells):
        op = {IN_FORCE: "UPDATE", SUSPENDED: "RESTORE"}.get(status, "ADD")
        if op == "UPDATE" and row is not None and row.value == value:
            return
    elif status not in {IN_FORCE, SUSPENDED}:
        return
    elif any(spell.status is GrantStatus.SUSPENDED for spell in spells):
        if status == SUSPENDED:
            return
        op = "SUSPEND"
    else:
        is_void = spells and all(s.status is GrantStatus.VOID for s in spells)
        op = "VOID" if is_void else "REVOKE"
    yield op, NO_DAY, None, value


# --- a HIS that keeps days ----------------------------------------------------------------


def _dated(
    rows: Mapping[date, Row], spells: Sequence[Spell], day: date
) -> Iterator[Found]:
    if _is_told(rows, spells):
        return
    wanted = stretches(
        spell
        for spell in spells
        if spell.status is GrantStatus.ACTIVE and reaches(spell.last, day)
    )
    free = {
        first: row
        for first, row in rows.items()
        if row.status in {IN_FORCE, SUSPENDED} and not _is_void(first, spells)
    }
    carried: dict[Spell, date | None] = {}
    for stretch in wanted:
        carried[stretch] = _carrier(free, stretch, day)
        free.pop(carried[stretch] or NO_DAY, None)
    kept = {first for first in carried.values() if first is not None}
    for first, row in rows.items():
        if first not in kept and (op := _dropped(first, row, spells, wanted, day)):
            last = _ended(first, row, spells, day) if op == "REVOKE" else row.last_day
            yield op, first, last, row.value
    for stretch, carrier in carried.items():
        if carrier is None:
            start = _first_free(rows, stretch, day)
            yield "ADD", start, stretch.last, stretch.value
        elif op := _changed(rows[carrier], stretch):
            yield op, carrier, stretch.last, stretch.value


def _is_told(rows: Mapping[date, Row], spells: Sequence[Spell]) -> bool:
    """One line in force and its one row, as nearly all are: seen without more work."""
    if len(rows) != 1 or len(spells) != 1:
        return False
    (spell,) = spells
    row = Row(IN_FORCE, spell.last, spell.value)
    return spell.status is GrantStatus.ACTIVE and rows.get(spell.first) == row


def stretches(spells: Iterable[Spell]) -> list[Spell]:
    """The spells that overlap made one."""
    found: list[Spell] = []
    for spell in sorted(spells, key=lambda spell: spell.first):
        if found and reaches(found[-1].last, spell.first):
            found[-1] = found[-1]._replace(last=later(found[-1].last, spell.last))
        else:
            found.append(spell)
    return found


def _is_void(first: date, spells: Sequence[Spell]) -> bool:
    """Every line that began on this day was entered in error: so was the row."""
    here = [spell.status for spell in spells if spell.first == first]
    return bool(here) and all(status is GrantStatus.VOID for status in here)


def _carrier(free: Mapping[date, Row], stretch: Spell, day: date) -> date | None:
    """The row that can go on for a stretch: what both did before today is past."""
    has_begun = stretch.first <= day
    going = [
        first
        for first, row in free.items()
        if has_begun and first <= day and reaches(row.last_day, day)
    ]
    in_force = [first for first in going if free[first].status == IN_FORCE]
    exact = [stretch.first] if stretch.first in free else []
    return next(iter([*in_force, *exact, *going]), None)


def _changed(row: Row, stretch: Spell) -> str:
    is_same = row.last_day == stretch.last and row.value == stretch.value
    if row.status == SUSPENDED:
        return "RESTORE" if is_same else "UPDATE"
    return "" if is_same else "UPDATE"


def _dropped(
    first: date,
    row: Row,
    spells: Sequence[Spell],
    wanted: Sequence[Spell],
    day: date,
) -> str:
    """What happens to a row that no stretch needs; nothing to one that is over."""
    if row.status not in {IN_FORCE, SUSPENDED}:
        return ""
    if _is_void(first, spells):
        return "VOID"
    here = [spell for spell in spells if spell.first == first]
    if not reaches(row.last_day, day):
        was_cut = here and all(s.status is GrantStatus.REVOKED for s in here)
        is_told = row.last_day == _ended(first, row, spells, day)
        return "REVOKE" if was_cut and not is_told else ""
    comes_back = any(
        spell.status is GrantStatus.SUSPENDED
        and reaches(spell.last, day)
        and meet(spell.first, spell.last, first, row.last_day)
        for spell in spells
    )
    is_in_the_way = any(
        meet(first, row.last_day, stretch.first, stretch.last) for stretch in wanted
    )
    if not comes_back or is_in_the_way:
        return "REVOKE"
    return "" if row.status == SUSPENDED else "SUSPEND"


def _ended(first: date, row: Row, spells: Sequence[Spell], day: date) -> date:
    """The last day of a row taken away: that of the revocation, else today.

    A right revoked before it began must still be a span of days for the HIS.
    """
    ends = [
        spell.last
        for spell in spells
        if spell.status is GrantStatus.REVOKED
        and spell.last is not None
        and meet(spell.first, spell.last, first, row.last_day)
    ]
    return max(first, max(ends, default=day))


def _first_free(rows: Mapping[date, Row], stretch: Spell, day: date) -> date:
    """Where a new row may begin: behind those that are over but were never closed."""
    over = [
        row.last_day + ONE_DAY
        for first, row in rows.items()
        if first != stretch.first
        and row.status in {IN_FORCE, SUSPENDED}
        and row.last_day is not None
        and row.last_day < day
    ]
    return max([stretch.first, *(start for start in over if start <= day)])
