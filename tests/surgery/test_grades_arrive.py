"""The grade of a procedure: decided here, told to the HIS, read back.

The HIS is the demo HIS on its own database, reached by the gateway as everywhere.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.demo_his import switches
from portal.demo_his.database import Database
from portal.his.sql.gateway import SqlGateway
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Message, State
from portal.outbox.presenters import arrival
from portal.outbox.services import retry
from portal.parameters.days import day_of, start_of
from surgery.outbound import Turn, tell_grades, why_not_told, withdraw_grades
from tests.surgery.grades import GALL_BLADDER, due_now, procedure, regraded, turn

pytestmark = pytest.mark.slow
REASON = "年度调整，委员会 2026-11 会议通过"
IN_HIS = (
    "SELECT grade, effective_from, grade_version FROM V_YW_OP_GRADE"
    " WHERE proc_code = :code"
)


def tell(*turns: Turn, by: User, **fields: Any) -> list[Message]:
    """Promise and give back what was promised."""
    last = Message.objects.order_by("id").last()
    with transaction.atomic():
        tell_grades(turns, by=by, at=timezone.now(), reason=REASON, **fields)
    found = Message.objects.filter(pk__gt=last.pk if last else 0)
    return list(found.order_by("id"))


def in_his(database: Database, code: str = GALL_BLADDER) -> tuple[Any, ...]:
    (row,) = database.rows(IN_HIS, code=code)
    return tuple(row.values())


def state_of(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def test_decided_grade_arrives_and_is_read_back(
    his: SqlGateway, database: Database, lin: User
) -> None:
    today = day_of(timezone.now())
    (message,) = tell(
        turn(subject="surgery.gradechange:81", doc_no="医务〔2026〕12号"),
        by=lin,
        version="2026.2",
    )

    deliver_due(gateway=his)

    assert state_of(message) == State.CONFIRMED
    assert message.stream == "procedure:51.2300"
    assert message.subject == "surgery.gradechange:81"
    assert message.payload == {
        "request_id": str(message.request_id),
        "op": "UPDATE",
        "his_item_id": "9033",
        "proc_code": "51.2300",
        "old_grade": "3",
        "new_grade": "4",
        "effective_from": today.isoformat(),
        "grade_version": "2026.2",
        "reason": REASON,
        "doc_no": "医务〔2026〕12号",
        "operator": "2031",
    }
    assert in_his(database) == ("4", today.isoformat(), "2026.2")
    (log,) = database.rows("SELECT * FROM V_YW_CHANGE_LOG")
    assert (log["target"], log["before_status"], log["after_status"]) == (
        "OPGRADE",
        "3",
        "4",
    )


@pytest.mark.parametrize(
    ("then", "op", "stricter"), [(2, "UPDATE", False), (3, "UPDATE", False)]
)
def test_grade_changed_twice_before_the_his_heard_of_it_arrives(
    his: SqlGateway, database: Database, lin: User, then: int, op: str, stricter: bool
) -> None:
    """The second one is told of what stands in the HIS, not of the first, which nobody
    sent; else the HIS refuses it (2005)."""
    (first,) = tell(turn(grade=4), by=lin)
    (second,) = tell(turn(grade=then), by=lin)
    assert (state_of(first), first.tries) == (State.STOPPED, 0)
    told = (second.payload["op"], second.payload["old_grade"], second.takes_away)
    assert told == (op, "3", stricter)

    deliver_due(gateway=his)

    assert state_of(second) == State.CONFIRMED
    assert in_his(database)[0] == str(then)


def test_first_grade_changed_before_the_his_heard_of_it_is_still_its_first(
    his: SqlGateway, database: Database, lin: User
) -> None:
    tell(turn(grade=0), by=lin)
    deliver_due(gateway=his)
    tell(turn(grade=4), by=lin)

    (second,) = tell(turn(grade=2), by=lin)
    deliver_due(gateway=his)

    assert (second.payload["op"], second.payload["old_grade"]) == ("ADD", "0")
    assert (state_of(second), in_his(database)[0]) == (State.CONFIRMED, "2")


def test_later_day_waits_for_its_day(
    his: SqlGateway, database: Database, lin: User
) -> None:
    (message,) = tell(turn(grade=4, days=8), by=lin)
    day = day_of(timezone.now()) + timedelta(days=8)
    assert message.not_before == start_of(day)
    assert (message.takes_away, message.payload["old_grade"]) == (True, None)

    deliver_due(gateway=his)
    assert (state_of(message), in_his(database)[0]) == (State.WAITING, "3")
    due_now(message)
    deliver_due(gateway=his)

    assert (state_of(message), in_his(database)[0]) == (State.CONFIRMED, "4")


def test_grade_of_today_and_one_of_a_later_day_both_come(
    his: SqlGateway, database: Database, lin: User
) -> None:
    (later,) = tell(turn(grade=4, days=8), by=lin)
    (today,) = tell(turn(grade=2), by=lin)
    deliver_due(gateway=his)
    due_now(later)

    deliver_due(gateway=his)

    assert [state_of(one) for one in (today, later)] == [State.CONFIRMED] * 2
    assert in_his(database)[0] == "4"


def test_planned_grade_taken_back_is_never_sent(
    his: SqlGateway, database: Database, lin: User
) -> None:
    (first, second) = tell(turn(grade=4, days=8), turn(grade=2, days=20), by=lin)

    withdraw_grades(
        [procedure()],
        at=timezone.now(),
        effective_from=day_of(timezone.now()) + timedelta(days=8),
    )

    assert [state_of(one) for one in (first, second)] == [State.STOPPED, State.WAITING]
    withdraw_grades([procedure()], at=timezone.now())
    assert state_of(second) == State.STOPPED


def test_procedure_out_of_use_has_no_grade_in_the_his_and_gets_it_back(
    his: SqlGateway, database: Database, lin: User
) -> None:
    regraded(grade=3, is_enabled=False)
    (message,) = tell(turn(grade=3), by=lin)
    deliver_due(gateway=his)
    assert (message.payload["op"], message.takes_away) == ("VOID", True)
    assert (state_of(message), in_his(database)[0]) == (State.CONFIRMED, "0")

    regraded(grade=3, is_enabled=True)
    (back,) = tell(turn(grade=3), by=lin)
    deliver_due(gateway=his)

    assert back.payload["op"] == "ADD"
    assert (state_of(back), in_his(database)[0]) == (State.CONFIRMED, "3")


def test_what_the_his_has_already_is_not_told(his: SqlGateway, lin: User) -> None:
    assert tell(turn(grade=3), by=lin) == []
    tell(turn(grade=4), by=lin)
    assert tell(turn(grade=4), by=lin) == []


def test_late_record_that_a_later_grade_has_ended_is_not_told(
    his: SqlGateway, lin: User
) -> None:
    (told,) = tell(turn(grade=4), by=lin)

    assert tell(turn(grade=2, days=-3), by=lin) == []
    assert state_of(told) == State.WAITING


def test_procedure_the_his_has_no_item_for_is_not_told_and_says_why(
    his: SqlGateway, database: Database, lin: User
) -> None:
    unknown = regraded("51.2200", grade=2, code="51.2299")

    assert tell(turn("51.2299", grade=4), by=lin) == []
    assert why_not_told([unknown, procedure()]) == {
        unknown.pk: "HIS 没有这个手术项目，不推送；请先在 HIS 建立项目"
    }


def test_his_told_over_hl7_is_not_told_of_grades(
    his: SqlGateway, settings: Any, lin: User
) -> None:
    settings.HIS_PUSH_DSN = "mllp://his.example:2575"

    assert tell(turn(grade=4), by=lin) == []
    assert why_not_told([procedure()]) == {
        procedure().pk: "HIS 未提供接口，不推送：HL7 v2 只传送 YW_PRIV_SAVE"
    }


def test_act_that_fails_leaves_no_promise(his: SqlGateway, lin: User) -> None:
    @transaction.atomic
    def act() -> None:
        tell_grades([turn()], by=lin, at=timezone.now(), reason=REASON)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()

    assert not Message.objects.exists()


def test_refused_grade_shows_the_words_of_the_his_and_can_be_sent_again(
    his: SqlGateway, database: Database, lin: User
) -> None:
    switches.refuse(database, "3001", "手术目录正在维护")
    (message,) = tell(turn(), by=lin)
    deliver_due(gateway=his)

    assert state_of(message) == State.REJECTED
    shown = arrival(message)
    assert (shown.tone, "3001" in str(shown.text)) == ("bad", True)
    assert message.last_text == "手术目录正在维护"
    assert in_his(database)[0] == "3"

    switches.accept(database)
    retry(message=message, by=lin, at=timezone.now(), reason="目录维护已结束")
    deliver_due(gateway=his)

    assert (state_of(message), in_his(database)[0]) == (State.CONFIRMED, "4")


def test_grade_changed_by_hand_in_the_his_is_refused_not_overwritten(
    his: SqlGateway, database: Database, lin: User
) -> None:
    by_hand = "UPDATE 手术项目目录 SET 手术类型 = '一级' WHERE 编码 = :code"
    database.run(by_hand, code=GALL_BLADDER)
    (message,) = tell(turn(), by=lin)

    deliver_due(gateway=his)

    assert state_of(message) == State.REJECTED
    assert (message.last_code, message.last_text) == ("2005", "原等级与 HIS 不符")
    assert in_his(database)[0] == "1"


def test_his_that_is_down_gets_it_when_it_is_back(
    his: SqlGateway, database: Database, lin: User
) -> None:
    (message,) = tell(turn(), by=lin)
    database.path.rename(database.away)
    deliver_due(gateway=his)
    assert (state_of(message), message.tries) == (State.WAITING, 1)

    database.away.rename(database.path)
    due_now(message)
    deliver_due(gateway=his)

    assert (state_of(message), in_his(database)[0]) == (State.CONFIRMED, "4")


def test_whole_catalogue_is_told_in_a_few_queries(
    his: SqlGateway, lin: User, django_assert_max_num_queries: Any
) -> None:
    today = day_of(timezone.now())
    procedures = list(type(procedure()).objects.order_by("code"))
    turns = [Turn(one, one.grade % 4 + 1, today) for one in procedures]

    with django_assert_max_num_queries(8):
        told = tell_grades(turns, by=lin, at=timezone.now(), reason=REASON)

    # One of them has in the HIS what it now gets: set by hand there.
    same = [one for one in turns if one.procedure.code == "38.5901"]
    assert len(same) == 1
    assert told == 93
    deliver_due(gateway=his)
    assert Message.objects.filter(state=State.CONFIRMED).count() == 93
