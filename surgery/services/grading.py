"""Giving procedures their grade: proposed by one, decided by another, kept for ever.

Each act is one transaction; what must not be is refused with a ``GradingRefused`` and
leaves nothing. What follows for rights already granted is the upper room's
(``permissions.regrading``), in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.approvals.workflow import (
    Decision,
    ProposalState,
    TransitionRefused,
    next_state,
)
from portal.audit.acting import acting
from portal.audit.refusing import clear_reason
from portal.parameters.days import day_of
from portal.parameters.queries import value_of
from portal.parameters.registry import LATE_RECORD_DAYS
from surgery.checks.scoring import ScoreSheet
from surgery.enums import Grade, GradeAct
from surgery.models import (
    GradeChange,
    GradeProposal,
    GradeVersion,
    Procedure,
)
from surgery.models.grading import POINTS
from surgery.queries.grading import grade_of, undone_recodings
from surgery.services.grade_ledger import Entry, write_version
from surgery.services.grading_refusals import (
    AlreadyDecided,
    ApproverNeeded,
    CommitteeNeeded,
    DocumentMissing,
    EffectiveTooEarly,
    GradeMissing,
    GradeMovedOn,
    GradeUnchanged,
    MeetingMissing,
    NothingChosen,
    NothingToUndo,
    NotScored,
    NotTheProposer,
    OwnGradeProposal,
    ProposalOpen,
    ProposerMissing,
    ScoresMissing,
)
from surgery.services.grading_undoing import must_not_be_carried, why_under

COMMITTEE_GRADES = frozenset({Grade.THREE, Grade.FOUR})


@dataclass(frozen=True)
class Wish:
    """The grade asked for; ``grade`` 0 withdraws it and needs no ``sheet``."""

    procedure: Procedure
    grade: int
    effective_on: date
    sheet: ScoreSheet | None = None
    meeting: str = ""
    doc_no: str = ""


# --- proposing ------------------------------------------------------------------------


@transaction.atomic
def propose(*, wish: Wish, by: User, at: datetime, reason: str) -> GradeProposal:
    """提出定级、调级、作废; somebody else decides."""
    text = clear_reason(reason)
    procedure = Procedure.objects.select_for_update().get(pk=wish.procedure.pk)
    before = grade_of(procedure, wish.effective_on)
    must_be_possible(wish, before, at)
    if not wish.doc_no.strip():
        raise DocumentMissing
    proposal = GradeProposal(
        procedure=procedure,
        act=act_of(before, wish.grade),
        grade=wish.grade,
        grade_before=before,
        effective_on=wish.effective_on,
        reason=text,
        meeting=wish.meeting.strip(),
        doc_no=wish.doc_no.strip(),
        proposed_by=by,
        proposed_at=at,
    )
    if wish.sheet is not None and wish.grade:
        for name, points in zip(POINTS, wish.sheet.points, strict=True):
            setattr(proposal, name, points)
    return submitted(proposal, by=by, at=at)


def submitted(proposal: GradeProposal, *, by: User, at: datetime) -> GradeProposal:
    """Saved; ``ProposalOpen`` where another one of the procedure waits."""
    try:
        with transaction.atomic(), acting(by=by, reason=proposal.reason):
            save(proposal, at)
    except IntegrityError:
        if not _open_of(proposal.procedure).exists():
            raise
        raise ProposalOpen from None
    return proposal


def must_be_possible(wish: Wish, before: int, at: datetime) -> None:
    """What can be said of a wish before anybody decides; reads parameters alone."""
    earliest = day_of(at) - timedelta(days=value_of(LATE_RECORD_DAYS))
    if wish.effective_on < earliest:
        raise EffectiveTooEarly(earliest)
    if wish.grade == before == Grade.UNGRADED:
        raise GradeMissing
    if wish.grade == before:
        raise GradeUnchanged(Grade(before).label)
    if wish.grade and wish.sheet is None:
        raise ScoresMissing


def act_of(before: int, grade: int) -> GradeAct:
    if grade == Grade.UNGRADED:
        return GradeAct.WITHDRAW
    return GradeAct.NEW if before == Grade.UNGRADED else GradeAct.CHANGE


def _open_of(procedure: Procedure) -> QuerySet[GradeProposal]:
    return GradeProposal.objects.filter(
        procedure=procedure, state=ProposalState.SUBMITTED.value
    )


@transaction.atomic
def withdraw(
    *, proposal: GradeProposal, by: User, at: datetime, reason: str
) -> GradeProposal:
    """撤回: the proposer takes it back before anybody has decided."""
    current = waiting_one(proposal)
    if current.proposed_by_id != by.pk:
        raise NotTheProposer
    return _closed(current, Decision.WITHDRAW, by=by, at=at, reason=reason)


# --- deciding -------------------------------------------------------------------------


def needs_committee(*grades: int) -> bool:
    """Grades 3 and 4 are the committee's, whether they come or go (GR02)."""
    return not COMMITTEE_GRADES.isdisjoint(grades)


