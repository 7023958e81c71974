"""HIS 差异: found in the demo HIS, since when and by whom, and what is done about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from permissions import services
from permissions.enums import DriftState
from permissions.models import (
    Application,
    Drift,
    DriftDecision,
    Grant,
    GrantState,
    Reconciliation,
    Review,
)
from permissions.reconciliation import (
    adopt,
    ask,
    ignore,
    reconcile,
    reconcile_if_due,
    reopen,
    repair,
    settle_repairs,
)
from permissions.reconciliation.adopting import NobodyOfOurs
from portal.accounts.models import User
from portal.audit.refusing import ReasonTooShort
from portal.demo_his import by_hand
from portal.demo_his.database import Database, prepare
from portal.directory.dictionaries import BY_VIEW
from portal.directory.models import Practitioner
from portal.directory.sync import pull
from portal.his.contract.interfaces import V_YW_DOCTOR_PRIV
from portal.his.gateway import HisUnavailable
from portal.his.sql.gateway import SqlGateway
from portal.jobs.models import Job, JobState
from portal.jobs.services import run_due
from portal.notices.models import Notice, NoticeKind
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Message, State
from portal.outbox.services import stop
from portal.parameters import registry
from portal.parameters.days import ZONE
from portal.parameters.services import change
from tests.cast import make_practitioner
from tests.permissions.ledger import TODAY, granted

pytestmark = [pytest.mark.usefixtures("catalogue"), pytest.mark.slow]
REASON = "与信息科核对，按本院台账"
LAST = date(2027, 11, 22)
MORE = ("AB01", "BL01", "ND01", "TC01")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo-his") / "his.sqlite3"
    prepare(Database(f"sqlite:///{path}"))
    return path


@pytest.fixture
def database(filled: Path, tmp_path: Path) -> Database:
    path = tmp_path / "his.sqlite3"
    path.write_bytes(filled.read_bytes())
    return Database(f"sqlite:///{path}")


@pytest.fixture
def his(database: Database, settings: Any) -> Iterator[SqlGateway]:
    settings.HIS_MAPPING = "demo_his"
    settings.HIS_DSN = f"sqlite:///{database.path}"
    gateway = SqlGateway(f"sqlite:///{database.path}", 5)
    for view in ("V_YW_OP_DICT", "V_YW_OPRIGHT_DICT"):
        pull(BY_VIEW[view], gateway=gateway, at=timezone.now())
    yield gateway
    gateway.close()


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


@pytest.fixture
def right(lin: User, su: User, surgeon: Practitioner, his: SqlGateway) -> GrantState:
    """普通处方权, told and read back."""
    state = granted(lin, su, surgeon, "RX01", valid_to=LAST)
    deliver_due(gateway=his, lanes=1)
    assert Message.objects.get().state == State.CONFIRMED
    return state


def later() -> datetime:
    """Past the margin in which what was just told need not be shown yet."""
    return timezone.now() + timedelta(minutes=5)


def look(his: Any, at: datetime | None = None) -> Reconciliation:
    one = reconcile(gateway=his, at=at or later())
    assert one is not None
    return one


def rows(database: Database) -> list[Any]:
    return by_hand.rows_of(database, "1027")


def the_drift() -> Drift:
    return Drift.objects.get(closed_at=None)


def keys() -> list[int]:
    return list(Drift.objects.order_by("pk").values_list("pk", flat=True))


def told(one: Drift) -> tuple[str, ...]:
    return (one.kind, one.code, one.ours_status, one.theirs_status)


# --- found ----------------------------------------------------------------------------


def test_nothing_differs_after_delivery(right: GrantState, his: SqlGateway) -> None:
    one = look(his)

    assert (one.problem, one.ours, one.total, one.on_the_way) == ("", 1, 0, 0)
    assert Drift.objects.count() == 0
    assert Notice.objects.count() == 0


def test_deleted_row_is_missing_since_when_and_by_whom(
    right: GrantState, his: SqlGateway, database: Database, lin: User
) -> None:
    by_hand.delete(database, rows(database)[0]["id"])

    one = look(his)

    drift = the_drift()
    assert told(drift) == ("MISSING", "RX01", "1", "")
    assert (drift.ours_last, drift.valid_from) == (LAST, TODAY)
    assert (drift.hand, drift.is_from_log) == ("DBA", True)
    assert drift.practitioner == right.practitioner
    assert drift.first_seen == drift.last_seen == one.started_at
    assert (one.missing, one.extra, one.different, one.found) == (1, 0, 0, 1)
    notice = Notice.objects.get(recipient=lin)
    assert notice.kind == NoticeKind.DRIFT
    assert notice.title == "HIS 权限比对：新发现 1 项差异"


def test_prolonged_row_is_different_in_its_end(
    right: GrantState, his: SqlGateway, database: Database
) -> None:
    row = rows(database)[0]
    by_hand.change(database, row["id"], by_hand.Change("1", "1", "2030-01-01"))

    look(his)

    drift = the_drift()
    assert told(drift) == ("DIFFERENT", "RX01", "1", "1")
    assert (drift.ours_last, drift.theirs_last) == (LAST, date(2030, 1, 1))


def test_row_we_never_told_is_extra(
    right: GrantState, his: SqlGateway, database: Database
) -> None:
    assert by_hand.add_unknown(database, "1027", "ALL") == "TC01"

    look(his)

    assert told(the_drift()) == ("EXTRA", "TC01", "", "1")


def test_drift_is_one_row_from_look_to_look_and_closes_by_itself(
    right: GrantState, his: SqlGateway, database: Database
) -> None:
    row = rows(database)[0]
    by_hand.change(database, row["id"], by_hand.Change("2", "1", LAST.isoformat()))
    first = look(his)
    second = look(his, later() + timedelta(hours=1))
    drift = the_drift()
    assert (drift.first_seen, drift.last_seen) == (first.started_at, second.started_at)
    assert (second.found, second.total) == (0, 1)
    assert Notice.objects.values("key").distinct().count() == 1

    by_hand.change(database, row["id"], by_hand.Change("1", "1", LAST.isoformat()))
    third = look(his, later() + timedelta(hours=2))

    drift.refresh_from_db()
    assert (drift.state, drift.closed_at) == (DriftState.GONE, third.started_at)
    assert (third.gone, third.total) == (1, 0)


def test_with_another_value_it_is_another_drift(
    right: GrantState, his: SqlGateway, database: Database, lin: User
) -> None:
    row = rows(database)[0]
    by_hand.change(database, row["id"], by_hand.Change("2", "1", LAST.isoformat()))
    look(his)
    ignore(chosen=keys(), by=lin, at=later(), reason=REASON)
    by_hand.change(database, row["id"], by_hand.Change("3", "1", LAST.isoformat()))

    look(his, later() + timedelta(hours=1))

    old, new = Drift.objects.order_by("pk")
    assert (old.state, old.closed_at is None) == (DriftState.IGNORED, False)
    assert (new.state, new.theirs_status) == (DriftState.OPEN, "3")


def test_change_on_its_way_is_no_drift(
    right: GrantState, his: SqlGateway, lin: User
) -> None:
    said: dict[str, Any] = {"reason_code": "08", "reason": "年度评估未提交"}
    services.suspend(state=right, by=lin, at=timezone.now(), **said)

    one = look(his)

    assert (one.total, one.on_the_way) == (0, 1)


def test_promise_somebody_gave_up_is_drift_although_nobody_touched_the_his(
    right: GrantState, his: SqlGateway, lin: User
) -> None:
    said: dict[str, Any] = {"reason_code": "08", "reason": "年度评估未提交"}
    services.suspend(state=right, by=lin, at=timezone.now(), **said)
    message = Message.objects.get(state=State.WAITING)
    stop(message=message, by=lin, at=timezone.now(), reason="HIS 升级中")

    look(his)

    assert told(the_drift()) == ("DIFFERENT", "RX01", "2", "1")


def test_rights_that_are_not_ours_are_counted_and_left_alone(
    right: GrantState, his: SqlGateway, database: Database
) -> None:
    database.run_all(
        (
            "INSERT INTO 医生权限字典"
            " SELECT 'ZZ99', '自有权限', 类别, 取值方式, 级别, 允许值, 是否启用, 最后修改时间"
            " FROM 医生权限字典 WHERE 编码 = 'RX01'",
            {},
        ),
        (
            "INSERT INTO 人员权限 (人员ID, 权限编码, 场合, 开始日期, 操作时间)"
            " SELECT ID, 'ZZ99', 'ALL', '2026-01-01', '2026-01-01 08:00:00'"
            " FROM 人员表 WHERE 编号 = '1027'",
            {},
        ),
    )

    one = look(his)

    assert (one.total, one.beside) == (0, 1)


# --- a HIS that breaks ----------------------------------------------------------------


class Breaking:
    """Gives so many batches of the second view, then is away."""

    def __init__(self, gateway: SqlGateway) -> None:
        self._gateway = gateway
        self.typed = gateway.typed

    def batches(self, view: Any, since: Any = None) -> Iterator[Any]:
        yield from self._gateway.batches(view, since)
        if view is not V_YW_DOCTOR_PRIV:
            raise HisUnavailable("HIS 未应答：连接中断")


def test_look_that_breaks_half_way_writes_nothing_and_says_so(
    right: GrantState, his: SqlGateway, database: Database
) -> None:
    row = rows(database)[0]
    by_hand.change(database, row["id"], by_hand.Change("2", "1", LAST.isoformat()))
    look(his)
    before = list(Drift.objects.values())
    by_hand.add_unknown(database, "1027", "ALL")

    broken: Any = Breaking(his)
    one = look(broken, later() + timedelta(hours=1))

    assert one.problem == "HIS 未应答：连接中断"
    assert (one.is_running, one.total, one.found) == (False, 0, 0)
    assert list(Drift.objects.values()) == before
    assert look(his, later() + timedelta(hours=2)).extra == 1


def test_second_look_waits_for_the_first(right: GrantState, his: SqlGateway) -> None:
    now = later()
    Reconciliation.objects.create(asked_at=now, started_at=now, is_running=True)
    assert reconcile(gateway=his, at=now) is None

    after = now + timedelta(hours=2)
    assert look(his, after).problem == ""
    dead = Reconciliation.objects.order_by("pk")[0]
    assert (dead.problem, dead.is_running) == ("比对中断，没有完成", False)


def test_nightly_look_is_once_after_the_hour_and_again_when_it_failed(
    right: GrantState, his: SqlGateway
) -> None:
    night = datetime(2026, 11, 24, 1, 30, tzinfo=ZONE)
    assert reconcile_if_due(gateway=his, at=night) == []
    hour = timedelta(hours=1)
    broken: Any = Breaking(his)
    failed = reconcile_if_due(gateway=broken, at=night + hour)
    assert [one.part for one in failed if one.problem] == ["GRADES", "RIGHTS"]
    assert reconcile_if_due(gateway=his, at=night + hour * 1.5) == []
    done = reconcile_if_due(gateway=his, at=night + hour * 2.5)
    assert [one.problem for one in done] == ["", ""]
    assert reconcile_if_due(gateway=his, at=night + hour * 5) == []


def test_look_asked_for_is_a_job_and_one_is_enough(
    right: GrantState, his: SqlGateway, lin: User
) -> None:
    first = ask(by=lin, at=timezone.now())
    assert ask(by=lin, at=timezone.now()) == first
    assert Job.objects.count() == 1

    run_due()

    first.refresh_from_db()
    assert (first.problem, first.by, first.ended_at is None) == ("", lin, False)
    assert Job.objects.get().state == JobState.DONE


# --- put right ------------------------------------------------------------------------


def test_repair_goes_the_usual_way_and_twice_sends_once(
    right: GrantState, his: SqlGateway, database: Database, lin: User
) -> None:
    by_hand.delete(database, rows(database)[0]["id"])
    look(his)
    outcome = repair(chosen=keys(), by=lin, at=later(), reason=REASON)
    again = repair(chosen=keys(), by=lin, at=later(), reason=REASON)

    assert (outcome.done, again.done) == (1, 0)
    message = Message.objects.latest("pk")
    assert message.payload["op"] == "ADD"
    assert message.payload["reason"] == REASON
    assert message.payload["operator"] == "2031"
    assert Message.objects.count() == 2
    assert the_drift().state == DriftState.REPAIRING

    Message.objects.filter(pk=message.pk).update(due_at=timezone.now())
    deliver_due(gateway=his, lanes=1)
    assert settle_repairs(at=later()) == 1
    drift = Drift.objects.get()
    assert (drift.state, drift.closed_at is None) == (DriftState.REPAIRED, False)
    assert look(his, later() + timedelta(hours=1)).total == 0
    decision = DriftDecision.objects.get()
    assert (decision.act, decision.by, decision.note) == ("REPAIR", lin, REASON)


def test_extra_right_is_taken_away(
    right: GrantState, his: SqlGateway, database: Database, lin: User
) -> None:
    by_hand.add_unknown(database, "1027", "ALL")
    look(his)
    repair(chosen=keys(), by=lin, at=later(), reason=REASON)
    Message.objects.filter(state=State.WAITING).update(due_at=timezone.now())
    deliver_due(gateway=his, lanes=1)

    (row,) = [row for row in rows(database) if row["priv_code"] == "TC01"]
    assert str(row["status"]) == "3"
    assert look(his, later() + timedelta(hours=1)).total == 0
    assert Grant.objects.count() == 1


def test_repair_without_a_reason_is_refused_and_leaves_nothing(
    right: GrantState, his: SqlGateway, database: Database, lin: User
) -> None:
    by_hand.delete(database, rows(database)[0]["id"])
    look(his)
    with pytest.raises(ReasonTooShort):
        repair(chosen=keys(), by=lin, at=later(), reason="好")

    assert the_drift().state == DriftState.OPEN
    assert Message.objects.count() == 1
    assert DriftDecision.objects.count() == 0


def test_repair_asks_the_ledger_anew(
    right: GrantState, his: SqlGateway, database: Database, lin: User
) -> None:
    by_hand.delete(database, rows(database)[0]["id"])
    look(his)
    said: dict[str, Any] = {"reason_code": "08", "reason": "年度评估未提交"}
    services.revoke(state=right, by=lin, at=timezone.now(), **said)

    outcome = repair(chosen=keys(), by=lin, at=later(), reason=REASON)

    assert outcome.done == 0
    assert [str(why) for why in outcome.left.values()] == ["这一项有变更正在送往 HIS"]


def test_repair_somebody_stopped_is_open_again(
    right: GrantState, his: SqlGateway, database: Database, lin: User
) -> None:
    by_hand.delete(database, rows(database)[0]["id"])
    look(his)
    repair(chosen=keys(), by=lin, at=later(), reason=REASON)
    message = Message.objects.latest("pk")
    stop(message=message, by=lin, at=later(), reason="HIS 升级中")

    assert settle_repairs(at=later()) == 1
    assert the_drift().state == DriftState.OPEN


def test_drift_repaired_a_second_time_is_settled_by_the_second_promise(
    right: GrantState, his: SqlGateway, database: Database, lin: User
) -> None:
    by_hand.delete(database, rows(database)[0]["id"])
    look(his)
    repair(chosen=keys(), by=lin, at=later(), reason=REASON)
    first = Message.objects.latest("pk")
    stop(message=first, by=lin, at=later(), reason="HIS 升级中")
    settle_repairs(at=later())
    again = later() + timedelta(minutes=1)
    repair(chosen=keys(), by=lin, at=again, reason=REASON)

    assert settle_repairs(at=again) == 0
    assert the_drift().state == DriftState.REPAIRING

    Message.objects.filter(state=State.WAITING).update(due_at=timezone.now())
    deliver_due(gateway=his, lanes=1)
    assert settle_repairs(at=again) == 1
    drift = Drift.objects.get()
    assert (drift.state, drift.closed_at) == (DriftState.REPAIRED, again)


def test_drift_that_was_not_looked_at_is_not_seen(
    right: GrantState, his: SqlGateway, database: Database, lin: User
) -> None:
    by_hand.add_unknown(database, "1027", "ALL")
    row = rows(database)[0]
    by_hand.change(database, row["id"], by_hand.Change("2", "1", LAST.isoformat()))
    first = look(his)
    said: dict[str, Any] = {"reason_code": "08", "reason": "年度评估未提交"}
    services.revoke(state=right, by=lin, at=timezone.now(), **said)

    second = look(his, later() + timedelta(hours=1))

    seen = dict(Drift.objects.order_by("pk").values_list("code", "last_seen"))
    assert seen == {"RX01": first.started_at, "TC01": second.started_at}


# --- theirs as a proposal -------------------------------------------------------------


def test_extra_right_becomes_an_application_another_decides(
    right: GrantState, his: SqlGateway, database: Database, lin: User, su: User
) -> None:
    by_hand.add_unknown(database, "1027", "ALL")
    Database.run_all(
        database,
        (
            "UPDATE 人员权限 SET 终止日期 = '2027-06-30' WHERE 权限编码 = 'TC01'",
            {},
        ),
    )
    look(his)
    outcome = adopt(chosen=keys(), by=lin, at=later(), reason=REASON)

    assert (outcome.done, outcome.left) == (1, {})
    application = Application.objects.latest("pk")
    assert (application.privilege.code, application.state) == ("TC01", "SUBMITTED")
    assert application.proposed_by == lin
    assert the_drift().application == application
    assert Grant.objects.count() == 1

    services.reject(application=application, by=su, at=later(), reason="没有培训记录")
    look(his, later() + timedelta(hours=1))
    assert the_drift().state == DriftState.OPEN


def test_right_the_his_took_away_comes_under_review(
    right: GrantState, his: SqlGateway, database: Database, lin: User
) -> None:
    row = rows(database)[0]
    by_hand.change(database, row["id"], by_hand.Change("3", "1", LAST.isoformat()))
    look(his)
    adopt(chosen=keys(), by=lin, at=later(), reason=REASON)

    review = Review.objects.get()
    assert (review.trigger, review.state) == ("DRIFT", "OPEN")
    assert [line.state for line in review.lines.all()] == [right]
    assert the_drift().review == review
    right.refresh_from_db()
    assert right.status == "ACTIVE"
    assert Message.objects.count() == 1


def test_nobody_of_ours_cannot_be_proposed(
    right: GrantState, his: SqlGateway, database: Database, lin: User
) -> None:
    by_hand.add_unknown(database, "1188", "ALL")
    look(his)
    assert the_drift().practitioner is None

    outcome = adopt(chosen=keys(), by=lin, at=later(), reason=REASON)

    assert [str(why) for why in outcome.left.values()] == [str(NobodyOfOurs.message)]
    assert Application.objects.count() == 1  # the one of the right itself


def test_ignored_drift_asks_nobody_until_it_is_taken_up_again(
    right: GrantState, his: SqlGateway, database: Database, lin: User
) -> None:
    by_hand.delete(database, rows(database)[0]["id"])
    look(his)
    assert ignore(chosen=keys(), by=lin, at=later(), reason=REASON).done == 1
    assert look(his, later() + timedelta(hours=1)).found == 0
    assert the_drift().state == DriftState.IGNORED

    assert reopen(chosen=keys(), by=lin, at=later(), reason=REASON).done == 1
    assert the_drift().state == DriftState.OPEN
    assert [one.act for one in DriftDecision.objects.all()] == ["IGNORE", "REOPEN"]


# --- by itself ------------------------------------------------------------------------


def set_to(parameter: registry.Parameter, value: int, by: User) -> None:
    change(parameter=parameter, value=value, by=by, reason="委员会决定")


def test_policy_repairs_by_itself(
    right: GrantState, his: SqlGateway, database: Database, lin: User
) -> None:
    set_to(registry.RECONCILE_MISSING, 1, lin)
    by_hand.delete(database, rows(database)[0]["id"])

    one = look(his)

    assert (one.repaired, one.adopted, one.is_braked) == (1, 0, False)
    assert the_drift().state == DriftState.REPAIRING
    assert DriftDecision.objects.get().by.staff_no == "SYSTEM"


def test_policy_proposes_by_itself(
    right: GrantState, his: SqlGateway, database: Database, lin: User
) -> None:
    set_to(registry.RECONCILE_DIFFERENT, 2, lin)
    row = rows(database)[0]
    by_hand.change(database, row["id"], by_hand.Change("2", "1", LAST.isoformat()))

    one = look(his)

    assert (one.repaired, one.adopted) == (0, 1)
    assert Review.objects.get().trigger == "DRIFT"


def test_too_much_at_once_is_not_repaired_and_officers_are_told(
    right: GrantState,
    his: SqlGateway,
    database: Database,
    lin: User,
    su: User,
    surgeon: Practitioner,
) -> None:
    for code in MORE:
        granted(lin, su, surgeon, code, valid_to=LAST)
    deliver_due(gateway=his, lanes=1)
    set_to(registry.RECONCILE_MISSING, 1, lin)
    messages = Message.objects.count()
    database.run_all(("DELETE FROM 人员权限", {}))

    one = look(his)

    assert one.is_braked
    assert (one.repaired, Message.objects.count()) == (0, messages)
    assert set(Drift.objects.values_list("state", flat=True)) == {DriftState.OPEN}
    notice = Notice.objects.get(recipient=su)
    assert notice.title == f"HIS 权限比对：{one.total} 项差异，已停止自动处置"
