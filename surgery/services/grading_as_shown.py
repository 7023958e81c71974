"""A grade the HIS was seen to have, proposed like any other, and its score sheet.

What was only seen has no scores and no document: it is proposed without, so that
nothing is invented, and no one can approve it before somebody has scored it. Who
scores it stands for it; another person decides.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.accounts.models import User
from portal.audit.acting import acting
from portal.audit.refusing import clear_reason
from portal.parameters.days import day_of
from surgery.checks.scoring import ScoreSheet
from surgery.models import GradeProposal, Procedure
from surgery.models.grading import POINTS
from surgery.queries.grading import grade_of
from surgery.services.grading import act_of, save, submitted, waiting_one
from surgery.services.grading_refusals import (
    GradeUnchanged,
    ScoredAlready,
    StoodForAlready,
)


@transaction.atomic
def propose_as_shown(
    *, procedure: Procedure, grade: int, by: User, at: datetime, reason: str
) -> GradeProposal:
    """From today on, ``grade`` 0 for none; raises what ``grading.propose`` raises."""
    text, today = clear_reason(reason), day_of(at)
    mine = Procedure.objects.select_for_update().get(pk=procedure.pk)
    before = grade_of(mine, today)
    if grade == before:
        raise GradeUnchanged(GradeProposal(grade=grade).get_grade_display())
    proposal = GradeProposal(
        procedure=mine,
        act=act_of(before, grade),
        grade=grade,
        grade_before=before,
        effective_on=today,
        reason=text,
        proposed_by=by,
        proposed_at=at,
    )
    return submitted(proposal, by=by, at=at)


@transaction.atomic
def score(
    *,
    proposal: GradeProposal,
    sheet: ScoreSheet,
    by: User,
    at: datetime,
    reason: str,
    doc_no: str = "",
    meeting: str = "",
) -> GradeProposal:
    """补评分: the sheet a proposal lacks; whoever fills it in is its proposer now."""
    text, current = clear_reason(reason), waiting_one(proposal)
    if not current.lacks_sheet:
        raise ScoredAlready
    for name, points in zip(POINTS, sheet.points, strict=True):
        setattr(current, name, points)
    return _stood_for(current, by, at, text, doc_no, meeting)


@transaction.atomic
def stand_for(
    *,
    proposal: GradeProposal,
    by: User,
    at: datetime,
    reason: str,
    doc_no: str = "",
    meeting: str = "",
) -> GradeProposal:
    """确认提出: what the system proposed and nobody scores (作废) gets a person for its
    proposer, so that two people stand for it as for any other."""
    text, current = clear_reason(reason), waiting_one(proposal)
    if not current.lacks_proposer:
        raise StoodForAlready
    return _stood_for(current, by, at, text, doc_no, meeting)


def _stood_for(
    current: GradeProposal,
    by: User,
    at: datetime,
    text: str,
    doc_no: str,
    meeting: str,
) -> GradeProposal:
    current.proposed_by, current.reason = by, text
    current.doc_no = doc_no.strip() or current.doc_no
    current.meeting = meeting.strip() or current.meeting
    with acting(by=by, reason=text):
        save(current, at)
    return current
