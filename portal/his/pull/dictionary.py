"""Dictionaries: the whole view compared with our copy by key and row hash.

A full compare is the only way to see deletions, and a dictionary is small. It goes by
two looks. The first takes one hash of everything the driver gave and nothing else: most
of the time nothing changed, and then that is all. The second goes row by row and turns
only those into typed values whose own hash our copy does not know. Only keys, hashes
and the rows that differ are held. The HIS is read without a transaction; what differs
is then applied by whoever keeps the copy.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import itemgetter
from typing import Any

from portal.his.contract.shape import View
from portal.his.pull.quarantine import BadRow, Reason, RowCheck, shown

# A view that lost more than this is broken rather than the hospital emptied.
VANISHED_SHARE = 0.2
VANISHED_COUNT = 5
KEY_SIGN = "\x1f"  # between the parts of a composed key: no code holds it
HASH_BYTES = 16

Batch = Sequence[Any]  # rows as a driver gave them
Typed = Callable[[View, Batch], Iterable[Sequence[Any]]]


class TooManyGone(Exception):
    """The view cannot be believed as a whole; a person must say."""

    def __init__(self, vanished: list[str], known: int) -> None:
        super().__init__(f"{len(vanished)} of {known} rows gone")
        self.vanished = vanished
        self.known = known


@dataclass(frozen=True)
class Row:
    """A good row that is new or changed, with the hash to keep beside it."""

    key: str
    hash: str
    values: Mapping[str, Any]


@dataclass
class Difference:
    """What the HIS has and our copy has not, and the other way round.

    ``differing`` holds rows that may still be equal where we keep only some columns.
    """

    read: int = 0
    fingerprint: str = ""
    added: list[Row] = field(default_factory=list)
    differing: list[Row] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    quarantined: list[BadRow] = field(default_factory=list)


def frozen(values: Any) -> bytes:
    """The values as bytes: the same for the same, quickly.

    ``marshal`` in version 2 knows texts and numbers, keeps no references and takes
    half the time of ``repr``; what a driver gives beyond them goes the longer way.
    A Python that writes it otherwise costs one compare that finds nothing.
    """
    try:
        return marshal.dumps(values, 2)
    except ValueError:
        return repr(values).encode()


def rules_of(view: View) -> bytes:
    """Changes with anything the contract says: then no hash is known any more."""
    text = repr((view.key, view.watermark, view.columns))
    return blake2b(text.encode(), digest_size=HASH_BYTES).digest()


class Fingerprint:
    """One hash over all rows of a view in their order, the watermark included."""

    def __init__(self, view: View) -> None:
        self._hash = blake2b(digest_size=HASH_BYTES, key=rules_of(view))
        self.read = 0

    def take(self, batch: Batch) -> None:
        self.read += len(batch)
        self._hash.update(frozen(batch))

    @property
    def text(self) -> str:
        return self._hash.hexdigest()


def fingerprint(view: View, batches: Iterable[Batch]) -> Fingerprint:
    """The first look."""
    found = Fingerprint(view)
    for batch in batches:
        found.take(batch)
    return found


class RowHash:
    """Changes when anything but the watermark does.

    Write-backs touch ``last_modified`` of rows that are otherwise the same.
    """

    def __init__(self, view: View) -> None:
        names = enumerate(view.column_names)
        kept = [place for place, name in names if name != view.watermark]
        self._kept = itemgetter(*kept)
        self._rules = rules_of(view)

    def __call__(self, row: Any) -> str:
        values = frozen(self._kept(row))
        return blake2b(values, digest_size=HASH_BYTES, key=self._rules).hexdigest()


def key_of(view: View) -> Callable[[Mapping[str, Any]], str]:
    """The key as one text."""
    return lambda values: KEY_SIGN.join(str(values[name]) for name in view.key)


def compare(
    view: View,
    batches: Iterable[Batch],
    typed: Typed,
    known: Mapping[str, str],
    may_lose: Collection[str] = (),
) -> Difference:
    """The second look; ``known`` is row hash by key of what stands in our copy.

    Raises TooManyGone when too many of ours are gone that are not in ``may_lose``.
    A row in quarantine leaves our copy of it as it is: it did not vanish.
    """
    comparison = _Comparison(view, typed, known)
    for batch in batches:
        comparison.take(batch)
    difference = comparison.result()
    refuse_if_suspicious(difference.vanished, len(known), may_lose)
    return difference


class _Comparison:
    def __init__(self, view: View, typed: Typed, known: Mapping[str, str]) -> None:
        self._view = view
        self._typed = typed
        self._known = known
        self._key_by_hash = {digest: key for key, digest in known.items()}
        self._fingerprint = Fingerprint(view)
        self._hash = RowHash(view)
        self._check = RowCheck(view)
        self._key = key_of(view)
        self._same: set[str] = set()  # hashes of ours that stand in the HIS unchanged
        self._held: set[str] = set()
        self._differing: dict[str, Row | None] = {}  # None: doubled, neither is taken
        self._bad: list[BadRow] = []

    def take(self, batch: Batch) -> None:
        self._fingerprint.take(batch)
        digests = [self._hash(row) for row in batch]
        unknown = []
        for digest, row in zip(digests, batch, strict=True):
            if digest not in self._key_by_hash:
                unknown.append((digest, row))
            elif digest in self._same:
                self._doubled(self._key_by_hash[digest])
            else:
                self._same.add(digest)
        rows = self._typed(self._view, [row for _digest, row in unknown])
        for (digest, _row), values in zip(unknown, rows, strict=True):
            self._look(digest, values)

    def _look(self, digest: str, values: Sequence[Any]) -> None:
        settled = self._check.settled(values)
        named = dict(zip(self._view.column_names, settled, strict=True))
        key = self._key(named)
        bad = self._check.bad_column(settled)
        if bad is not None:
            column, reason, value = bad
            self._held.add(key)
            self._bad.append(BadRow(key, column.name, reason, shown(column, value)))
        elif key in self._differing:
            # Neither of the two can be believed, and taking the first would flip
            # with the order of the view.
            self._differing[key] = None
            self._doubled(key)
        else:
            self._differing[key] = Row(key, digest, named)

    def _doubled(self, key: str) -> None:
        self._bad.append(BadRow(key, self._view.key[0], Reason.DOUBLED))

    def result(self) -> Difference:
        present = {self._key_by_hash[digest] for digest in self._same}
        for key in present & self._differing.keys():
            if self._differing[key] is not None:
                self._doubled(key)
            self._differing[key] = None
        seen = present | self._held | self._differing.keys()
        difference = Difference(
            self._fingerprint.read,
            self._fingerprint.text,
            vanished=[key for key in self._known if key not in seen],
            quarantined=self._bad,
        )
        for key, row in self._differing.items():
            if row is not None:
                is_ours = key in self._known
                (difference.differing if is_ours else difference.added).append(row)
        return difference


def refuse_if_suspicious(
    vanished: list[str], known: int, may_lose: Collection[str]
) -> None:
    is_many = len(vanished) > VANISHED_COUNT or len(vanished) == known
    is_loss = is_many and len(vanished) > known * VANISHED_SHARE
    if is_loss and not set(vanished) <= set(may_lose):
        raise TooManyGone(vanished, known)
