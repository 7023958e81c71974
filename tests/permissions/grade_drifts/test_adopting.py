"""Grades as the HIS has them become proposals: scored, decided by another person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from permissions import regrading
from permissions.enums import DriftState
from permissions.models import Drift, DriftDecision
from permissions.reconciliation import adopt, repair
from portal.accounts.models import User
from portal.audit.refusing import ReasonTooShort
from portal.demo_his.database import Database
from portal.his.sql.gateway import SqlGateway
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Message, State
from surgery.checks.scoring import ScoreSheet
from surgery.models import GradeChange, GradeProposal
from surgery.services import grading
from surgery.services.grading_as_shown import score
from surgery.services.grading_refusals import (
    DocumentMissing,
    NotScored,
    OwnGradeProposal,
    ScoredAlready,
)
from tests.permissions.grade_drifts.grade_looks import (
    BY_HAND,
    REASON,
    TONSIL,
    VEIN,
    drift_of,
    keys,
    look,
    rename,
    shown,
)
from tests.surgery.grades import procedure

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
SHEET = ScoreSheet(4, 4, 3, 3)


def adopted(by: User, code: str = VEIN) -> Any:
    return adopt(chosen=keys(code), by=by, at=timezone.now(), reason=REASON)


def nothing_decided() -> bool:
    return not (
        GradeProposal.objects.exists()
        or GradeProposal.history.exists()
        or GradeChange.objects.exists()
        or DriftDecision.objects.exists()
        or Message.objects.exists()
    )


def test_adopted_grade_is_a_proposal_and_changes_nothing(
    his: SqlGateway, lin: User
) -> None:
    look(his)

    assert adopted(lin).done == 1

    drift, proposal = drift_of(VEIN), GradeProposal.objects.get()
    assert (drift.state, drift.grade_proposal) == (DriftState.ADOPTED, proposal)
    assert (proposal.act, proposal.grade_before, proposal.grade) == ("CHANGE", 2, 3)
    assert (proposal.state, proposal.sheet, proposal.doc_no) == ("SUBMITTED", None, "")
    assert (proposal.proposed_by, proposal.reason) == (lin, REASON)
    assert procedure(VEIN).grade == 2
    assert GradeChange.objects.count() == Message.objects.count() == 0


def test_grade_the_his_has_none_of_is_proposed_to_be_withdrawn(
    his: SqlGateway, lin: User
) -> None:
    look(his)

    adopted(lin, TONSIL)

    proposal = GradeProposal.objects.get()
    assert (proposal.act, proposal.grade) == ("WITHDRAW", 0)


def test_what_is_not_in_the_catalogue_is_not_proposed(
    his: SqlGateway, database: Database, lin: User
) -> None:
    rename(database, "51.2300", "99.9900")
    look(his)

    outcome = adopted(lin, "99.9900")

    assert (outcome.done, len(outcome.left)) == (0, 1)
    assert nothing_decided()
    assert drift_of("99.9900").state == DriftState.OPEN


def test_procedure_with_a_proposal_open_gets_no_second_one(
    his: SqlGateway, lin: User, su: User
) -> None:
    look(his)
    adopted(lin)
    at = timezone.now() + timedelta(hours=1)
    Drift.objects.filter(pk__in=keys(VEIN)).update(state=DriftState.OPEN)

    outcome = adopt(chosen=keys(VEIN), by=su, at=at, reason=REASON)

    assert [str(why) for why in outcome.left.values()] == [
        "这项手术已有一份待审定的定级申请，先办结那一份。"
    ]
    assert GradeProposal.objects.count() == DriftDecision.objects.count() == 1


def test_who_may_not_propose_grades_adopts_none(his: SqlGateway, gao: User) -> None:
    look(his)

    outcome = adopted(gao)

    assert [str(why) for why in outcome.left.values()] == [
        "提议级别须有提出定级的权限。"
    ]
    assert nothing_decided()


def test_unscored_proposal_cannot_be_approved(
    his: SqlGateway, lin: User, he: User
) -> None:
    look(his)
    adopted(lin)
    proposal = GradeProposal.objects.get()

    with pytest.raises(NotScored):
        regrading.approve(
            proposals=[proposal],
            by=he,
            at=timezone.now(),
            reason="委员会通过",
            meeting="2026 年第 6 次会议",
            doc_no="院医〔2026〕61 号",
        )

    assert GradeProposal.objects.get().state == "SUBMITTED"
    assert GradeChange.objects.count() == Message.objects.count() == 0


def scored(proposal: GradeProposal, by: User, **said: Any) -> GradeProposal:
    given: dict[str, Any] = {"reason": "按四个维度评分，与 HIS 一致", **said}
    return score(proposal=proposal, sheet=SHEET, by=by, at=timezone.now(), **given)


def test_scored_proposal_is_approved_told_and_ends_the_drift(
    his: SqlGateway, lin: User, he: User
) -> None:
    look(his)
    adopted(lin)
    proposal = scored(GradeProposal.objects.get(), lin, doc_no="院医〔2026〕61 号")

    regrading.approve(
        proposals=[proposal],
        by=he,
        at=timezone.now(),
        reason="委员会通过",
        meeting="2026 年第 6 次会议",
    )
    deliver_due(gateway=his)

    assert procedure(VEIN).grade == 3
    assert GradeChange.objects.get().doc_no == "院医〔2026〕61 号"
    look(his, hours=1)
    assert VEIN not in shown()
    assert Drift.objects.get(item=VEIN).state == DriftState.ADOPTED


@pytest.mark.parametrize(
    ("by_hand", "says"), [("三级", ("UPDATE", "3", "3")), ("", ("VOID", "0", "0"))]
)
def test_approved_grade_of_the_his_is_taken_by_it_although_it_was_told_another(
    his: SqlGateway,
    database: Database,
    lin: User,
    he: User,
    by_hand: str,
    says: tuple[str, str, str],
) -> None:
    look(his)
    repair(chosen=keys(VEIN), by=lin, at=timezone.now(), reason=REASON)
    deliver_due(gateway=his)
    look(his, hours=1)
    database.run(BY_HAND, grade=by_hand, code=VEIN)
    look(his, hours=2)
    adopted(lin)
    proposal = GradeProposal.objects.get()
    if by_hand:
        scored(proposal, lin)

    regrading.approve(
        proposals=[proposal],
        by=he,
        at=timezone.now(),
        reason="委员会通过",
        meeting="2026 年第 6 次会议",
        doc_no="院医〔2026〕61 号",
    )
    look(his, hours=2, minutes=1)
    assert drift_of(VEIN).state == DriftState.ADOPTED
    deliver_due(gateway=his)

    told = Message.objects.order_by("-pk")[0]
    names = ("op", "old_grade", "new_grade")
    assert tuple(told.payload[name] for name in names) == says
    assert told.state == State.CONFIRMED
    look(his, hours=4)
    assert VEIN not in shown()
    assert Drift.objects.filter(item=VEIN).order_by("-pk")[0].state == (
        DriftState.ADOPTED
    )


def test_who_scores_it_stands_for_it(his: SqlGateway, lin: User, he: User) -> None:
    look(his)
    adopted(lin)
    proposal = scored(GradeProposal.objects.get(), he, doc_no="院医〔2026〕61 号")
    assert proposal.proposed_by == he

    with pytest.raises(OwnGradeProposal):
        grading.approve(
            proposals=[proposal],
            by=he,
            at=timezone.now(),
            reason="委员会通过",
            meeting="2026 年第 6 次会议",
        )

    assert GradeChange.objects.count() == 0


def test_scoring_twice_or_without_a_reason_is_refused(
    his: SqlGateway, lin: User, su: User
) -> None:
    look(his)
    adopted(lin)
    proposal = GradeProposal.objects.get()
    with pytest.raises(ReasonTooShort):
        scored(proposal, su, reason=" ")
    proposal.refresh_from_db()
    assert (proposal.sheet, proposal.proposed_by) == (None, lin)
    assert proposal.history.count() == 1

    scored(proposal, lin)
    with pytest.raises(ScoredAlready):
        scored(proposal, su)

    proposal.refresh_from_db()
    assert (proposal.proposed_by, proposal.history.count()) == (lin, 2)


def test_approval_without_any_document_is_refused(
    his: SqlGateway, lin: User, he: User
) -> None:
    look(his)
    adopted(lin, TONSIL)

    with pytest.raises(DocumentMissing):
        regrading.approve(
            proposals=[GradeProposal.objects.get()],
            by=he,
            at=timezone.now(),
            reason="委员会通过",
        )

    assert GradeChange.objects.count() == 0


def test_rejected_proposal_opens_the_drift_again(
    his: SqlGateway, lin: User, he: User
) -> None:
    look(his)
    adopted(lin)
    look(his, hours=1)
    assert drift_of(VEIN).state == DriftState.ADOPTED
    grading.reject(
        proposal=GradeProposal.objects.get(),
        by=he,
        at=timezone.now(),
        reason="以本院为准",
    )

    look(his, hours=2)

    assert drift_of(VEIN).state == DriftState.OPEN
