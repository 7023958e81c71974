"""Grades as they were on any day, as known at any moment, read from the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet

from portal.approvals.workflow import ProposalState
from surgery.enums import Grade, RecodingState
from surgery.ledger import base_of, grade_on, standing
from surgery.models import (
    GradeChange,
    GradeProposal,
    Procedure,
    Recoding,
    RecodingLine,
)


class Known(NamedTuple):
    """A change as the fold reads it."""

    pk: int
    procedure_id: int
    grade: int
    grade_before: int
    effective_from: date
    recorded_at: datetime
    transition_until: date | None
    undoes_id: int | None
    version_id: int


# Of more, a statement cannot name each (SQL Server takes 2,100 parameters): read all.
MOST_NAMED = 1000


def changes_by_procedure(
    procedures: Collection[int] | None = None,
) -> dict[int, list[Known]]:
    """All changes, or those of some procedures, in the order recorded; one query."""
    rows = GradeChange.objects.order_by("pk")
    wanted = None if procedures is None else set(procedures)
    if wanted is not None and len(wanted) <= MOST_NAMED:
        rows = rows.filter(procedure__in=wanted)
    found: dict[int, list[Known]] = defaultdict(list)
    for row in rows.values_list(*Known._fields):
        if wanted is None or row[1] in wanted:
            found[row[1]].append(Known._make(row))
    return found


def standing_changes() -> QuerySet[GradeChange]:
    """Changes that still stand: none that takes back, none that was taken back, by
    itself or with the re-coding it is of.

    Not for taking an earlier one back: what an undone re-coding gave back is a grade of
    the ledger, and it would stay as it is.
    """
    undone = Recoding.objects.filter(state=RecodingState.UNDONE).order_by()
    made = undone.filter(version__isnull=False).values("version")
    given_back = undone.filter(undo_version__isnull=False).values("undo_version")
    return GradeChange.objects.filter(undoes=None, undone_by=None).exclude(
        Q(version__in=made) | Q(version__in=given_back)
    )


def undone_recodings() -> dict[int, int]:
    """Numbers of re-codings that were undone, by the keys of the versions they made."""
    undone = Recoding.objects.filter(state=RecodingState.UNDONE).order_by("pk")
    found: dict[int, int] = {}
    for one in undone.only("version", "undo_version"):
        for version in (one.version_id, one.undo_version_id):
            if version is not None:
                found[version] = one.pk
    return found


def grade_of(
    procedure: Procedure, day: date, known_at: datetime | None = None
) -> Grade:
    """The grade of one procedure on a day, as known at ``known_at`` (None: now)."""
    changes = changes_by_procedure([procedure.pk])[procedure.pk]
    return Grade(grade_on(day, changes, present=procedure.grade, known_at=known_at))


def grades_on(day: date, known_at: datetime | None = None) -> dict[int, int]:
    """The grade of every procedure by its key; two queries."""
    changes = changes_by_procedure()
    present = Procedure.objects.order_by().values_list("pk", "grade")
    return {
        pk: grade_on(day, changes.get(pk, ()), present=grade, known_at=known_at)
        for pk, grade in present
    }


def grades_of_version(version_id: int) -> dict[int, int]:
    """The catalogue a version makes, by key of the procedure: what all changes up to it
    add up to, once they are in force."""
    return _of_version(version_id, changes_by_procedure())


def _of_version(
    version_id: int, changes: Mapping[int, Sequence[Known]]
) -> dict[int, int]:
    found = {}
    for pk, grade in Procedure.objects.order_by().values_list("pk", "grade"):
        mine = changes.get(pk, ())
        upto = standing(one for one in mine if one.version_id <= version_id)
        found[pk] = upto[-1].grade if upto else base_of(mine, grade)
    return found


def predecessors_of(procedure: Procedure) -> set[int]:
    """Entries whose codes became this one, straight or over others; by key."""
    found: set[int] = set()
    looked_at = {procedure.pk}
    while looked_at:
        rows = RecodingLine.objects.filter(
            new__in=looked_at, recoding__state=RecodingState.APPLIED
        )
        olds = set(rows.order_by("pk").values_list("old", flat=True))
        looked_at = olds - found - {procedure.pk}
        found |= looked_at
    return found


def history_of(procedure: Procedure) -> list[GradeChange]:
    """Every change ever recorded, the latest first, with who and what led to it; those
    of the codes it was before too."""
    entries = {procedure.pk, *predecessors_of(procedure)}
    return list(
        GradeChange.objects.filter(procedure__in=entries)
        .select_related("by", "version", "proposal__proposed_by", "undone_by__version")
        .order_by("-pk")
    )


@dataclass(frozen=True)
class Difference:
    """One procedure that has another grade in the second of two catalogues."""

    procedure: Procedure
    before: int
    after: int

    @property
    def is_added(self) -> bool:
        return self.before == Grade.UNGRADED

    @property
    def is_removed(self) -> bool:
        return self.after == Grade.UNGRADED


def compare(before: int, after: int) -> list[Difference]:
    """Two versions by their keys, by code; three queries and one for each of them."""
    changes = changes_by_procedure()
    first, second = _of_version(before, changes), _of_version(after, changes)
    other = [pk for pk, grade in second.items() if first[pk] != grade]
    found = Procedure.objects.filter(pk__in=other).order_by("code")
    return [Difference(one, first[one.pk], second[one.pk]) for one in found]


def proposals() -> QuerySet[GradeProposal]:
    """With everything a list shows, newest first."""
    return GradeProposal.objects.select_related(
        "procedure", "proposed_by", "decided_by", "version"
    ).order_by("-id")


def waiting() -> QuerySet[GradeProposal]:
    """To be decided, the oldest first."""
    return proposals().filter(state=ProposalState.SUBMITTED.value).order_by("pk")
