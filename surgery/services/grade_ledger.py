"""Writing the ledger of grades: a version with its changes, and what holds today.

The only way a grade changes. Whether it may is decided before (``grading``, importers).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from portal.accounts.models import User
from portal.audit.acting import acting
from portal.audit.bulk import in_few_words
from portal.parameters.days import day_of
from portal.parameters.queries import value_of
from portal.parameters.registry import REGRADE_TRANSITION_DAYS
from surgery.enums import Grade, GradeAct
from surgery.ledger import grade_on
from surgery.models import GradeChange, GradeProposal, GradeVersion, Procedure
from surgery.outbound import Turn, tell_grades, withdraw_grades
from surgery.queries.grading import changes_by_procedure, grades_on

MOST_TRIES = 10


class VersionNumberTaken(Exception):
    """Ten others were quicker: somebody writes versions in a loop."""


@dataclass(frozen=True)
class Entry:
    """One change as it will be written."""

    procedure: Procedure
    act: GradeAct
    grade: int
    effective_from: date
    reason: str
    meeting: str = ""
    doc_no: str = ""
    proposal: GradeProposal | None = None
    undoes: GradeChange | None = None


def write_version(
    entries: Sequence[Entry],
    *,
    by: User,
    at: datetime,
    reason: str,
    meeting: str = "",
    doc_no: str = "",
    shown: Mapping[int, str | None] | None = None,
) -> GradeVersion:
    """All changes as one version; the procedures come locked. Inside a transaction.

    Every change of a grade passes here, so what tells the HIS of them is called at the
    end of it, in the same transaction; ``shown`` as of ``tell_grades``.
    """
    version = _next_version(
        max(one.effective_from for one in entries),
        by=by,
        at=at,
        reason=reason,
        meeting=meeting,
        doc_no=doc_no,
    )
    known = changes_by_procedure([one.procedure.pk for one in entries])
    GradeChange.objects.bulk_create(
        [
            _change(
                one,
                version,
                before=grade_on(
                    one.effective_from,
                    known[one.procedure.pk],
                    present=one.procedure.grade,
                ),
            )
            for one in entries
        ]
    )
    project([one.procedure for one in entries], by=by, at=at, reason=reason)
    _tell(version, shown)
    return version


def _tell(version: GradeVersion, shown: Mapping[int, str | None] | None) -> None:
    """The HIS of what changed; what waits for a day that was taken back is stopped."""
    changes = list(version.changes.select_related("procedure").order_by("pk"))
    today = day_of(version.recorded_at)
    undone = defaultdict(list)
    for one in changes:
        if one.act == GradeAct.UNDO and one.effective_from > today:
            undone[one.effective_from].append(one.procedure)
    for day, procedures in undone.items():
        withdraw_grades(procedures, at=version.recorded_at, effective_from=day)
    tell_grades(
        [
            Turn(
                one.procedure,
                one.grade,
                one.effective_from,
                f"surgery.gradechange:{one.pk}",
                one.doc_no,
            )
            for one in changes
        ],
        by=version.by,
        at=version.recorded_at,
        reason=version.reason,
        version=version.number,
        shown=shown,
    )


def _next_version(effective_on: date, **said: Any) -> GradeVersion:
    """The next number of the year it takes effect in.

    Of two decisions at once the second finds the number taken and takes the next one.
    """
    at = said.pop("at")
    for _try in range(MOST_TRIES):
        same_year = GradeVersion.objects.filter(year=effective_on.year)
        last = same_year.aggregate(last=Max("sequence"))["last"] or 0
        version = GradeVersion(
            year=effective_on.year,
            sequence=last + 1,
            effective_on=effective_on,
            recorded_at=at,
            **said,
        )
        try:
            with transaction.atomic():
                version.save()
        except IntegrityError:
            continue
        return version
    raise VersionNumberTaken


def _change(entry: Entry, version: GradeVersion, *, before: int) -> GradeChange:
    return GradeChange(
        procedure=entry.procedure,
        code=entry.procedure.code,
        name=entry.procedure.name,
        act=entry.act,
        grade=entry.grade,
        grade_before=before,
        effective_from=entry.effective_from,
        recorded_at=version.recorded_at,
        transition_until=_transition(entry, before, version.recorded_at),
        reason=entry.reason,
        meeting=entry.meeting,
        doc_no=entry.doc_no,
        by=version.by,
        version=version,
        proposal=entry.proposal,
        undoes=entry.undoes,
    )


def _transition(entry: Entry, before: int, at: datetime) -> date | None:
    """The last day of it: only who was right under a lower grade gets one.

    A change recorded late is counted from the day people could know of it.
    """
    if entry.act is GradeAct.UNDO:
        return None
    return transition_until(entry.effective_from, before, entry.grade, day_of(at))


def transition_until(
    effective_from: date, before: int, grade: int, today: date
) -> date | None:
    days = value_of(REGRADE_TRANSITION_DAYS)
    if not days or not Grade.UNGRADED < before < grade:
        return None
    return max(effective_from, today) + timedelta(days=days - 1)


def project(
    procedures: Sequence[Procedure], *, by: User | None, at: datetime, reason: str
) -> list[Procedure]:
    """Bring ``Procedure.grade`` to what holds today; those that changed."""
    today = day_of(at)
    changes = changes_by_procedure([one.pk for one in procedures])
    changed: dict[int, list[Procedure]] = defaultdict(list)
    for one in procedures:
        grade = grade_on(today, changes[one.pk], present=one.grade)
        if grade != one.grade:
            one.grade = grade
            changed[grade].append(one)
    # A list of thousands is four statements.
    with acting(by=by, reason=reason):
        for grade, alike in sorted(changed.items()):
            keys = [one.pk for one in alike]
            for condition in in_few_words(keys, Procedure.objects.db):
                Procedure.objects.filter(condition).update(grade=grade)
    return [one for alike in changed.values() for one in alike]


def apply_due(*, at: datetime) -> list[Procedure]:
    """到日生效: what was decided for a day that has come holds today.

    Checks and as-of reads knew it already; this is for lists and the HIS. Inside a
    transaction; returns the procedures whose grade changed.
    """
    graded = grades_on(day_of(at))
    present = Procedure.objects.order_by().values_list("pk", "grade")
    behind = [pk for pk, grade in present if graded.get(pk, grade) != grade]
    if not behind:
        return []
    locked = Procedure.objects.select_for_update().filter(pk__in=behind)
    return project(
        list(locked.order_by("pk")), by=None, at=at, reason="到施行日，级别生效"
    )
