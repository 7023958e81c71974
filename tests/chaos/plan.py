"""The changes of a chaos run: the same ones for the same seed, whoever asks.

Every change is told apart by its number, which the HIS keeps with each effect
(``operator`` and ``doc_no``). A stream is a practitioner or a procedure; what it says
follows the life of a right: given, changed, suspended, restored, ended, given anew.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from portal.his.messages import DoctorOpSave, OpGradeSave, PrivSave
from portal.outbox.kinds import kind_of

Call = PrivSave | DoctorOpSave | OpGradeSave
Make = Callable[[int], Call]

FIRST_EMP_NO = 10_001
FIRST_ITEM_ID = 20_001
# A HIS that refuses takes this privilege out of its dictionary for a while.
REFUSABLE, CHANGED = "RX01", "AB02"
BEGIN = date(2026, 12, 1)


@dataclass(frozen=True)
class Change:
    """One change of the run; ``line`` is the row of the HIS it is about."""

    number: int
    stream: str
    line: Hashable
    takes_away: bool
    call: Call


@dataclass(frozen=True)
class Site:
    """How many streams of each sort one hospital has."""

    refusable: int  # practitioners whose privilege the HIS refuses at times
    changed: int  # practitioners whose privileges are changed as well
    procedures: int = 0
    with_items: bool = False  # rights to single items beside the privileges

    @property
    def practitioners(self) -> int:
        return self.refusable + self.changed


def plan(site: Site, changes: int, seed: int) -> Iterator[Change]:
    """The changes in the order they are promised."""
    luck = random.Random(seed)
    scripts = list(scripts_of(site, luck))
    for number in range(changes):
        call = next(luck.choice(scripts))(number)
        takes_away = kind_of(call).takes_away(call)
        yield Change(number, *subject_of(call), takes_away, call)


def scripts_of(site: Site, luck: random.Random) -> Iterator[Iterator[Make]]:
    for place in range(site.practitioners):
        emp_no = str(FIRST_EMP_NO + place)
        if place < site.refusable:
            yield refusable_life(emp_no, luck)
        elif site.with_items and place % 2:
            yield item_life(emp_no, luck)
        else:
            yield changed_life(emp_no, luck)
    for place in range(site.procedures):
        yield graded_life(place, luck)


def subject_of(call: Call) -> tuple[str, Hashable]:
    """Stream and line."""
    match call:
        case PrivSave():
            return call.emp_no, (call.emp_no, call.priv_code, call.valid_from)
        case DoctorOpSave():
            return call.emp_no, (call.emp_no, call.his_item_id, call.valid_from)
        case OpGradeSave():
            return call.proc_code, call.proc_code


def days(luck: random.Random) -> Iterator[date]:
    """First days of one line after another; they never overlap."""
    day = BEGIN
    while True:
        yield day
        day += timedelta(days=luck.randint(1, 3))


def refusable_life(emp_no: str, luck: random.Random) -> Iterator[Make]:
    """Only what a refused change before it leaves as it is: no field but the status."""
    for first in days(luck):
        for op in ("ADD", "SUSPEND", "RESTORE", luck.choice(("REVOKE", "VOID"))):
            yield privilege(emp_no, REFUSABLE, op, "1", first, None)


def changed_life(emp_no: str, luck: random.Random) -> Iterator[Make]:
    for first in days(luck):
        last, value = first + timedelta(days=365), 1
        yield privilege(emp_no, CHANGED, "ADD", str(value), first, last)
        for _time in range(luck.randint(1, 3)):
            last, value = last + timedelta(days=1), value % 3 + 1
            yield privilege(emp_no, CHANGED, "UPDATE", str(value), first, last)
            yield privilege(emp_no, CHANGED, "SUSPEND", str(value), first, last)
            yield privilege(emp_no, CHANGED, "RESTORE", str(value), first, last)
        yield privilege(emp_no, CHANGED, "REVOKE", str(value), first, last)


def item_life(emp_no: str, luck: random.Random) -> Iterator[Make]:
    """The right to one item, and a privilege, in turns on one stream."""
    other = changed_life(emp_no, luck)
    for first in days(luck):
        last = first + timedelta(days=365)
        for op in ("ADD", "UPDATE", "SUSPEND", "RESTORE", "REVOKE"):
            last += timedelta(days=op == "UPDATE")
            yield item_right(emp_no, op, first, last)
            yield next(other)


def graded_life(place: int, luck: random.Random) -> Iterator[Make]:
    """Each from a later day on, so that no two leave the same behind."""
    for first in days(luck):
        yield grade(place, luck.choice("1234"), first)


def privilege(
    emp_no: str, code: str, op: str, value: str, first: date, last: date | None
) -> Make:
    return lambda number: PrivSave(
        request_id="",
        op=op,
        emp_no=emp_no,
        priv_code=code,
        setting="ALL",
        item_code="",
        his_value=value,
        valid_from=first,
        valid_to=last,
        reason="演练",
        doc_no=str(number),
        operator=str(number),
    )


def item_right(emp_no: str, op: str, first: date, last: date) -> Make:
    return lambda number: DoctorOpSave(
        request_id="",
        op=op,
        emp_no=emp_no,
        his_item_id=str(FIRST_ITEM_ID),
        right_kind="2",
        setting="ALL",
        valid_from=first,
        valid_to=last,
        reason="演练",
        doc_no=str(number),
        operator=str(number),
    )


def grade(place: int, new: str, first: date) -> Make:
    """``old_grade`` is left open on the wire: what waits may be superseded."""
    return lambda number: OpGradeSave(
        request_id="",
        op="UPDATE",
        his_item_id=str(FIRST_ITEM_ID + 1 + place),
        proc_code=f"P{place}",
        old_grade=None,
        new_grade=new,
        effective_from=first,
        grade_version="1",
        reason="演练",
        doc_no=str(number),
        operator=str(number),
    )
