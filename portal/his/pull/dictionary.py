"""Dictionaries: the whole view compared with our copy by key and row hash.

A full compare is the only way to see deletions, and a dictionary is small. Rows pass
one by one: only keys, and the rows that differ, are held. The HIS is read first and
without a transaction; what differs is then applied by the target.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, Protocol, TypeVar

from portal.his.contract.shape import View
from portal.his.pull.quarantine import BadRow, Reason, RowCheck

Record = TypeVar("Record")

# A view that lost more than this is broken rather than the hospital emptied.
VANISHED_SHARE = 0.2
VANISHED_COUNT = 5


class PullRefused(Exception):
    """The view cannot be believed as a whole; nothing was changed."""


@dataclass(frozen=True)
class Row(Generic[Record]):
    """A good row that is new or changed, with the hash to keep beside it."""

    key: str
    hash: str
    record: Record


@dataclass
class Difference(Generic[Record]):
    """What the HIS has and our copy has not, and the other way round."""

    read: int = 0
    added: list[Row[Record]] = field(default_factory=list)
    changed: list[Row[Record]] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    quarantined: list[BadRow] = field(default_factory=list)


class PullTarget(Protocol[Record]):
    """Our copy of one dictionary."""

    def known(self) -> dict[str, str]:
        """Row hash by key of the rows that stand in our copy as present."""
        ...

    def apply(self, difference: Difference[Record]) -> None:
        """Take the difference over; runs inside the caller's transaction.

        A row added again after it had vanished comes as ``added``.
        """
        ...


def row_hash(view: View, record: Any) -> str:
    """Changes when anything but the watermark does.

    Write-backs touch ``last_modified`` of rows that are otherwise the same.
    """
    names = (name for name in view.column_names if name != view.watermark)
    values = [plain(getattr(record, name)) for name in names]
    text = json.dumps(values, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def key_of(view: View) -> Callable[[Any], str]:
    """The key as one text; composed keys are joined by a character no code holds."""
    return lambda record: "\x1f".join(str(getattr(record, name)) for name in view.key)


def compare(
    view: View, records: Iterable[Record], known: Mapping[str, str]
) -> Difference[Record]:
    """Read all rows; raises PullRefused when too many of ours are gone.

    A row in quarantine leaves our copy of it as it is: it did not vanish.
    """
    comparison: _Comparison[Record] = _Comparison(view, known)
    for record in records:
        comparison.take(record)
    return comparison.result()


class _Comparison(Generic[Record]):
    def __init__(self, view: View, known: Mapping[str, str]) -> None:
        self._view = view
        self._known = known
        self._check = RowCheck(view)
        self._key = key_of(view)
        self._good: set[str] = set()
        self._held: set[str] = set()
        self._differing: dict[str, Row[Record]] = {}
        self._bad: list[BadRow] = []
        self._read = 0

    def take(self, record: Record) -> None:
        self._read += 1
        key = self._key(record)
        fault = self._check.fault(record)
        if fault is not None:
            self._held.add(key)
            self._bad.append(BadRow(key, *fault))
        elif key in self._good:
            # Neither of the two can be believed, and taking the first would flip
            # with the order of the view.
            self._differing.pop(key, None)
            self._bad.append(BadRow(key, self._view.key[0], Reason.DOUBLED))
        else:
            self._good.add(key)
            digest = row_hash(self._view, record)
            if self._known.get(key) != digest:
                self._differing[key] = Row(key, digest, record)

    def result(self) -> Difference[Record]:
        seen = self._good | self._held
        vanished = [key for key in self._known if key not in seen]
        refuse_if_suspicious(self._view, len(vanished), len(self._known))
        difference: Difference[Record] = Difference(
            self._read, vanished=vanished, quarantined=self._bad
        )
        for key, row in self._differing.items():
            rows = difference.changed if key in self._known else difference.added
            rows.append(row)
        return difference


def refuse_if_suspicious(view: View, vanished: int, known: int) -> None:
    if vanished > VANISHED_COUNT and vanished > known * VANISHED_SHARE:
        raise PullRefused(f"{view.name}：{known} 行中有 {vanished} 行消失，未采用")
