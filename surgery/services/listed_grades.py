"""Grades set by the hospital's own list: decided at once, one version of the catalogue.

What a list grades goes through the same ledger as what is decided one by one; who
agreed to the list is who decided. ``one`` is the import: it says by which document and
meeting, and for which day.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.bell import ring_on_commit
from portal.parameters.days import day_of
from portal.parameters.queries import value_of
from portal.parameters.registry import LATE_RECORD_DAYS
from surgery.enums import Grade, GradeAct
from surgery.models import GradeChange, GradeVersion, Procedure, ProcedureImport
from surgery.queries.grading import undone_recodings
from surgery.services.grade_ledger import Entry, write_version
from surgery.services.grading import act_of, needs_committee
from surgery.services.grading_refusals import (
    ApproverNeeded,
    CommitteeNeeded,
    EffectiveTooEarly,
    GradingRefused,
    MeetingMissing,
)
from surgery.services.grading_undoing import why_under

# Grants are another room's: it looks at every version, and soon when it is called.
FOLLOWER = "permissions.follow_regradings"


class Listed(NamedTuple):
    """The grade a procedure shall have; it comes locked."""

    procedure: Procedure
    grade: Grade


def decides(grades: Collection[int]) -> Capability:
    """What somebody must hold to decide on these: grades 3 and 4 are the committee's."""
    if needs_committee(*grades):
        return Capability.RECORD_COMMITTEE
    return Capability.APPROVE_GRADE


def must_decide(by: User, grades: Collection[int]) -> None:
    needed = decides(grades)
    if not by.has_capability(needed):
        is_theirs = needed == Capability.RECORD_COMMITTEE
        raise CommitteeNeeded if is_theirs else ApproverNeeded


def must_be_decided(*, second: User, grades: Collection[int], meeting: str) -> None:
    """What can be said of a list before it is written."""
    must_decide(second, grades)
    if needs_committee(*grades) and not meeting.strip():
        raise MeetingMissing


def must_not_be_too_early(effective_on: date, at: datetime) -> None:
    earliest = day_of(at) - timedelta(days=value_of(LATE_RECORD_DAYS))
    if effective_on < earliest:
        raise EffectiveTooEarly(earliest)


def set_grades(
    wishes: Sequence[Listed], *, one: ProcedureImport, by: User, at: datetime
) -> GradeVersion:
    """One version with all of them; ``by`` decided. Inside a transaction."""
    effective_on = one.effective_on or day_of(at)
    entries = [
        Entry(
            procedure=procedure,
            act=act_of(procedure.grade, grade),
            grade=grade,
            effective_from=effective_on,
            reason=one.reason,
            meeting=one.meeting,
            doc_no=one.doc_no,
        )
        for procedure, grade in wishes
    ]
    ring_on_commit(FOLLOWER)
    return write_version(
        entries,
        by=by,
        at=at,
        reason=one.reason,
        meeting=one.meeting,
        doc_no=one.doc_no,
    )


class Taken(NamedTuple):
    """What a list changed, and why that can be taken back no more, if it cannot;
    ``is_undone`` where it was taken back by itself already."""

    change: GradeChange
    refusal: GradingRefused | None
    is_undone: bool


def changes_of(one: ProcedureImport) -> dict[int, Taken]:
    """By procedure; one that has a later grade is not taken back before that is."""
    mine = GradeChange.objects.filter(version=one.version, undoes=None)
    later = (
        GradeChange.objects.filter(
            version__gt=one.version_id, undoes=None, undone_by=None
        )
        .select_related("version")
        .order_by("pk")
    )
    recodings = undone_recodings()
    stands = {change.procedure_id: change for change in later}
    return {
        change.procedure_id: Taken(
            change,
            why_under(newer, recodings)
            if (newer := stands.get(change.procedure_id))
            else None,
            hasattr(change, "undone_by"),
        )
        for change in mine.select_related("undone_by").order_by("pk")
    }


def take_back_grades(
    taken: Sequence[tuple[Procedure, GradeChange]],
    *,
    one: ProcedureImport,
    by: User,
    at: datetime,
) -> None:
    """As known from now on these changes never were. Inside a transaction."""
    entries = [
        Entry(
            procedure=procedure,
            act=GradeAct.UNDO,
            grade=change.grade_before,
            effective_from=change.effective_from,
            reason=one.undo_reason,
            meeting=change.meeting,
            doc_no=change.doc_no,
            undoes=change,
        )
        for procedure, change in taken
    ]
    ring_on_commit(FOLLOWER)
    write_version(entries, by=by, at=at, reason=one.undo_reason, doc_no=one.doc_no)
