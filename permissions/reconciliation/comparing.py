"""Holding every row the HIS shows against every row it should show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext_noop as _

from permissions.outbound import RowKey
from permissions.outbound.apart import Apart, stands
from permissions.outbound.lines import Later, happened_to
from permissions.reconciliation.owed import NOTHING_OWED, House, Owed
from permissions.reconciliation.shown import (
    BUCKETS,
    Hand,
    Person,
    Shown,
    bucket_of,
)
from portal.directory.models import Practitioner
from portal.jobs.kinds import Report
from portal.parameters.days import day_of

# Parameters of one statement: SQLite takes about a thousand.
PEOPLE_AT_ONCE = 400
# Events are read for the people of so many at once: see ``happened_to``.
BUCKETS_OF_EVENTS = 6
COMPARING = _("与台账比对")
NOBODY = Person()


class Place(NamedTuple):
    """One row of the HIS."""

    emp_no: str
    key: RowKey


@dataclass(frozen=True)
class Found:
    """A row that is not as it should be; ``practitioner`` None where nobody of the
    directory has this number."""

    practitioner: int | None
    one: Apart
    hand: Hand | None


@dataclass
class Comparison:
    """Everything that differs, and the rows that were left out: their message is open,
    or the HIS has a row of this right that cannot be read, and may be the one missed."""

    found: dict[Place, Found] = field(default_factory=dict)
    left_out: set[Place] = field(default_factory=set)
    unclear: set[Place] = field(default_factory=set)
    ours: int = 0
    beside: int = 0


def compared(
    shown: Shown, house: House, *, at: datetime, since: datetime, report: Report
) -> Comparison:
    """Everybody's rows, some people at a time; at most those are in memory."""
    result = Comparison()
    numbers: list[dict[int, str]] = [{} for _bucket in range(BUCKETS)]
    rows = Practitioner.objects.order_by("pk").values_list("pk", "emp_no")
    for pk, emp_no in rows.iterator():
        numbers[bucket_of(emp_no)][pk] = emp_no
    later: Later = {}
    for bucket, people in enumerate(numbers):
        report(COMPARING, bucket, BUCKETS)
        if bucket % BUCKETS_OF_EVENTS == 0:
            next_ones = numbers[bucket : bucket + BUCKETS_OF_EVENTS]
            later = happened_to([pk for some in next_ones for pk in some])
        theirs = shown.people(bucket)
        for some in _some(people):
            owed = house.owed(some, at=at, since=since, later=later)
            for pk, emp_no in some.items():
                person = theirs.get(emp_no, NOBODY)
                _hold(result, house, (pk, emp_no), owed[emp_no], person, at)
        for emp_no in theirs.keys() - set(people.values()):
            _hold(result, house, (None, emp_no), NOTHING_OWED, theirs[emp_no], at)
    return result


def _some(people: Mapping[int, str]) -> Iterator[dict[int, str]]:
    items = list(people.items())
    for start in range(0, len(items), PEOPLE_AT_ONCE):
        yield dict(items[start : start + PEOPLE_AT_ONCE])


def _hold(
    result: Comparison,
    house: House,
    who: tuple[int | None, str],
    owed: Owed,
    person: Person,
    at: datetime,
) -> None:
    """One person's rows."""
    pk, emp_no = who
    day = day_of(at)
    result.ours += sum(stands(row, day) for row in owed.rows.values())
    ours = {key: row for key, row in person.rows.items() if house.is_ours(key)}
    result.beside += len(person.rows) - len(ours)
    shown = {key: row for key, row in ours.items() if house.counts(key, row)}
    keys = owed.rows.keys() | shown.keys()
    left_out = owed.on_its_way(keys)
    result.left_out.update(Place(emp_no, key) for key in left_out)
    missed = owed.rows.keys() - shown.keys() if person.unclear else ()
    unclear = {key for key in missed if key.right in person.unclear} - left_out
    result.unclear.update(Place(emp_no, key) for key in unclear)
    for one in house.apart(owed.rows, shown, day):
        if one.key not in left_out and one.key not in unclear:
            hand = person.hands.get(one.key)
            result.found[Place(emp_no, one.key)] = Found(pk, one, hand)
