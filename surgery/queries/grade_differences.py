"""Our grades beside those of the HIS: what is missing there, extra, or different.

``differences`` is plain: two catalogues in, what keeps them apart out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.db.models import Count, QuerySet, Subquery
from django.db.models.functions import Coalesce

from portal.directory.models import HisProcedureGrade
from portal.outbox.comparison import NO_GRADE
from surgery.codes import key
from surgery.models import GradeComparison, GradeDifference, Procedure

Kind, Field = GradeDifference.Kind, GradeDifference.Field

T = TypeVar("T")


@dataclass(frozen=True)
class Graded:
    """A procedure in one of the two catalogues; ``grade`` "0" is none.

    ``effective_from`` None: nobody knows, and nothing is held against it.
    """

    grade: str
    effective_from: date | None = None

    @property
    def has_grade(self) -> bool:
        return self.grade != NO_GRADE


@dataclass(frozen=True)
class Apart:
    """One difference; ``ours`` and ``theirs`` as ``GradeDifference`` keeps them."""

    code: str
    kind: str
    field: str
    ours: str
    theirs: str


def differences(
    ours: Mapping[str, Graded], theirs: Mapping[str, Graded]
) -> Iterator[Apart]:
    """By code. A procedure without a grade is as good as none on either side."""
    for code in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(code), theirs.get(code)
        if other is None:
            if mine is not None and mine.has_grade:
                yield Apart(code, Kind.MISSING, Field.GRADE, mine.grade, "")
        elif mine is None:
            if other.has_grade:
                yield Apart(code, Kind.EXTRA, Field.GRADE, "", other.grade)
        else:
            yield from _between(code, mine, other)


def _between(code: str, mine: Graded, other: Graded) -> Iterator[Apart]:
    if mine.grade != other.grade:
        yield Apart(code, Kind.DIFFERENT, Field.GRADE, mine.grade, other.grade)
        return
    days = (mine.effective_from, other.effective_from)
    if mine.has_grade and None not in days and days[0] != days[1]:
        words = [str(day) for day in days]
        yield Apart(code, Kind.DIFFERENT, Field.EFFECTIVE_FROM, *words)


def ours() -> dict[str, tuple[int, str, str]]:
    """Key, name and grade of every procedure by code; out of use is without a grade."""
    rows = Procedure.objects.order_by().values_list(
        "code", "pk", "name", "grade", "is_enabled"
    )
    return {
        code: (pk, name, str(grade) if is_enabled else NO_GRADE)
        for code, pk, name, grade, is_enabled in rows
    }


def theirs() -> dict[str, Graded]:
    """What the HIS showed when it was last read."""
    rows = HisProcedureGrade.objects.filter(missing_since__isnull=True).order_by()
    found = rows.values_list("proc_code", "grade", "effective_from")
    return {code: Graded(grade, since) for code, grade, since in found}


def in_our_spelling(theirs: Mapping[str, T], ours: Collection[str]) -> dict[str, T]:
    """What the HIS says of codes, each spelled as in our catalogue, where it is there.

    A second spelling of one code stays as it is: it is a line too many.
    """
    spelled = {key(code): code for code in ours}
    found = {code: value for code, value in theirs.items() if code in ours}
    for code, value in theirs.items():
        if code not in ours:
            mine = spelled.get(key(code), code)
            found[code if mine in found else mine] = value
    return found


# --- for pages ------------------------------------------------------------------------


def open_differences() -> QuerySet[GradeDifference]:
    return GradeDifference.objects.filter(gone_at__isnull=True)


def latest_comparison() -> Any:
    """The last one that is over, with ``open_count``, how many differences there are
    now; None before the first. One query."""
    counted = open_differences().order_by().values("gone_at").annotate(n=Count("pk"))
    count = Coalesce(Subquery(counted.values("n")), 0)
    found = GradeComparison.objects.filter(ended_at__isnull=False)
    return found.annotate(open_count=count).order_by("-id").first()


def asked_comparison() -> GradeComparison | None:
    """The one that waits for a worker."""
    return GradeComparison.objects.filter(ended_at__isnull=True).order_by("id").first()


def last_comparisons(count: int) -> list[GradeComparison]:
    """Those that are over, with who asked for them, the latest first."""
    found = GradeComparison.objects.filter(ended_at__isnull=False)
    return list(found.select_related("by").order_by("-id")[:count])
