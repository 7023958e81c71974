"""What a room says of one kind of sheet it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet

from portal.accounts.capabilities import Capability
from portal.sheets.columns import Columns
from portal.sheets.models import SheetImport, SheetRow

I = TypeVar("I", bound=SheetImport)  # noqa: E741  # an import
R = TypeVar("R", bound=SheetRow)


@dataclass(frozen=True)
class ImportKind(Generic[I, R]):
    """Where imports of this kind stand, and how they are spoken of.

    ``link`` is the field of a row that names its import. ``writable`` and ``wrong`` are
    verdicts; ``check``, ``apply`` and ``undo`` kinds of jobs. The last three are the
    reasons the history of an import gives. ``told`` is what every import of this kind
    has and no other: one table may hold several kinds.
    """

    imports: type[I]
    rows: type[R]
    link: str
    columns: Columns
    needs: Capability
    writable: tuple[str, ...]
    wrong: tuple[str, ...]
    check: str
    apply: str
    undo: str
    uploaded: str
    chosen: str
    discarded: str
    told: Mapping[str, Any] = field(default_factory=dict)

    def found(self) -> QuerySet[I]:
        """All imports of this kind."""
        # The stubs lose which model a manager found by its class is of.
        manager: Any = self.imports._default_manager
        imports: QuerySet[I] = manager.filter(**self.told)
        return imports

    def rows_of(self, one: I) -> QuerySet[R]:
        """Rows of one import, in the order of the sheet."""
        rows: QuerySet[R] = self.rows._default_manager.filter(**{self.link: one})
        return rows.order_by("number")
