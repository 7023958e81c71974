"""Grades in the run that compares everything: found, repaired, proposed, left alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from permissions.enums import DriftState, Part
from permissions.models import Drift, DriftDecision, Reconciliation
from permissions.reconciliation import (
    ask,
    ignore,
    reconcile,
    reconcile_all,
    reconcile_if_due,
    repair,
    settle_repairs,
)
from portal.accounts.models import SYSTEM_STAFF_NO, User
from portal.audit.refusing import ReasonTooShort
from portal.demo_his import by_hand
from portal.demo_his.database import Database
from portal.his.sql.gateway import SqlGateway
from portal.jobs.services import run_due
from portal.notices.models import Notice
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Message, State
from portal.outbox.services import stop
from portal.parameters.days import ZONE
from portal.parameters.reconciling import (
    RECONCILE_BRAKE_PERCENT,
    RECONCILE_DIFFERENT,
    RECONCILE_GRADE_DIFFERENT,
)
from portal.parameters.services import change
from surgery.checks.scoring import ScoreSheet
from surgery.models import GradeProposal, Procedure
from surgery.outbound import tell_grades
from surgery.services.grade_differences import HELD, NotRead
from tests.permissions.grade_drifts.grade_looks import (
    BY_HAND,
    LENS,
    LOGGED,
    REASON,
    UNREADABLE,
    VEIN,
    drift_of,
    keys,
    look,
    rename,
    shown,
    there,
)
from tests.surgery.grades import PLANTED, procedure, regraded, turn

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
SHEET = ScoreSheet(4, 4, 3, 3)
NIGHT = datetime(2026, 11, 24, 2, 30, tzinfo=ZONE)


# --- found ----------------------------------------------------------------------------


def test_planted_differences_are_drifts_of_procedures(
    his: SqlGateway, lin: User
) -> None:
    one = look(his)

    assert shown() == {
        code: ["DIFFERENT", ours, theirs] for code, (ours, theirs) in PLANTED.items()
    }
    assert (one.part, one.ours, one.theirs) == (Part.GRADES, 94, 93)
    assert (one.missing, one.extra, one.different) == (0, 0, 3)
    assert (one.found, one.gone, one.problem) == (3, 0, "")
    drift = drift_of(VEIN)
    assert (drift.code, drift.emp_no, drift.practitioner) == ("grade", "", None)
    assert (drift.name, drift.procedure) == (
        "大隐静脉高位结扎和剥脱术",
        procedure(VEIN),
    )
    assert (
        Notice.objects.get(recipient=lin).title == "HIS 手术级别比对：新发现 3 项差异"
    )


def test_missing_and_extra_are_told_apart(his: SqlGateway, database: Database) -> None:
    database.run("DELETE FROM 人员手术权限 WHERE 1 = 1")
    rename(database, "51.2300", "99.9900")

    one = look(his)

    found = shown()
    assert found["51.2300"] == ["MISSING", "3", ""]
    assert found["99.9900"] == ["EXTRA", "", "3"]
    assert (one.missing, one.extra, one.different) == (1, 1, 3)
    extra = drift_of("99.9900")
    assert (extra.procedure, extra.name, extra.ours_status) == (None, "", "")


@pytest.mark.parametrize("was_read_before", [False, True])
def test_grade_that_cannot_be_read_is_counted_and_is_no_drift(
    was_read_before: bool, his: SqlGateway, database: Database
) -> None:
    if was_read_before:
        look(his, hours=-1)
    database.run(BY_HAND, grade=UNREADABLE, code="51.2300")

    one = look(his)

    assert (one.unreadable, one.missing, one.different) == (1, 0, 3)
    assert "51.2300" not in shown()


def test_drift_whose_row_cannot_be_read_any_more_stays(
    his: SqlGateway, database: Database
) -> None:
    look(his, hours=-1)
    drift = drift_of(VEIN)
    database.run(BY_HAND, grade=UNREADABLE, code=VEIN)

    one = look(his)

    assert (one.unreadable, one.gone, one.found) == (1, 0, 0)
    assert drift_of(VEIN).pk == drift.pk


def test_log_of_the_his_tells_whose_hand_it_was(
    his: SqlGateway, database: Database
) -> None:
    database.run(BY_HAND, grade="四级", code=VEIN)
    database.run(LOGGED, code=VEIN, before="3", after="4", at="2026-11-22 09:30:00")

    look(his)

    drift = drift_of(VEIN)
    assert (drift.hand, drift.is_from_log) == ("DBA", True)
    assert drift.hand_at == datetime(2026, 11, 22, 9, 30, tzinfo=ZONE)
    silent = drift_of(LENS)
    assert (silent.hand, silent.hand_at, silent.is_from_log) == ("", None, False)


def test_demo_tells_of_one_of_its_grades(his: SqlGateway, database: Database) -> None:
    by_hand.log_grade(database)

    look(his)

    drift = drift_of(VEIN)
    assert (drift.hand, drift.theirs_value, drift.is_from_log) == ("DBA", "3", True)


def test_drift_is_known_since_it_was_first_seen(
    his: SqlGateway, database: Database
) -> None:
    first = look(his)
    second = look(his, hours=1)
    drift = drift_of(VEIN)
    assert (drift.first_seen, drift.last_seen) == (first.started_at, second.started_at)

    database.run(BY_HAND, grade="四级", code=VEIN)
    third = look(his, hours=2)

    drift.refresh_from_db()
    again = drift_of(VEIN)
    assert (again.theirs_value, again.first_seen) == ("4", third.started_at)
    assert (drift.state, drift.closed_at) == (DriftState.GONE, third.started_at)
    assert (third.found, third.gone) == (1, 1)


def test_procedure_out_of_use_must_have_no_grade_in_the_his(his: SqlGateway) -> None:
    regraded(grade=3, is_enabled=False)

    look(his)

    assert shown()["51.2300"] == ["DIFFERENT", "0", "3"]


def test_grade_on_its_way_is_no_drift(his: SqlGateway, lin: User) -> None:
    regraded(grade=4)
    tell_grades([turn(grade=4)], by=lin, at=timezone.now(), reason="年度调整")

    one = look(his, hours=1)

    assert "51.2300" not in shown()
    assert (one.on_the_way, one.total) == (1, 3)


def test_grade_whose_message_was_given_up_is_drift(his: SqlGateway, lin: User) -> None:
    regraded(grade=4)
    tell_grades([turn(grade=4)], by=lin, at=timezone.now(), reason="年度调整")
    stop(message=Message.objects.get(), by=lin, at=timezone.now(), reason="HIS 升级中")

    look(his, hours=1)

    assert shown()["51.2300"] == ["DIFFERENT", "4", "3"]


def test_his_that_is_down_leaves_what_was_known_and_says_so(
    his: SqlGateway, database: Database
) -> None:
    look(his)
    database.path.rename(database.away)

    one = look(his, hours=1)

    assert "HIS 未应答" in one.problem
    assert (one.total, one.found, one.gone) == (0, 0, 0)
    assert sorted(shown()) == sorted(PLANTED)


def test_too_many_rows_gone_are_no_drift(his: SqlGateway, database: Database) -> None:
    database.run("DELETE FROM 手术项目目录 WHERE ID > 9040")

    one = look(his)

    assert one.problem == "大量行消失，拉取已停下，待信息科确认后再比对"
    assert shown() == {}


def test_his_without_a_view_of_grades_is_said_so(
    his: SqlGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.his.site.lacking", lambda: {"V_YW_OP_GRADE": "没有"})

    assert look(his).problem == "HIS 没有提供手术等级视图，不能比对"


# --- one run --------------------------------------------------------------------------


def test_night_looks_at_both_once_and_again_at_the_one_that_failed(
    his: SqlGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    hour = timedelta(hours=1)
    assert reconcile_if_due(gateway=his, at=NIGHT - hour) == []

    def held(**_asked: Any) -> Any:
        raise NotRead(HELD)

    with monkeypatch.context() as patch:
        patch.setattr("permissions.reconciliation.grades.compare", held)
        first = reconcile_if_due(gateway=his, at=NIGHT)
    assert [(one.part, bool(one.problem)) for one in first] == [
        (Part.GRADES, True),
        (Part.RIGHTS, False),
    ]
    assert reconcile_if_due(gateway=his, at=NIGHT + hour / 2) == []

    again = reconcile_if_due(gateway=his, at=NIGHT + hour * 1.5)

    assert [(one.part, one.problem) for one in again] == [(Part.GRADES, "")]
    assert reconcile_if_due(gateway=his, at=NIGHT + hour * 5) == []


def test_view_the_his_does_not_offer_is_looked_for_once_a_night(
    his: SqlGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.his.site.lacking", lambda: {"V_YW_OP_GRADE": "没有"})
    assert len(reconcile_if_due(gateway=his, at=NIGHT)) == 2

    assert reconcile_if_due(gateway=his, at=NIGHT + timedelta(hours=2)) == []
    assert len(reconcile_if_due(gateway=his, at=NIGHT + timedelta(days=1))) == 2


def test_one_asked_for_compares_both_and_says_who_asked(
    his: SqlGateway, lin: User
) -> None:
    asked = ask(by=lin, at=timezone.now())

    run_due()

    looks = Reconciliation.objects.order_by("part")
    assert [(one.part, one.by, one.total) for one in looks] == [
        (Part.GRADES, lin, 3),
        (Part.RIGHTS, lin, 0),
    ]
    assert asked.pk == looks[1].pk


def test_one_asked_for_during_another_does_not_keep_the_next_from_being_asked_for(
    his: SqlGateway, lin: User
) -> None:
    now = timezone.now()
    nightly = Reconciliation.objects.create(
        asked_at=now, started_at=now, is_running=True
    )
    ask(by=lin, at=now)
    run_due()
    assert list(Reconciliation.objects.filter(part=Part.RIGHTS)) == [nightly]
    nightly.is_running, nightly.ended_at = False, timezone.now()
    nightly.save()

    asked = ask(by=lin, at=timezone.now())
    run_due()

    asked.refresh_from_db()
    assert (asked.problem, asked.ended_at is not None) == ("", True)


def test_looks_at_different_parts_do_not_wait_for_one_another(
    his: SqlGateway,
) -> None:
    now = timezone.now()
    Reconciliation.objects.create(asked_at=now, started_at=now, is_running=True)

    assert reconcile(gateway=his, at=now) is None
    assert look(his).problem == ""


def test_look_at_rights_leaves_grades_alone(his: SqlGateway, lin: User) -> None:
    look(his)

    (_grades, rights) = reconcile_all(
        gateway=his,
        at=timezone.now() + timedelta(hours=1),
        one=Reconciliation(part=Part.RIGHTS, asked_at=timezone.now()),
    )

    assert (rights.total, rights.gone) == (0, 0)
    assert sorted(shown()) == sorted(PLANTED)


# --- repairing ------------------------------------------------------------------------


def repaired(by: User, *codes: str, reason: str = REASON) -> Any:
    return repair(chosen=keys(*codes), by=by, at=timezone.now(), reason=reason)


def test_repaired_are_read_back_and_equal_afterwards(
    his: SqlGateway, lin: User
) -> None:
    look(his)

    outcome = repaired(lin)
    deliver_due(gateway=his)

    assert (outcome.done, outcome.left) == (3, {})
    assert set(Message.objects.values_list("state", flat=True)) == {State.CONFIRMED}
    assert settle_repairs(at=timezone.now()) == 3
    states = Drift.objects.values_list("state", flat=True)
    assert set(states) == {DriftState.REPAIRED}
    assert look(his, hours=1).total == 0
    decisions = DriftDecision.objects.values_list("act", "by", "note")
    assert set(decisions) == {("REPAIR", lin.pk, REASON)}


def test_repair_twice_tells_the_his_once(his: SqlGateway, lin: User) -> None:
    look(his)

    repaired(lin, VEIN)
    again = repaired(lin, VEIN)

    assert (again.done, len(again.left)) == (0, 1)
    assert Message.objects.count() == DriftDecision.objects.count() == 1


def test_repair_says_what_the_his_must_still_show(his: SqlGateway, lin: User) -> None:
    look(his)

    repaired(lin, VEIN)

    message, drift = Message.objects.get(), drift_of(VEIN)
    assert (message.payload["old_grade"], message.payload["new_grade"]) == ("3", "2")
    assert (message.subject, drift.told_as) == (drift.subject, drift.subject)


def test_refused_repair_can_be_repaired_from_a_new_look(
    his: SqlGateway, database: Database, lin: User
) -> None:
    look(his)
    first = drift_of(VEIN).pk
    database.run(BY_HAND, grade="四级", code=VEIN)
    repaired(lin, VEIN)
    deliver_due(gateway=his)
    refused = Message.objects.get()
    assert (refused.state, refused.last_text) == (
        State.REJECTED,
        "原等级与 HIS 不符",
    )

    look(his, hours=1)
    # Nobody put it right: it has another value now.
    assert Drift.objects.get(pk=first).state == DriftState.GONE
    repaired(lin, VEIN)
    deliver_due(gateway=his)

    refused.refresh_from_db()
    assert refused.state == State.STOPPED
    assert look(his, hours=2).total == 2


def test_day_set_by_hand_in_the_his_is_drift_and_is_repaired(
    his: SqlGateway, database: Database, lin: User
) -> None:
    look(his)
    repaired(lin)
    deliver_due(gateway=his)
    database.run(
        "UPDATE 手术项目目录 SET 等级生效日期 = '2020-01-01' WHERE 编码 = :code",
        code=VEIN,
    )
    look(his, hours=1)
    row = there().get()
    assert (row.code, row.theirs_value) == ("effective_from", "2020-01-01")

    at = timezone.now() + timedelta(hours=2)
    repair(chosen=keys(), by=lin, at=at, reason=REASON)
    deliver_due(gateway=his)

    assert look(his, hours=4).total == 0


def test_grade_that_moved_since_the_look_is_not_repaired(
    his: SqlGateway, lin: User
) -> None:
    look(his)
    regraded(VEIN, 4)

    outcome = repaired(lin, VEIN)

    assert [str(why) for why in outcome.left.values()] == [
        "本院台账此后有变，请重新比对"
    ]
    assert Message.objects.count() == DriftDecision.objects.count() == 0
    assert drift_of(VEIN).state == DriftState.OPEN


def test_what_the_his_or_the_catalogue_does_not_have_is_not_repaired(
    his: SqlGateway, database: Database, lin: User
) -> None:
    rename(database, "51.2300", "99.9900")
    look(his)
    from tests.surgery.grades import read_his

    read_his(his)

    outcome = repaired(lin, "51.2300", "99.9900")

    assert outcome.done == 0
    assert [str(why) for why in outcome.left.values()] == [
        "本院目录没有；请登记到目录，或在 HIS 作废",
        "HIS 没有这个手术项目，不推送；请先在 HIS 建立项目",
    ] or len(outcome.left) == 2
    assert Message.objects.count() == DriftDecision.objects.count() == 0


def test_repair_without_a_reason_is_refused_and_leaves_nothing(
    his: SqlGateway, lin: User
) -> None:
    look(his)

    with pytest.raises(ReasonTooShort):
        repaired(lin, reason="  ")

    assert Message.objects.count() == DriftDecision.objects.count() == 0
    assert {one.state for one in there()} == {DriftState.OPEN}


def test_ignored_grade_asks_nobody_until_the_values_change(
    his: SqlGateway, database: Database, lin: User
) -> None:
    look(his)
    ignore(chosen=keys(VEIN), by=lin, at=timezone.now(), reason=REASON)
    look(his, hours=1)
    assert drift_of(VEIN).state == DriftState.IGNORED

    database.run(BY_HAND, grade="四级", code=VEIN)
    look(his, hours=2)

    assert drift_of(VEIN).state == DriftState.OPEN


# --- by itself ------------------------------------------------------------------------


def set_to(by: User, parameter: Any, value: int) -> None:
    change(parameter=parameter, value=value, by=by, reason="会议决定")


def test_policy_of_rights_says_nothing_of_grades(his: SqlGateway, he: User) -> None:
    set_to(he, RECONCILE_DIFFERENT, 1)

    one = look(his)

    assert (one.repaired, one.adopted) == (0, 0)
    assert Message.objects.count() == 0


def test_grades_are_repaired_by_themselves_where_the_hospital_says_so(
    his: SqlGateway, he: User
) -> None:
    set_to(he, RECONCILE_GRADE_DIFFERENT, 1)

    one = look(his)

    assert (one.repaired, one.adopted) == (3, 0)
    assert {one.by.staff_no for one in DriftDecision.objects.select_related("by")} == {
        SYSTEM_STAFF_NO
    }
    assert Message.objects.count() == 3


def test_grades_are_proposed_by_themselves_where_the_hospital_says_so(
    his: SqlGateway, he: User
) -> None:
    set_to(he, RECONCILE_GRADE_DIFFERENT, 2)

    one = look(his)

    assert (one.repaired, one.adopted) == (0, 3)
    assert GradeProposal.objects.filter(state="SUBMITTED").count() == 3
    assert Procedure.objects.get(code=VEIN).grade == 2
    assert Message.objects.count() == 0


def test_brake_counts_grades_alone(his: SqlGateway, he: User) -> None:
    set_to(he, RECONCILE_GRADE_DIFFERENT, 1)
    set_to(he, RECONCILE_BRAKE_PERCENT, 2)

    one = look(his)

    assert (one.is_braked, one.repaired) == (True, 0)
    assert Message.objects.count() == 0
