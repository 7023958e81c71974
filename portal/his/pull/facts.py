"""Facts: the rows of a view that changed since a moment, and now and then all of them.

Facts are too many to be compared as a whole every time. Batch by batch the rows whose
hash our copy does not know are held to the contract; a row that is gone is seen only
when all were read. The HIS is read without a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from portal.his.contract.shape import View
from portal.his.pull.dictionary import Batch, Row, RowHash, Typed, key_of
from portal.his.pull.quarantine import BadRow, Reason, RowCheck, shown

# Behind the watermark again: what was written while we read bears an older moment.
OVERLAP = timedelta(minutes=10)


@dataclass
class Facts:
    """What one batch holds: rows new to us or changed, and rows set aside.

    ``newest`` is the last modification seen, local time of the HIS.
    """

    rows: list[Row] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    newest: datetime | None = None


class Reading:
    """One reading of a view; remembers the keys it has met."""

    def __init__(self, view: View, typed: Typed) -> None:
        self.view = view
        self.met: set[str] = set()
        self._typed = typed
        self._hash = RowHash(view)
        self._check = RowCheck(view)
        self._key = key_of(view)
        self._place = view.column_names.index(view.watermark)
        self._moment = replace(view, columns=(view.columns[self._place],), further=())
        keys = [column for column in view.columns if column.name in view.key]
        self._key_places = [view.column_names.index(column.name) for column in keys]
        self._keys = replace(view, columns=tuple(keys), further=())

    def keys(self, batch: Batch) -> list[str]:
        """The keys of the rows, in their order."""
        parts = [tuple(row[place] for place in self._key_places) for row in batch]
        names = self._keys.column_names
        return [
            self._key(dict(zip(names, values, strict=True)))
            for values in self._typed(self._keys, parts)
        ]

    def take(
        self, batch: Batch, known: Callable[[list[str]], Mapping[str, str]]
    ) -> Facts:
        """``known`` gives row hash by key of what our copy has of these keys."""
        keys = self.keys(batch)
        ours = known(keys)
        found = Facts(newest=self._newest(batch))
        fresh = []
        for key, row in zip(keys, batch, strict=True):
            if key in self.met:
                found.bad.append(BadRow(key, self.view.key[0], Reason.DOUBLED))
                continue
            self.met.add(key)
            digest = self._hash(row)
            if ours.get(key) != digest:
                fresh.append((key, digest, row))
        rows = self._typed(self.view, [row for _key, _digest, row in fresh])
        for (key, digest, _row), values in zip(fresh, rows, strict=True):
            settled = self._check.settled(values)
            bad = self._check.bad_column(settled)
            if bad is None:
                named = dict(zip(self.view.column_names, settled, strict=True))
                found.rows.append(Row(key, digest, named))
            else:
                column, reason, value = bad
                found.bad.append(BadRow(key, column.name, reason, shown(column, value)))
        return found

    def _newest(self, batch: Batch) -> datetime | None:
        moments = self._typed(self._moment, [(row[self._place],) for row in batch])
        real = [value for (value,) in moments if isinstance(value, datetime)]
        return max(real, default=None)
