"""What people maintain row by row, as the log reads it: one declaration a model.

The history of such a model is its log. A declaration says how its rows are called,
found and searched, and which fields are told by which title; before and after are the
row and the one before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from portal.desk.log_words import NOTHING
from portal.ui.elements import Change, Chip, Text
from portal.ui.moments import write_moment

YES_NO: Mapping[bool, Text] = {True: _("是"), False: _("否")}


@dataclass(frozen=True)
class Record:
    """One maintained model.

    ``kind`` is what happened, as the filter names it; ``who`` and ``what`` say what a
    history row is about; ``fields`` are told in this order. ``doctor`` finds rows about
    one doctor, where there is one. ``write`` overrides how a field's value is written.
    ``only`` leaves out what no reader of the log asks for.
    """

    model: type[Model]
    kind: str
    chip: Chip
    who: Callable[[Any], str]
    what: Callable[[Any], str]
    search: Callable[[str], Q]
    fields: Mapping[str, Text]
    url: Callable[[Any], str]
    link: Text
    opens_drawer: bool = False
    doctor: Callable[[str], Q] | None = None
    joined: tuple[str, ...] = ()
    write: Mapping[str, Callable[[Any], Text]] | None = None
    only: Q = field(default_factory=Q)
    at: ClassVar[str] = "history_date"
    by: ClassVar[str] = "history_user_id"

    def rows(self) -> QuerySet[Any]:
        """History rows; what came with the installation was changed by nobody."""
        history: Any = self.model.history  # type: ignore[attr-defined]
        rows: QuerySet[Any] = history.exclude(history_user=None, history_type="+")
        return rows.filter(self.only)

    def with_before(self, keys: Iterable[int]) -> list[Any]:
        """These rows, each with the one before it as ``before``; two queries."""
        history: Any = self.model.history  # type: ignore[attr-defined]
        earlier = history.filter(id=OuterRef("id"), pk__lt=OuterRef("pk"))
        rows = list(
            self.rows()
            .filter(pk__in=list(keys))
            .select_related("history_user", *self.joined)
            .annotate(before_id=Subquery(earlier.order_by("-pk").values("pk")[:1]))
            .order_by("pk")
        )
        before = {
            row.pk: row
            for row in history.filter(pk__in=[one.before_id for one in rows])
            .select_related(*self.joined)
            .order_by("pk")
        }
        for row in rows:
            row.before = before.get(row.before_id)
        return rows

    def changes(self, row: Any) -> list[Change]:
        """Every field told that differs; of a new row every field that says something."""
        found = []
        for name, title in self.fields.items():
            after = self._written(row, name)
            before = NOTHING if row.before is None else self._written(row.before, name)
            if str(before) != str(after) and (row.before is not None or str(after)):
                found.append(Change(title, before or "—", after or "—"))
        return found

    def _written(self, row: Any, name: str) -> Text:
        value = getattr(row, name)
        if self.write and name in self.write:
            return self.write[name](value)
        if hasattr(row, f"get_{name}_display"):
            shown: Text = getattr(row, f"get_{name}_display")()
            return shown
        return written(value)


@dataclass(frozen=True)
class WrittenOnce(Record):
    """A model whose rows are never changed: the row itself is its entry."""

    at: ClassVar[str] = "recorded_at"
    by: ClassVar[str] = "by_id"

    def rows(self) -> QuerySet[Any]:
        return self.model._default_manager.all()

    def with_before(self, keys: Iterable[int]) -> list[Any]:
        """As history rows look, with nothing before; one query."""
        found = self.rows().filter(pk__in=list(keys)).order_by("pk")
        rows: list[Any] = list(found.select_related("by", *self.joined))
        for row in rows:
            row.before = None
            row.history_id, row.history_user = row.pk, row.by
            row.history_date, row.history_change_reason = row.recorded_at, row.note
        return rows


def written(value: Any) -> Text:
    """A value of a field as the log writes it; nothing is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES_NO[value]
    if isinstance(value, datetime):
        return write_moment(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