def may_decide(by: User, proposal: GradeProposal) -> bool:
    try:
        _must_be_allowed(by, proposal)
    except (OwnGradeProposal, CommitteeNeeded, ApproverNeeded):
        return False
    return True


@transaction.atomic
def approve(
    *,
    proposals: Sequence[GradeProposal],
    by: User,
    at: datetime,
    reason: str,
    meeting: str = "",
    doc_no: str = "",
    shown: Mapping[int, str | None] | None = None,
) -> GradeVersion:
    """同意: everything chosen becomes one new version of the catalogue; ``shown`` as of
    ``tell_grades``."""
    text = clear_reason(reason)
    current = _locked_all(proposals)
    for one in current:
        _must_be_allowed(by, one)
        _must_be_as_proposed(one)
        if one.lacks_sheet:
            raise NotScored(one.procedure.code)
        if one.lacks_proposer:
            raise ProposerMissing(one.procedure.code)
        if not (one.doc_no or doc_no.strip()):
            raise DocumentMissing
    is_committee = any(needs_committee(one.grade, one.grade_before) for one in current)
    held = meeting.strip() or _common(one.meeting for one in current)
    if is_committee and not held:
        raise MeetingMissing
    entries = [
        Entry(
            procedure=one.procedure,
            act=GradeAct(one.act),
            grade=one.grade,
            effective_from=one.effective_on,
            reason=one.reason,
            meeting=held,
            doc_no=doc_no.strip() or one.doc_no,
            proposal=one,
        )
        for one in current
    ]
    version = write_version(
        entries,
        by=by,
        at=at,
        reason=text,
        meeting=held,
        doc_no=doc_no.strip() or _common(one.doc_no for one in current),
        shown=shown,
    )
    for one in current:
        one.version = version
        _closed(one, Decision.APPROVE, by=by, at=at, reason=text)
    return version


@transaction.atomic
def return_(
    *, proposal: GradeProposal, by: User, at: datetime, reason: str
) -> GradeProposal:
    """退回: the proposer may ask again, better founded."""
    return _refused(proposal, Decision.RETURN, by=by, at=at, reason=reason)


@transaction.atomic
def reject(
    *, proposal: GradeProposal, by: User, at: datetime, reason: str
) -> GradeProposal:
    """不同意: the grade stays as it is."""
    return _refused(proposal, Decision.REJECT, by=by, at=at, reason=reason)


@transaction.atomic
def undo(
    *, version: GradeVersion, by: User, at: datetime, reason: str, doc_no: str = ""
) -> GradeVersion:
    """撤销一版: as known from now on its changes never were; what was known stays.

    A version that takes another one back is made by deciding anew.
    """
    text = clear_reason(reason)
    mine = list(
        GradeChange.objects.filter(version=version)
        .select_related("proposal")
        .order_by("code")
    )
    locked = _locked_procedures([one.procedure_id for one in mine])
    taken = set(
        GradeChange.objects.filter(undoes__in=mine).values_list("undoes", flat=True)
    )
    left = [one for one in mine if one.undoes_id is None and one.pk not in taken]
    if not left:
        raise NothingToUndo
    must_not_be_carried(left)
    for one in left:
        _must_be_allowed_to_undo(by, one)
    entries = [
        Entry(
            procedure=locked[one.procedure_id],
            act=GradeAct.UNDO,
            grade=one.grade_before,
            effective_from=one.effective_from,
            reason=text,
            meeting=one.meeting,
            doc_no=doc_no.strip() or one.doc_no,
            undoes=one,
        )
        for one in left
    ]
    return write_version(
        entries, by=by, at=at, reason=text, doc_no=doc_no.strip() or version.doc_no
    )


