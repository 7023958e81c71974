"""The ledger in memory: read once, patched by what was committed since, never older."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from permissions.checks.codes import Code
from permissions.checks.engine import check
from permissions.checks.facts import Status
from permissions.checks.question import Question, surgeon
from permissions.models import GrantEvent, GrantState
from permissions.services import renew, restore, revoke, suspend
from permissions.snapshot import world_for
from permissions.snapshot.freshness import MOST_GAPS, Source, TooManyGaps
from permissions.snapshot.reading import Reader, procedures
from portal.accounts.models import User
from portal.audit import stamp as stamps
from portal.audit.acting import acting
from portal.directory.models import PractitionerEvent, PractitionerStatus
from portal.parameters.days import day_of
from surgery.models import Procedure
from tests.cast import make_practitioner
from tests.harness import assert_queries
from tests.permissions.ledger import granted

CHOLE = "51.2300"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def right(catalogue: None, lin: User, su: User) -> GrantState:
    doctor = make_practitioner("1305", "方若谷")
    end = date(2027, 11, 22)
    return granted(lin, su, doctor, "SG03", item=CHOLE, valid_to=end)


@pytest.fixture
def stamped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> stamps.Stamp:
    made = stamps.Stamp(str(tmp_path / "stamp"))
    monkeypatch.setattr("portal.audit.stamp.stamp", lambda: made)
    monkeypatch.setattr("permissions.snapshot.keeping.stamp", lambda: made)
    return made


def question() -> Question:
    return surgeon("1305", [CHOLE], timezone.now())


def code() -> Code:
    asked = question()
    return check(asked, world_for(asked)).code


def stop(state: GrantState, by: User) -> None:
    suspend(
        state=state, by=by, at=timezone.now(), reason_code="08", reason="评估未完成"
    )


def test_suspension_restoration_and_revocation_count_from_the_next_question_on(
    right: GrantState, su: User
) -> None:
    seen = [code()]
    stop(right, su)
    seen.append(code())
    right.refresh_from_db()
    restore(state=right, by=su, at=timezone.now(), reason="评估已完成")
    seen.append(code())
    right.refresh_from_db()
    revoke(
        state=right, by=su, at=timezone.now(), reason_code="10", reason="严重不良事件"
    )
    seen.append(code())

    assert seen == [Code.ALLOWED, Code.SUSPENDED, Code.ALLOWED, Code.NO_RIGHT]


def test_suspended_right_that_is_renewed_stays_suspended(
    right: GrantState, su: User
) -> None:
    stop(right, su)
    right.refresh_from_db()
    renew(
        state=right,
        last_day=date(2028, 11, 21),
        by=su,
        at=timezone.now(),
        reason="期满，经评估续期",
    )
    assert code() is Code.SUSPENDED


def test_suspension_with_a_last_day_ends_by_itself(
    right: GrantState, su: User, clock: time_machine.Traveller
) -> None:
    code()
    suspend(
        state=right,
        by=su,
        at=timezone.now(),
        reason_code="08",
        reason="评估未完成",
        last_day=day_of(timezone.now()),
    )
    assert code() is Code.SUSPENDED
    clock.shift(timedelta(days=1))
    assert code() is Code.ALLOWED


def test_line_for_one_visit_answers_no_question_without_the_visit(
    catalogue: None, lin: User, su: User, right: GrantState
) -> None:
    assert code() is Code.ALLOWED
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE permissions_grantstate SET kind = 'ONE_PATIENT', visit_no = '7'"
        )
    assert [len(one.lines) for one in Reader().people() if one.emp_no == "1305"] == [0]


def test_question_after_no_change_takes_one_query_and_none_with_the_stamp(
    right: GrantState, stamped: stamps.Stamp, monkeypatch: pytest.MonkeyPatch
) -> None:
    code()
    with assert_queries(0):
        code()
    monkeypatch.setattr("permissions.snapshot.keeping.stamp", lambda: None)
    with assert_queries(1):
        code()


def test_change_of_one_doctor_takes_six_queries(right: GrantState, su: User) -> None:
    code()
    stop(right, su)
    with assert_queries(6):
        assert code() is Code.SUSPENDED


def test_stamp_tells_of_a_change_of_this_process(
    right: GrantState, su: User, stamped: stamps.Stamp
) -> None:
    code()
    stop(right, su)
    assert code() is Code.SUSPENDED
    with assert_queries(0):
        assert code() is Code.SUSPENDED


def test_writer_that_never_settles_costs_a_query_and_hides_nothing(
    right: GrantState, su: User, stamped: stamps.Stamp
) -> None:
    code()
    # As a process that died between its mark and the end of its transaction.
    other = stamps.Stamp(f"/proc/self/fd/{stamped._file}")
    other.open()
    for _ in range(2):
        with assert_queries(1):
            assert code() is Code.ALLOWED


def test_change_that_is_rolled_back_was_never_seen(right: GrantState, su: User) -> None:
    assert code() is Code.ALLOWED
    with transaction.atomic():
        stop(right, su)
        assert code() is Code.SUSPENDED
        transaction.set_rollback(True)
    assert code() is Code.ALLOWED


def test_rolled_back_change_leaves_the_stamp_settled_at_the_next_question(
    right: GrantState, su: User, stamped: stamps.Stamp
) -> None:
    with transaction.atomic():
        stop(right, su)
        transaction.set_rollback(True)
    assert not stamps.is_settled(stamped.read())
    code()
    assert stamps.is_settled(stamped.read())


def test_stopped_procedure_counts_from_the_next_question_on(right: GrantState) -> None:
    code()
    procedure = Procedure.objects.get(code=CHOLE)
    procedure.is_enabled = False
    with acting(by=None, reason="停用"):
        procedure.save()
    assert code() is Code.NOT_DONE_HERE


def test_leaver_counts_from_the_next_question_on(right: GrantState) -> None:
    code()
    doctor = right.practitioner
    with transaction.atomic():
        doctor.status = PractitionerStatus.LEFT
        doctor.save()
        PractitionerEvent.objects.create(
            practitioner=doctor,
            kind=PractitionerEvent.Kind.STATUS,
            before="01",
            after="99",
            at=timezone.now(),
        )
    assert code() is Code.OUT_OF_SCOPE


def test_reader_takes_the_same_facts_of_one_as_of_all(
    right: GrantState, su: User
) -> None:
    stop(right, su)
    reader = Reader()

    [of_all] = reader.people()
    [of_one] = reader.some(type(right.practitioner).objects.order_by("pk"))

    assert of_all == of_one
    [line] = of_one.lines
    assert (line.item, line.terms.privilege) == (CHOLE, "SG03")
    assert line.terms.status is Status.SUSPENDED
    assert line.terms.changed_from == datetime(2026, 11, 23, 2, tzinfo=UTC)
    # Equal terms are one object, so thousands of grants cost one.
    assert of_all.lines[0].terms is line.terms
    assert {one.code for one in procedures([CHOLE])} == {CHOLE}


def test_smaller_id_that_is_committed_later_is_still_seen() -> None:
    source = Source("G", GrantEvent, top=10)
    source.see([13])
    assert source.condition("id") == ("(id > %s OR id IN (%s, %s))", [13, 11, 12])

    source.see([12])

    assert source.condition("id") == ("(id > %s OR id IN (%s))", [13, 11])


def test_ids_that_jump_far_ask_for_reading_everything_again() -> None:
    source = Source("G", GrantEvent, top=10)
    with pytest.raises(TooManyGaps):
        source.see([10 + MOST_GAPS + 1])
