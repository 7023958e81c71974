"""What a room declares of a list; how it is answered stands in ``portal.ui.lists``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.ui.counting import Stamp
from portal.ui.filters import Filter, Search
from portal.ui.spreadsheets import Cell

Text = str | Promise
M = TypeVar("M", bound=Model)
R = TypeVar("R")
PER_PAGE = 20
# What one may choose instead.
PAGE_SIZES = (20, 50, 100)
MOST_EXPORTED = 100_000


@dataclass(frozen=True)
class Column(Generic[R]):
    """One column: its title, what to order by, how to export it.

    A column without ``order`` cannot be sorted, one without ``export`` is not exported,
    one ``in_file`` only is not shown: its value stands in another one's cell.
    """

    key: str
    title: Text
    order: tuple[str, ...] = ()
    css: str = ""
    export: Callable[[R], Cell] | None = None
    in_file: bool = False


@dataclass(frozen=True)
class QuickView:
    """A tab: rows that meet ``condition``; its count turns red or amber by ``tone``.

    ``is_counted`` False where counting would cost more than the rows.
    """

    key: str
    label: Text
    condition: Q = field(default_factory=Q)
    tone: Any = ""
    is_counted: bool = True


@dataclass(frozen=True)
class ListSpec(Generic[M, R]):
    """See the top of ``portal.ui.lists``."""

    key: str
    columns: tuple[Column[R], ...]
    order: tuple[str, ...]
    present: Callable[[Sequence[Any]], Sequence[R]]
    row_template: str
    search: Search | None = None
    filters: tuple[Filter, ...] = ()
    views: tuple[QuickView, ...] = ()
    nothing: Text = _("没有符合条件的记录")
    is_selectable: bool = False
    batch_template: str = ""
    per_page: int = PER_PAGE
    most_exported: int = MOST_EXPORTED
    # For lists of hundreds of thousands of rows that are the same for every reader of
    # one scope, all together: see ``portal.ui.lists``.
    stamp: Stamp | None = None
    reads: tuple[str, ...] = ()
    made: Callable[[tuple[Any, ...]], Any] = tuple
    # Counts the quick views where the list knows a quicker way; they are not kept.
    count_views: Callable[[QuerySet[Any], dict[str, Q]], dict[str, int]] | None = None
    draw: Callable[[HttpRequest, Sequence[R], bool], bytes] | None = None


def chosen_view(spec: ListSpec[M, R], given: Mapping[str, str]) -> QuickView | None:
    by_key = {view.key: view for view in spec.views}
    return by_key.get(given.get("view", ""), spec.views[0] if spec.views else None)