# --- what they share ------------------------------------------------------------------


def _must_be_allowed(by: User, proposal: GradeProposal) -> None:
    """Never the proposer; grades 3 and 4 are the committee's."""
    if proposal.proposed_by_id == by.pk:
        raise OwnGradeProposal
    _must_hold(by, proposal.grade, proposal.grade_before)


def _must_hold(by: User, *grades: int) -> None:
    if needs_committee(*grades):
        if not by.has_capability(Capability.RECORD_COMMITTEE):
            raise CommitteeNeeded
    elif not by.has_capability(Capability.APPROVE_GRADE):
        raise ApproverNeeded


def _must_be_allowed_to_undo(by: User, change: GradeChange) -> None:
    if change.proposal is not None and change.proposal.proposed_by_id == by.pk:
        raise OwnGradeProposal
    _must_hold(by, change.grade, change.grade_before)
    later = (
        GradeChange.objects.filter(
            procedure=change.procedure_id, pk__gt=change.pk, undoes__isnull=True
        )
        .exclude(undone_by__isnull=False)
        .select_related("version")
        .order_by("-pk")
        .first()
    )
    if later is not None:
        raise why_under(later, undone_recodings())


def _must_be_as_proposed(proposal: GradeProposal) -> None:
    now = grade_of(proposal.procedure, proposal.effective_on)
    if now != proposal.grade_before:
        raise GradeMovedOn(
            proposal.procedure.code,
            proposal.get_grade_before_display(),
            Grade(now).label,
        )


def _locked_all(proposals: Iterable[GradeProposal]) -> list[GradeProposal]:
    """As they stand now, each with its procedure, locked in one order for everybody."""
    keys = sorted({one.pk for one in proposals})
    if not keys:
        raise NothingChosen
    found = [waiting_one(GradeProposal(pk=key)) for key in keys]
    locked = _locked_procedures([one.procedure_id for one in found])
    for one in found:
        one.procedure = locked[one.procedure_id]
    return found


def _locked_procedures(keys: Sequence[int]) -> dict[int, Procedure]:
    found = Procedure.objects.select_for_update().filter(pk__in=keys)
    return {one.pk: one for one in found.order_by("pk")}


def waiting_one(proposal: GradeProposal) -> GradeProposal:
    current = GradeProposal.objects.select_for_update().get(pk=proposal.pk)
    if current.state != ProposalState.SUBMITTED:
        raise AlreadyDecided(current.get_state_display())
    return current


def _refused(
    proposal: GradeProposal, decision: Decision, *, by: User, at: datetime, reason: str
) -> GradeProposal:
    current = waiting_one(proposal)
    _must_be_allowed(by, current)
    return _closed(current, decision, by=by, at=at, reason=reason)


def _closed(
    proposal: GradeProposal, decision: Decision, *, by: User, at: datetime, reason: str
) -> GradeProposal:
    text = clear_reason(reason)
    try:
        proposal.state = next_state(ProposalState(proposal.state), decision)
    except TransitionRefused:
        raise AlreadyDecided(proposal.get_state_display()) from None
    proposal.decided_by = by
    proposal.decided_at = at
    proposal.decision_reason = text
    with acting(by=by, reason=text):
        save(proposal, at)
    return proposal


def _common(texts: Iterable[str]) -> str:
    """What all of them say; several documents are named by their changes."""
    found = {text for text in texts if text}
    return found.pop() if len(found) == 1 else ""


def save(proposal: GradeProposal, at: datetime) -> None:
    """The history row carries the moment of the act."""
    proposal._history_date = at  # type: ignore[attr-defined]  # read by simple-history
    proposal.save()
