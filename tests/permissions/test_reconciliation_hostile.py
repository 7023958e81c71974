"""A HIS that shows nonsense, and looks that get into each other's way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from permissions import services
from permissions.enums import DriftState, Part
from permissions.models import Application, Drift, GrantState, Reconciliation
from permissions.outbound import Right, Row, RowKey
from permissions.outbound.apart import apart
from permissions.outbound.ways import PRIV
from permissions.reconciliation import adopt, reconcile, repair, settle_repairs
from permissions.reconciliation.policy import is_too_much
from portal.accounts.models import User
from portal.demo_his import by_hand
from portal.demo_his.database import Database
from portal.his.contract.interfaces import V_YW_DOCTOR_PRIV
from portal.his.contract.shape import View
from portal.his.sql.gateway import SqlGateway
from portal.outbox.delivery import deliver_due
from portal.outbox.freezing import freeze, thaw
from portal.outbox.models import Message
from portal.outbox.services import stop
from portal.parameters import registry
from tests.permissions.test_reconciliation import (
    LAST,
    REASON,
    database,
    filled,
    his,
    keys,
    later,
    look,
    right,
    rows,
    set_to,
    surgeon,
    the_drift,
    told,
)

__all__ = ["database", "filled", "his", "right", "surgeon"]
pytestmark = [pytest.mark.usefixtures("catalogue"), pytest.mark.slow]


class Showing:
    """The views of the HIS with the rows of one more, or other ones."""

    def __init__(self, gateway: SqlGateway, **of_each: Any) -> None:
        self._gateway, self._of_each = gateway, of_each
        self.typed = gateway.typed

    def batches(self, view: View, since: Any = None) -> Iterator[Any]:
        for batch in self._gateway.batches(view, since):
            yield batch
            if view is V_YW_DOCTOR_PRIV:
                yield [self._other(view, row) for row in batch if row[0] == "1027"]

    def _other(self, view: View, row: Any) -> tuple[Any, ...]:
        values = dict(zip(view.column_names, row, strict=True)) | self._of_each
        return tuple(values[name] for name in view.column_names)


def shown(gateway: SqlGateway, **of_each: Any) -> Any:
    return Showing(gateway, **of_each)


# --- rows that are nonsense -----------------------------------------------------------


def test_row_shown_twice_is_one(right: GrantState, his: SqlGateway) -> None:
    one = look(shown(his))

    assert (one.total, one.theirs) == (0, 2)


def test_of_a_row_shown_twice_the_one_without_a_moment_is_the_older(
    right: GrantState, his: SqlGateway, database: Database
) -> None:
    database.run("UPDATE 人员权限 SET 操作时间 = ''")

    one = look(shown(his, valid_to="2030-01-01", last_modified="2026-11-20 08:00:00"))

    assert (one.total, the_drift().theirs_last) == (1, date(2030, 1, 1))


def test_padding_is_no_difference(right: GrantState, his: SqlGateway) -> None:
    one = look(shown(his, emp_no="1027   ", priv_code="RX01  ", setting="ALL "))

    assert (one.total, one.theirs) == (0, 2)


@pytest.mark.parametrize("code", ["rx01", "ＲＸ０１"])
def test_code_in_other_letters_is_another_right(
    code: str, right: GrantState, his: SqlGateway
) -> None:
    one = look(shown(his, priv_code=code))

    assert (one.total, one.beside) == (0, 1)


def test_row_without_a_first_day_is_counted_and_no_drift(
    right: GrantState, his: SqlGateway
) -> None:
    one = look(shown(his, valid_from=None))

    assert (one.problem, one.total, one.unreadable) == ("", 0, 1)


@pytest.mark.parametrize(
    "cell",
    [
        {"emp_no": "1" * 21},
        {"item_code": "5" * 33},
        {"setting": "INPAT"},
        {"his_value": "2" * 21},
        {"status": "11"},
        {"item_code": "A\udc80"},
        {"emp_no": "1\udc80"},
        {"his_value": "\udcff"},
        {"item_code": "A\x00"},
    ],
    ids=str,
)
def test_row_with_a_value_no_column_holds_is_counted_and_ends_no_look(
    cell: dict[str, str], right: GrantState, his: SqlGateway
) -> None:
    one = look(shown(his, **{"priv_code": "TC01", **cell}))

    assert (one.problem, one.total, one.unreadable) == ("", 0, 1)


def test_hand_nobody_can_read_is_nobodys(right: GrantState, his: SqlGateway) -> None:
    one = look(shown(his, priv_code="TC01", last_operator="D\udc80"))

    assert (one.problem, one.extra, the_drift().hand) == ("", 1, "")


@pytest.mark.parametrize("moment", ["0001-01-01 00:00:00", "9999-12-31 23:59:59"])
def test_moment_no_calendar_takes_says_nothing(
    moment: str, right: GrantState, his: SqlGateway, database: Database
) -> None:
    one = look(shown(his, priv_code="TC01", last_modified=moment, last_operator="DBA"))

    assert (one.problem, one.extra) == ("", 1)
    drift = the_drift()
    assert (drift.code, drift.hand, drift.hand_at) == ("TC01", "DBA", None)


def test_line_of_the_log_from_no_calendar_hides_no_other(
    right: GrantState, his: SqlGateway, database: Database
) -> None:
    by_hand.delete(database, rows(database)[0]["id"])
    log = "权限维护日志 (对象, 操作, 工号, 权限编码, 场合, 项目编码, 新状态, 操作人员, 操作时间)"
    columns = "对象, 操作, 工号, 权限编码, 场合, 项目编码, 新状态, 'X'"
    database.run(
        f"INSERT INTO {log} SELECT {columns}, '9999-12-31 23:59:59'"
        " FROM 权限维护日志 WHERE 操作人员 = 'DBA'"
    )

    look(his)

    assert (the_drift().hand, the_drift().is_from_log) == ("DBA", True)


@pytest.mark.parametrize(
    ("first", "last"),
    [("9999-12-31", None), ("9998-12-31", None), ("2030-01-01", "2027-01-01")],
)
def test_right_of_days_nobody_means_is_not_proposed_and_ends_no_act(
    first: str, last: str | None, right: GrantState, his: SqlGateway, lin: User
) -> None:
    look(shown(his, priv_code="TC01", valid_from=first, valid_to=last))

    outcome = adopt(chosen=keys(), by=lin, at=timezone.now(), reason=REASON)

    assert (outcome.done, list(outcome.left)) == (0, keys())
    assert the_drift().state == DriftState.OPEN
    assert Application.objects.filter(privilege__code="TC01").count() == 0


def test_row_moved_and_ended_across_ours_is_taken_away_before_ours_is_added(
    right: GrantState,
    his: SqlGateway,
    database: Database,
    lin: User,
    clock: time_machine.Traveller,
) -> None:
    database.run("UPDATE 人员权限 SET 开始日期 = '2026-11-24', 终止日期 = '2026-11-25'")
    clock.shift(timedelta(days=10))

    one = look(his)

    assert (one.missing, one.extra) == (1, 1)
    extra = Drift.objects.get(kind="EXTRA")
    assert (extra.valid_from, extra.theirs_last) == (
        date(2026, 11, 24),
        date(2026, 11, 25),
    )
    repair(chosen=keys(), by=lin, at=timezone.now(), reason=REASON)
    ops = [one.payload["op"] for one in Message.objects.order_by("pk")]
    assert ops == ["ADD", "REVOKE", "ADD"]
    deliver_due(gateway=his, lanes=1)
    assert set(Message.objects.values_list("state", flat=True)) == {"CONFIRMED"}
    assert settle_repairs(at=later()) == 2
    clock.shift(timedelta(minutes=10))
    assert look(his).total == 0
    kept = [(row["status"], row["valid_to"]) for row in rows(database)]
    assert kept == [(3, "2026-11-25"), (1, LAST.isoformat())]


def test_row_of_a_number_nobody_has_is_taken_away(
    right: GrantState, his: SqlGateway, lin: User
) -> None:
    look(shown(his, emp_no="０００９"))

    assert the_drift().practitioner is None
    assert repair(chosen=keys(), by=lin, at=later(), reason=REASON).done == 1
    sent = Message.objects.latest("pk").payload
    assert (sent["op"], sent["emp_no"], sent["priv_code"]) == (
        "REVOKE",
        "０００９",
        "RX01",
    )


@pytest.mark.parametrize("setting", ["", "all", "X"])
def test_right_in_a_place_we_do_not_know_cannot_be_proposed(
    setting: str, right: GrantState, his: SqlGateway, lin: User
) -> None:
    look(shown(his, setting=setting))

    outcome = adopt(chosen=keys(), by=lin, at=later(), reason=REASON)

    assert [str(why) for why in outcome.left.values()] == [
        "HIS 写的场合本院没有，不能提议；请核对后修复。"
    ]
    assert (Application.objects.count(), the_drift().state) == (1, DriftState.OPEN)


@pytest.mark.parametrize("last", [date(2999, 12, 31), date(9999, 12, 31)])
def test_end_nobody_lives_to_see_is_no_end(last: date) -> None:
    key = RowKey(Right(PRIV, "RX01", "", "ALL"), date(2026, 1, 1))
    endless, written = {key: Row("1", None, "1")}, {key: Row("1", last, "1")}
    day = date(2026, 11, 23)

    assert list(apart(endless, written, day, {})) == []
    assert list(apart(written, endless, day, {})) == []
    ended = {key: Row("1", date(2030, 1, 1), "1")}
    assert [one.kind for one in apart(endless, ended, day, {})] == ["DIFFERENT"]


# --- looks in each other's way --------------------------------------------------------


class Slow:
    """While its rows are read, somebody else does something."""

    def __init__(self, gateway: SqlGateway, meanwhile: Any) -> None:
        self._gateway, self._meanwhile = gateway, meanwhile
        self.typed = gateway.typed

    def batches(self, view: View, since: Any = None) -> Iterator[Any]:
        yield from self._gateway.batches(view, since)
        if view is V_YW_DOCTOR_PRIV:
            self._meanwhile()


def test_look_given_up_for_dead_writes_nothing_over_a_later_one(
    right: GrantState, his: SqlGateway, database: Database
) -> None:
    begun = later()
    newer: list[Reconciliation] = []

    def meanwhile() -> None:
        by_hand.delete(database, rows(database)[0]["id"])
        newer.append(look(his, begun + timedelta(hours=2)))

    slow: Any = Slow(his, meanwhile)
    old = reconcile(gateway=slow, at=begun)

    assert old is not None
    assert (old.problem, old.is_running, old.total) == ("比对中断，没有完成", False, 0)
    assert newer[0].missing == 1
    assert (told(the_drift())[0], the_drift().last_seen) == (
        "MISSING",
        begun + timedelta(hours=2),
    )


def test_row_told_anew_while_the_look_reads_is_on_its_way(
    right: GrantState, his: SqlGateway, lin: User
) -> None:
    begun = later()

    def meanwhile() -> None:
        said: dict[str, Any] = {"reason_code": "08", "reason": "年度评估未提交"}
        services.revoke(state=right, by=lin, at=begun, **said)
        deliver_due(gateway=his, lanes=1)

    slow: Any = Slow(his, meanwhile)
    one = reconcile(gateway=slow, at=begun)

    assert one is not None
    assert (one.problem, one.total, one.on_the_way) == ("", 0, 1)


def test_repair_waits_for_a_frozen_target_and_is_no_new_drift(
    right: GrantState, his: SqlGateway, database: Database, lin: User
) -> None:
    by_hand.delete(database, rows(database)[0]["id"])
    look(his)
    freeze(by=lin, at=later(), reason="HIS 升级")
    assert repair(chosen=keys(), by=lin, at=later(), reason=REASON).done == 1
    deliver_due(gateway=his, lanes=1)

    one = look(his, later() + timedelta(hours=1))

    assert (one.found, one.gone, one.on_the_way) == (0, 0, 1)
    assert the_drift().state == DriftState.REPAIRING
    assert settle_repairs(at=later()) == 0
    thaw(by=lin, at=later(), reason="HIS 升级完毕")
    Message.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    deliver_due(gateway=his, lanes=1)
    assert settle_repairs(at=later()) == 1


# --- the brake ------------------------------------------------------------------------


@pytest.mark.django_db
def test_rows_that_are_not_ours_do_not_loosen_the_brake() -> None:
    one = Reconciliation(part=Part.RIGHTS, ours=100, theirs=10_090, beside=10_000)
    one.missing = 10

    assert is_too_much(one)


@pytest.mark.django_db
def test_rows_that_are_over_do_not_loosen_the_brake() -> None:
    one = Reconciliation(part=Part.RIGHTS, ours=100, theirs=5_000, missing=10)

    assert is_too_much(one)


# --- policy ---------------------------------------------------------------------------


def test_policy_does_not_send_what_a_person_sent_and_another_stopped(
    right: GrantState, his: SqlGateway, database: Database, lin: User, su: User
) -> None:
    by_hand.delete(database, rows(database)[0]["id"])
    look(his)
    repair(chosen=keys(), by=lin, at=timezone.now(), reason=REASON)
    message = Message.objects.get(subject=the_drift().subject)
    stop(message=message, by=su, at=timezone.now(), reason="先与信息科核对")
    settle_repairs(at=timezone.now())
    set_to(registry.RECONCILE_MISSING, 1, lin)

    one = look(his)

    assert (one.repaired, the_drift().state) == (0, DriftState.OPEN)
    assert Message.objects.filter(subject=the_drift().subject).count() == 1
