"""Taking a difference over into our copy of a dictionary.

These are facts of the HIS, not maintained here: no history. What changed stands in
``RowChange``; what of a practitioner touches rights is told by ``PractitionerEvent``,
see ``portal.directory.people``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from portal.directory.dictionaries import Dictionary, key_text
from portal.directory.models import RowChange
from portal.his.pull.dictionary import KEY_SIGN, Difference, Row
from portal.his.pull.quarantine import shown

ROWS_PER_STATEMENT = 200
FLAG_CODES = {True: "1", False: "0"}
Kind = RowChange.Kind


class Copy:
    """Our copy of one dictionary; ``apply`` runs inside the caller's transaction."""

    def __init__(self, dictionary: Dictionary, at: datetime) -> None:
        self.dictionary = dictionary
        self.at = at
        self.changes: list[RowChange] = []  # without their run yet
        self.changed_count = 0

    @property
    def rows(self) -> QuerySet[Any]:
        return self.dictionary.model._default_manager.all()

    def known(self) -> dict[str, str]:
        """Row hash by key of the rows that stand in our copy as present."""
        present = self.rows.filter(missing_since=None).exclude(row_hash="")
        found = present.order_by("id").values_list(
            "row_hash", *self.dictionary.key_fields
        )
        return {key_text(parts): digest for digest, *parts in found}

    def apply(self, difference: Difference) -> None:
        """Take it over and note what changed; a first load notes nothing."""
        is_first_load = not self.rows.exclude(row_hash="").exists()
        kept = self.objects(
            [row.key for row in (*difference.added, *difference.differing)]
        )
        fresh = [self._new(row) for row in difference.added if row.key not in kept]
        returned = [row for row in difference.added if row.key in kept]
        self.before_fill([*difference.added, *difference.differing])
        for row in returned:
            self._take(kept[row.key], row, Kind.ADDED)
        for row in difference.differing:
            self._take(kept[row.key], row, Kind.CHANGED)
        for item, row in fresh:
            self.fill(item, self.dictionary.fields_of(row.values))
            if not is_first_load:
                self._note(Kind.ADDED, row.key)
        self.rows.bulk_create(
            [item for item, _row in fresh], batch_size=ROWS_PER_STATEMENT
        )
        self._vanish(difference.vanished)
        self.after(is_first_load, [row.key for row in difference.added])

    def objects(self, keys: Sequence[str]) -> dict[str, Any]:
        """Those of the keys that we have, present or not."""
        if not keys:
            return {}
        first = self.dictionary.key_fields[0]
        wanted = set(keys)
        firsts = sorted({key.split(KEY_SIGN, 1)[0] for key in wanted})
        found: dict[str, Any] = {}
        for start in range(0, len(firsts), ROWS_PER_STATEMENT):
            part = firsts[start : start + ROWS_PER_STATEMENT]
            for item in self.with_related(self.rows.filter(**{f"{first}__in": part})):
                key = key_text(
                    [getattr(item, name) for name in self.dictionary.key_fields]
                )
                if key in wanted:
                    found[key] = item
        return found

    def _new(self, row: Row) -> tuple[Any, Row]:
        item = self.dictionary.model(
            row_hash=row.hash, first_seen_at=self.at, changed_at=self.at
        )
        return item, row

    def _take(self, item: Any, row: Row, kind: Kind) -> None:
        """Fill a row we had; one that only looks different keeps its moment."""
        before = self.fields(item)
        self.fill(item, self.dictionary.fields_of(row.values))
        columns = self._columns(before, self.fields(item))
        item.row_hash = row.hash
        item.missing_since = None
        if columns or kind is Kind.ADDED:
            item.changed_at = self.at
            self.changed_count += kind is Kind.CHANGED
            self._note(kind, row.key, columns if kind is Kind.CHANGED else [])
            self.changed(item, before)
            item.save()
        else:
            item.save(update_fields=["row_hash"])

    def _columns(
        self, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> list[dict[str, str]]:
        return [
            {
                "column": column.name,
                "before": shown(column, as_code(before[name])),
                "after": shown(column, as_code(after[name])),
            }
            for column, name in self.dictionary.kept
            if before[name] != after[name]
        ]

    def _vanish(self, keys: Sequence[str]) -> None:
        for key, item in self.objects(keys).items():
            item.missing_since = self.at
            item.save(update_fields=["missing_since"])
            self._note(Kind.VANISHED, key)
            self.vanished(item)

    def _note(
        self, kind: Kind, key: str, columns: Sequence[Mapping[str, str]] = ()
    ) -> None:
        self.changes.append(RowChange(kind=kind, key=key[:150], columns=list(columns)))

    # --- what a dictionary of its own kind does otherwise ------------------------------

    def with_related(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.order_by("id")

    def before_fill(self, rows: Sequence[Row]) -> None:
        """Before the fields of these rows are filled."""

    def fields(self, item: Any) -> dict[str, Any]:
        """What our copy keeps of the row, as ``Dictionary.fields_of`` has it."""
        return {name: getattr(item, name) for _column, name in self.dictionary.kept}

    def fill(self, item: Any, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            setattr(item, name, value)

    def changed(self, item: Any, before: Mapping[str, Any]) -> None:
        """A row we had came back or changed; not saved yet."""

    def vanished(self, item: Any) -> None:
        """A row is gone; saved already."""

    def after(self, is_first_load: bool, added: Sequence[str]) -> None:
        """Everything is saved."""


def as_code(value: Any) -> Any:
    """A flag as the contract writes it."""
    return FLAG_CODES[value] if isinstance(value, bool) else value
