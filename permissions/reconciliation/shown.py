"""What the HIS shows of rights: streamed out of its views, put by on disk by person.

A HIS has hundreds of thousands of rows and gives them in any order. They go through
memory batch by batch into a few files, each with the rows of some practitioners, so
that one file after the other can be held against our ledger.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import gt, itemgetter
from types import TracebackType
from typing import IO, Any, NamedTuple, Self
from zlib import crc32

from django.utils.translation import gettext_noop as _

from permissions.models import Drift
from permissions.outbound import Right, Row, RowKey
from permissions.outbound.ways import OP, PRIV
from portal.his.contract.interfaces import V_YW_DOCTOR_OP, V_YW_DOCTOR_PRIV
from portal.his.contract.shape import View
from portal.his.gateway import HisReader
from portal.his.pull.quarantine import is_sane, is_text
from portal.jobs.kinds import Report
from portal.parameters.days import ZONE

BUCKETS = 32
READING = _("读取 HIS")
ANY_BYTES = "surrogatepass"  # what no character has become
VIEW_OF = {PRIV: V_YW_DOCTOR_PRIV, OP: V_YW_DOCTOR_OP}
SHARED = ("valid_from", "valid_to", "status", "last_operator", "last_modified")
# What of each view counts, in the order of ``_line``; a surgical right has no value.
READ = {
    PRIV: ("emp_no", "priv_code", "item_code", "setting", *SHARED, "his_value"),
    OP: ("emp_no", "right_kind", "his_item_id", "setting", *SHARED),
}
Line = tuple[str, ...]
# What is kept of number, code, item, setting, status and value, at the most.
KEPT_AS = ("emp_no", "code", "item", "setting", "theirs_status", "theirs_value")
MOST_OF = {field.name: field.max_length or 0 for field in Drift._meta.fields}
LENGTHS = tuple(MOST_OF[name] for name in KEPT_AS)
OF_A_RIGHT = 4  # the columns of a line that say whose and which
ROWS_PER_REPORT = 20_000


class Hand(NamedTuple):
    """Who changed a row last, and when, in local time of the HIS."""

    operator: str
    at: datetime | None


@dataclass
class Person:
    """The rows of one practitioner as the HIS shows them, and whose hand was last;
    ``unclear`` are rights of which it has a row with a day nobody can read."""

    rows: dict[RowKey, Row] = field(default_factory=dict)
    hands: dict[RowKey, Hand] = field(default_factory=dict)
    unclear: set[Right] = field(default_factory=set)


def moment_of(hand: Hand | None) -> datetime | None:
    """When it was, by our calendar; nothing where the HIS wrote a year nobody means."""
    at = hand.at if hand else None
    return at.replace(tzinfo=ZONE) if at and is_meant(at) else None


def bucket_of(emp_no: str) -> int:
    return crc32(emp_no.encode(errors=ANY_BYTES)) % BUCKETS


class Shown:
    """All rows of the HIS, on disk until it is closed; a context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._files: list[IO[str]] = []
        self.count = 0
        self.unreadable = 0

    def __enter__(self) -> Self:
        for _number in range(BUCKETS):
            file = tempfile.TemporaryFile("w+", encoding="utf-8", errors=ANY_BYTES)  # noqa: SIM115
            self._files.append(self._stack.enter_context(file))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def read(
        self, gateway: HisReader, functions: Collection[str], report: Report
    ) -> None:
        """Stream the views that prove these functions; raises what a HIS may raise."""
        for function in functions:
            view = VIEW_OF[function]
            for batch in gateway.batches(view):
                self._put_by(function, view, gateway.typed(view, batch))
                if self.count % ROWS_PER_REPORT < len(batch):
                    report(READING, self.count)

    def _put_by(
        self, function: str, view: View, rows: Iterator[tuple[Any, ...]]
    ) -> None:
        cells = itemgetter(*(view.column_names.index(name) for name in READ[function]))
        lines: dict[int, list[Line]] = {}
        for values in rows:
            self.count += 1
            line = _line(*cells(values))
            self.unreadable += len(line) == OF_A_RIGHT
            lines.setdefault(bucket_of(line[0]), []).append(line)
        for bucket, found in lines.items():
            self._files[bucket].write(json.dumps([function, found]) + "\n")

    def people(self, bucket: int) -> Mapping[str, Person]:
        """By number, those of one bucket."""
        file = self._files[bucket]
        file.seek(0)
        found: dict[str, Person] = {}
        for text in file:
            function, lines = json.loads(text)
            for line in lines:
                _put(found, function, line)
        return found


def _line(
    emp_no: str,
    code: str,
    item: str,
    setting: str,
    first: Any,
    last: Any,
    status: str,
    operator: str,
    changed: Any,
    value: str = "",
) -> Line:
    """What counts of a row, as texts; no more than its right where a day or a text
    cannot be read, or a text is longer than our columns: nobody could keep it."""
    value = value or ""
    has_days = type(first) is date and (last is None or type(last) is date)
    texts = (emp_no, code, item, setting, status, value)
    is_kept = has_days and is_text("".join(texts)) is None
    if not is_kept or any(map(gt, map(len, texts), LENGTHS)):
        return (emp_no, code, item, setting)
    return (
        *(emp_no, code, item, setting, first.isoformat()),
        *(last.isoformat() if last else "", status, value, named(operator)),
        changed.isoformat() if is_meant(changed) else "",
    )


def named(operator: str | None) -> str:
    """As the HIS wrote it; nobody where it cannot be read."""
    return operator if operator and is_text(operator) is None else ""


def is_meant(moment: Any) -> bool:
    """Systems that know no empty moment write the first or last one there is."""
    return isinstance(moment, datetime) and is_sane(moment) is None


def _put(people: dict[str, Person], function: str, line: Sequence[str]) -> None:
    emp_no, code, item, setting, *rest = line
    right = Right(function, code, item, setting)
    person = people.get(emp_no)
    if person is None:
        person = people[emp_no] = Person()
    if not rest:
        person.unclear.add(right)
        return
    first, last, status, value, by, at = rest
    key = RowKey(right, date.fromisoformat(first))
    hand = Hand(by, datetime.fromisoformat(at) if at else None)
    known = person.hands.get(key)
    # One row of a key by contract; of several the last changed one counts.
    if known is not None and _is_later(known, hand):
        return
    person.rows[key] = Row(status, date.fromisoformat(last) if last else None, value)
    person.hands[key] = hand


def _is_later(known: Hand, hand: Hand) -> bool:
    """One nobody knows the moment of is older than any other."""
    return known.at is not None and (hand.at is None or known.at > hand.at)
