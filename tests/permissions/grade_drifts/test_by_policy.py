"""Grades the hospital lets be proposed by themselves: two people, and not every night."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from permissions import regrading
from permissions.models import DriftDecision
from permissions.reconciliation import ignore, settle_repairs
from portal.accounts.models import User
from portal.demo_his.database import Database
from portal.his.sql.gateway import SqlGateway
from portal.notices.models import Notice
from portal.outbox.models import Message
from portal.outbox.services import stop
from portal.parameters.reconciling import RECONCILE_GRADE_DIFFERENT
from portal.parameters.registry import RECONCILE_BRAKE_PERCENT
from portal.parameters.services import change
from surgery.models import GradeChange, GradeProposal
from surgery.services import grading
from surgery.services.grading_as_shown import stand_for
from surgery.services.grading_refusals import (
    OwnGradeProposal,
    ProposerMissing,
    StoodForAlready,
)
from tests.cast import sign_in
from tests.pages import CheckedClient
from tests.permissions.grade_drifts.grade_looks import (
    BY_HAND,
    TONSIL,
    VEIN,
    drift_of,
    keys,
    look,
)
from tests.surgery.grades import procedure
from tests.surgery.grading import nothing_written

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
WHY = "科室会议同意不再定级"
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}


def by_policy(by: User, value: int = 2) -> None:
    change(parameter=RECONCILE_GRADE_DIFFERENT, value=value, by=by, reason="会议决定")


def proposal_of(code: str) -> GradeProposal:
    return GradeProposal.objects.get(procedure__code=code)


@pytest.fixture
def withdrawal(his: SqlGateway, he: User) -> GradeProposal:
    """作废 the system proposed: the HIS has no grade where we have one."""
    by_policy(he)
    look(his)
    found = proposal_of(TONSIL)
    assert (found.act, found.proposed_by.is_system) == ("WITHDRAW", True)
    return found


def approve(proposal: GradeProposal, by: User) -> None:
    regrading.approve(
        proposals=[proposal],
        by=by,
        at=timezone.now(),
        reason="委员会通过",
        meeting="2026 年第 6 次会议",
        doc_no="院医〔2026〕61 号",
    )


def stood_for(proposal: GradeProposal, by: User) -> GradeProposal:
    return stand_for(proposal=proposal, by=by, at=timezone.now(), reason=WHY)


def test_nobody_approves_alone_a_withdrawal_the_system_proposed(
    withdrawal: GradeProposal, he: User
) -> None:
    before = procedure(TONSIL).grade

    with pytest.raises(ProposerMissing), nothing_written():
        approve(withdrawal, he)

    assert (proposal_of(TONSIL).state, procedure(TONSIL).grade) == ("SUBMITTED", before)
    assert GradeChange.objects.count() == Message.objects.count() == 0


def test_who_stands_for_it_is_its_proposer_and_another_approves(
    withdrawal: GradeProposal, he: User, lin: User
) -> None:
    stood_for(withdrawal, he)
    with pytest.raises(OwnGradeProposal), nothing_written():
        approve(withdrawal, he)
    withdrawal.refresh_from_db()
    assert (withdrawal.proposed_by, withdrawal.reason) == (he, WHY)

    approve(withdrawal, lin)

    assert (proposal_of(TONSIL).state, procedure(TONSIL).grade) == ("APPROVED", 0)


def test_what_is_to_be_scored_or_has_a_proposer_is_not_stood_for(
    withdrawal: GradeProposal, he: User, lin: User
) -> None:
    with pytest.raises(StoodForAlready), nothing_written():
        stood_for(proposal_of(VEIN), lin)
    stood_for(withdrawal, he)

    with pytest.raises(StoodForAlready), nothing_written():
        stood_for(withdrawal, lin)


def test_list_shows_it_apart_without_a_box_until_somebody_stands_for_it(
    client: CheckedClient, withdrawal: GradeProposal, he: User, lin: User
) -> None:
    sign_in(client, he)

    def ticked(view: str) -> dict[str, bool]:
        answer = client.get(f"/grades/?view={view}")
        html = answer.content.decode()
        return {
            row.code: f'name="selected" value="{row.id}"' in html
            for row in answer.context["list"].rows
        }

    assert TONSIL not in ticked("waiting")
    assert ticked("unscored")[TONSIL] is False
    [row] = [
        one
        for one in client.get("/grades/?view=unscored").context["list"].rows
        if one.code == TONSIL
    ]
    assert str(row.state.text) == "待确认提出"

    stood_for(withdrawal, lin)

    assert ticked("waiting") == {TONSIL: True}


def test_drawer_makes_who_fills_it_in_the_proposer(
    client: CheckedClient, withdrawal: GradeProposal, lin: User
) -> None:
    sign_in(client, lin)
    address = f"/grades/{withdrawal.pk}/stand/"
    page = client.get(f"/grades/{withdrawal.pk}/").content.decode()
    assert address in page
    assert "系统按医院参数提出，还没有提出人" in page
    assert client.post(address, {"reason": ""}, **HTMX).status_code == 422

    given = {"reason": WHY, "doc_no": "院医〔2026〕61 号"}
    assert client.post(address, given, **HTMX).status_code == 200

    withdrawal.refresh_from_db()
    assert (withdrawal.proposed_by, withdrawal.doc_no) == (lin, "院医〔2026〕61 号")
    assert address not in client.get(f"/grades/{withdrawal.pk}/").content.decode()


def test_who_may_not_propose_grades_does_not_stand_for_one(
    client: CheckedClient, withdrawal: GradeProposal, gao: User
) -> None:
    sign_in(client, gao)

    with nothing_written():
        answer = client.post(f"/grades/{withdrawal.pk}/stand/", {"reason": WHY}, **HTMX)

    assert answer.status_code == 403


# --- what a person left as it is ------------------------------------------------------


def test_ignored_drifts_neither_brake_nor_stand_in_the_counts_of_a_look(
    his: SqlGateway, database: Database, he: User, lin: User
) -> None:
    look(his)
    ignore(chosen=keys(), by=lin, at=timezone.now(), reason="本院不开展，不处理")
    change(parameter=RECONCILE_BRAKE_PERCENT, value=2, by=he, reason="会议决定")
    by_policy(he, 1)
    before = Notice.objects.count()

    same = look(his, hours=1)

    assert (same.total, same.ignored, same.is_braked) == (0, 3, False)
    assert Notice.objects.count() == before
    database.run(BY_HAND, grade="四级", code="51.2300")

    more = look(his, hours=2)

    counts = (more.different, more.ignored, more.is_braked, more.repaired)
    assert counts == (1, 3, False, 1)


def test_page_tells_ignored_ones_apart(
    client: CheckedClient, his: SqlGateway, lin: User
) -> None:
    look(his)
    ignore(chosen=keys(), by=lin, at=timezone.now(), reason="本院不开展，不处理")
    look(his, hours=1)
    sign_in(client, lin)

    rows = client.get("/drifts/looks/").context["looks"]

    assert [str(row.result.text) for row in rows] == [
        "只有 3 项不处理的",
        "3 项差异",
    ]
    assert [row.numbers[7] for row in rows] == ["3", "0"]


# --- once -----------------------------------------------------------------------------


def test_what_a_person_rejected_is_not_proposed_again_every_night(
    withdrawal: GradeProposal, his: SqlGateway, he: User
) -> None:
    grading.reject(proposal=withdrawal, by=he, at=timezone.now(), reason="以本院为准")

    one = look(his, hours=1)

    assert (one.adopted, drift_of(TONSIL).state) == (0, "OPEN")
    assert GradeProposal.objects.filter(procedure__code=TONSIL).count() == 1


def test_what_a_person_stopped_is_not_repaired_again_every_night(
    his: SqlGateway, he: User, lin: User
) -> None:
    by_policy(he, 1)
    look(his)
    drift = drift_of(VEIN)
    message = Message.objects.get(subject=drift.subject)
    stop(message=message, by=lin, at=timezone.now(), reason="先与信息科核对")
    assert settle_repairs(at=timezone.now()) == 1

    one = look(his, hours=1)

    assert one.repaired == 0
    assert Message.objects.filter(subject=drift.subject).count() == 1


def test_drift_with_other_values_is_another_and_is_proposed(
    withdrawal: GradeProposal, his: SqlGateway, database: Database, he: User
) -> None:
    grading.reject(proposal=withdrawal, by=he, at=timezone.now(), reason="以本院为准")
    database.run(
        "UPDATE 手术项目目录 SET 手术类型 = '四级' WHERE 编码 = :code", code=TONSIL
    )

    one = look(his, hours=1)

    assert one.adopted == 1
    assert DriftDecision.objects.filter(drift__item=TONSIL).count() == 2
    assert proposal_of_open(TONSIL).grade == 4


def proposal_of_open(code: str) -> GradeProposal:
    return GradeProposal.objects.get(procedure__code=code, state="SUBMITTED")
