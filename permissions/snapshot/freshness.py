"""What was committed since the last look: rows nobody has read yet.

Every change of a fact leaves a row that is never changed again: a grant event, an
event of a practitioner, a history row of a procedure. Their ids rise, but a smaller id
may be committed after a greater one. So each source remembers, besides the greatest id
seen, the ids below it that were not there, and looks for those too. One statement over
three primary keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from django.db import connection
from django.db.models import Max

from permissions.models import Grant, GrantEvent
from portal.directory.models import PractitionerEvent
from surgery.models import Procedure

# No transaction of ours is open for longer; an id that did not come by then never will.
GAP_SECONDS = 3600.0
# Ids below the greatest that may still be under way when we begin to look.
WINDOW = 1000
MOST_GAPS = 2000


class TooManyGaps(Exception):
    """Ids jumped: it is cheaper to read everything again."""


@dataclass(slots=True)
class Source:
    """Rows of one table, by rising id."""

    name: str
    model: Any
    top: int = 0
    gaps: dict[int, float] = field(default_factory=dict)

    def begin(self) -> None:
        """Everything committed until now is seen; what is missing may still come."""
        key = self.model._meta.pk.attname
        rows = self.model._default_manager.order_by()
        self.top = rows.aggregate(top=Max(key))["top"] or 0
        first = max(1, self.top - WINDOW)
        there = set(rows.filter(pk__gte=first).values_list("pk", flat=True))
        now = monotonic()
        missing = (id for id in range(first, self.top) if id not in there)
        self.gaps = dict.fromkeys(missing, now)

    def see(self, ids: Iterable[int]) -> None:
        now = monotonic()
        for id in sorted(ids):
            if id - self.top > MOST_GAPS:
                raise TooManyGaps
            for missing in range(self.top + 1, id):
                self.gaps[missing] = now
            self.gaps.pop(id, None)
            self.top = max(self.top, id)
        if self.gaps:
            self.gaps = {id: t for id, t in self.gaps.items() if now - t < GAP_SECONDS}
        if len(self.gaps) > MOST_GAPS:
            raise TooManyGaps

    def condition(self, column: str) -> tuple[str, list[int]]:
        if not self.gaps:
            return f"{column} > %s", [self.top]
        marks = ", ".join(["%s"] * len(self.gaps))
        return f"({column} > %s OR {column} IN ({marks}))", [self.top, *self.gaps]


@dataclass(frozen=True)
class Unseen:
    """What has to be read again: practitioners by id, procedures by code."""

    practitioners: frozenset[int]
    procedures: frozenset[str]


class Cursor:
    """How far this process has read."""

    def __init__(self) -> None:
        history: Any = Procedure.history.model
        self._grants = Source("G", GrantEvent)
        self._people = Source("P", PractitionerEvent)
        self._catalogue = Source("C", history)
        self._parts = tuple(
            part.format(
                event=GrantEvent._meta.db_table,
                grant=Grant._meta.db_table,
                person=PractitionerEvent._meta.db_table,
                procedure=history._meta.db_table,
            )
            for part in PARTS
        )

    @property
    def sources(self) -> tuple[Source, ...]:
        return (self._grants, self._people, self._catalogue)

    def begin(self) -> None:
        for source in self.sources:
            source.begin()

    def unseen(self) -> list[tuple[str, int, int | None, str]]:
        """Source, id, practitioner, procedure of each row; one statement."""
        columns = ("e.id", "id", "history_id")
        pieces, values = [], []
        for source, part, column in zip(
            self.sources, self._parts, columns, strict=True
        ):
            condition, given = source.condition(column)
            pieces.append(part + condition)
            values += given
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(pieces), values)
            return list(cursor.fetchall())

    def see(self, rows: list[tuple[str, int, int | None, str]]) -> None:
        for source in self.sources:
            source.see(id for name, id, _who, _what in rows if name == source.name)


def told_by(rows: list[tuple[str, int, int | None, str]]) -> Unseen:
    return Unseen(
        frozenset(who for name, _id, who, _what in rows if name != "C" and who),
        frozenset(what for name, _id, _who, what in rows if name == "C"),
    )


PARTS = (
    "SELECT 'G', e.id, g.practitioner_id, '' FROM {event} e"
    " JOIN {grant} g ON g.id = e.grant_id WHERE ",
    "SELECT 'P', id, practitioner_id, '' FROM {person} WHERE ",
    "SELECT 'C', history_id, NULL, code FROM {procedure} WHERE ",
)
