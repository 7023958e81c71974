"""How often who did what, in which role, and how it ended: counted by the database.

A case counts once in each group, whatever its lines. One that was canceled or is gone
from the HIS does not count, nor one without an incision: it has no day. Where the HIS
shows no team or no procedures of a case, its surgeon and its main procedure stand for
them, as the case itself names both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import Case, Count, Q, QuerySet, Sum, When

from portal.directory.models import PulledView
from surgery.models import CaseShare, PerformedCase

COUNTS = ("cases", "complications", "reoperations", "deaths")
BY_BOTH = ("who", "role", "code")
BY_SURGEON = ("who", "role")
BY_PROCEDURE = ("code",)
INDEXED = ("role", "who", "code")
# Which shares of a case stand for it in each grouping.
ONCE: Mapping[tuple[str, ...], Mapping[str, bool]] = {
    BY_BOTH: {},
    BY_SURGEON: {"is_first_of_person": True},
    BY_PROCEDURE: {"is_first_of_procedure": True},
}


# The groups are a query Django made, with its values apart from it.
COUNT_BY_ROLE = "SELECT role, COUNT(*) FROM ({groups}) counted GROUP BY role"


class Groups(QuerySet[Any]):
    """Groups have no key of their own: what they are grouped by takes its place."""

    grouped_by: tuple[str, ...] = ()

    def _clone(self) -> Any:
        made = super()._clone()  # type: ignore[misc]  # as every class of Django's own
        made.grouped_by = self.grouped_by
        return made

    def order_by(self, *names: Any) -> Any:
        """``pk``, by which a list breaks ties, means the fields grouped by."""
        keys = [self.grouped_by if name == "pk" else (name,) for name in names]
        return super().order_by(*chain.from_iterable(keys))


def counted() -> QuerySet[PerformedCase]:
    """The cases that count."""
    return PerformedCase.objects.filter(
        missing_since=None, is_canceled=False, op_start__isnull=False
    )


def volumes(
    by: tuple[str, ...] = BY_BOTH,
    *,
    since: datetime | None = None,
    before: datetime | None = None,
) -> Any:
    """One row a group: the fields grouped by, and the four ``COUNTS``.

    ``who`` is a staff number, ``role`` a TeamRole ("": the surgeon of a case whose
    team the HIS does not show), ``code`` a procedure as the HIS spells it. The window
    is that of the incision, ``before`` exclusive.
    """
    groups = Groups(CaseShare)
    groups.grouped_by = by
    shares: Any = groups.filter(**ONCE[by])
    if since is not None:
        shares = shares.filter(op_start__gte=since)
    if before is not None:
        shares = shares.filter(op_start__lt=before)
    # In the order of the index that has everything counted here: nothing is sorted.
    return shares.values(*(name for name in INDEXED if name in by)).annotate(
        cases=Count("*"),
        complications=_times("is_hurt"),
        reoperations=_times("is_again"),
        deaths=_times("is_dead"),
    )


def _times(flag: str) -> Sum:
    return Sum(Case(When(Q((flag, True)), then=1), default=0))


def groups_by_role(groups: Any) -> dict[str, int]:
    """How many groups each role has; one walk through the index, one query."""
    bare = groups.order_by().values(*groups.grouped_by)
    sql, values = bare.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(COUNT_BY_ROLE.format(groups=sql), values)
        return dict(cursor.fetchall())


def cases_by_key(keys: Iterable[str], *, since: datetime) -> dict[str, int]:
    """Cases by ``codes.key`` of the procedure, in any spelling; who has none is left
    out. One query.

    A case that spells one procedure in two ways counts once.
    """
    rows = CaseShare.objects.filter(
        code_key__in=list(keys), op_start__gte=since, is_first_of_procedure=True
    )
    counted = (
        rows.order_by().values("code_key").annotate(n=Count("case", distinct=True))
    )
    return dict(counted.values_list("code_key", "n"))


def cases_by_codes(
    codes: Mapping[int, Collection[str]], *, since: datetime
) -> dict[int, int]:
    """Cases by entry, whose codes' keys are given: those it had before count too. One
    query.

    A case with two of them counts once.
    """
    wanted = {key for keys in codes.values() for key in keys}
    rows = CaseShare.objects.filter(
        code_key__in=wanted, op_start__gte=since, is_first_of_procedure=True
    )
    cases: dict[str, set[int]] = defaultdict(set)
    for key, case in rows.order_by().values_list("code_key", "case_id").distinct():
        cases[key].add(case)
    return {
        entry: len(set().union(*(cases.get(key, set()) for key in keys)))
        for entry, keys in codes.items()
    }


def undated() -> int:
    """Cases that do not count because nobody wrote down when they began."""
    there = PerformedCase.objects.filter(missing_since=None, is_canceled=False)
    return there.filter(op_start=None).count()


def pulled_stamp() -> tuple[Any, ...]:
    """Changes when a pull of cases may have changed a count."""
    views = PulledView.objects.filter(view__startswith="V_YW_OPERATION")
    return tuple(views.order_by("view").values_list("version", flat=True))
