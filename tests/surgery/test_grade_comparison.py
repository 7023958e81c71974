"""Our grades beside those of the HIS: what differs, since when, and until when."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from portal.demo_his.database import Database
from portal.his.sql.gateway import SqlGateway
from portal.outbox.delivery import deliver_due
from portal.outbox.models import Message, State
from portal.parameters.days import ZONE
from surgery.models import GradeComparison, GradeDifference
from surgery.queries.grade_differences import (
    Apart,
    Graded,
    asked_comparison,
    differences,
    open_differences,
)
from surgery.services.grade_differences import (
    NothingToPush,
    ReasonMissing,
    ask_comparison,
    compare,
    compare_if_due,
    push_again,
)
from tests.surgery.grades import PLANTED, procedure, read_his, regraded

BY_HAND = "UPDATE 手术项目目录 SET 手术类型 = :grade WHERE 编码 = :code"
DAYS = (None, date(2026, 1, 1), date(2026, 12, 1))
GRADED = [Graded(grade, day) for grade, day in product("01234", DAYS)]


# --- plain ----------------------------------------------------------------------------


def expected(mine: Graded | None, other: Graded | None) -> tuple[str, ...] | None:
    """What the page must say of one code: kind, field, ours, theirs. Written apart from
    the code under test, case by case."""
    left = mine.grade if mine else ""
    right = other.grade if other else ""
    if mine is None or other is None:
        if left in {"", "0"} and right in {"", "0"}:
            return None
        return ("MISSING" if other is None else "EXTRA", "grade", left, right)
    if left != right:
        return ("DIFFERENT", "grade", left, right)
    first, second = mine.effective_from, other.effective_from
    if left == "0" or first is None or second is None or first == second:
        return None
    return ("DIFFERENT", "effective_from", first.isoformat(), second.isoformat())


def test_every_pair_of_grades_and_days_is_judged_as_expected() -> None:
    sides: list[Graded | None] = [None, *GRADED]
    for mine, other in product(sides, sides):
        ours = {"51.2300": mine} if mine else {}
        theirs = {"51.2300": other} if other else {}
        said = [
            (one.kind, one.field, one.ours, one.theirs)
            for one in differences(ours, theirs)
        ]
        wanted = expected(mine, other)
        assert said == ([wanted] if wanted else []), (mine, other)


# A loaded machine draws slowly; that is no fault of what is tested.
patiently = hypothesis_settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
sides = st.dictionaries(
    st.sampled_from(["51.2300", "51.2200", "50.3x00", "06.2x00"]),
    st.sampled_from(GRADED),
)


@patiently
@given(ours=sides, theirs=sides)
def test_catalogues_are_compared_code_by_code(
    ours: dict[str, Graded], theirs: dict[str, Graded]
) -> None:
    found = list(differences(ours, theirs))

    alone = [
        Apart(code, *wanted)
        for code in sorted({*ours, *theirs})
        if (wanted := expected(ours.get(code), theirs.get(code)))
    ]
    assert found == alone


@patiently
@given(same=sides)
def test_catalogue_does_not_differ_from_itself(same: dict[str, Graded]) -> None:
    assert list(differences(same, same)) == []


@patiently
@given(ours=sides, theirs=sides)
def test_nothing_is_left_when_the_his_takes_what_is_ours(
    ours: dict[str, Graded], theirs: dict[str, Graded]
) -> None:
    for one in differences(ours, theirs):
        theirs = {**theirs, one.code: ours.get(one.code, Graded("0"))}

    assert list(differences(ours, theirs)) == []


# --- with the demo HIS ----------------------------------------------------------------

with_his = pytest.mark.slow


def shown() -> dict[str, list[str]]:
    """Kind, ours and theirs by code."""
    rows = open_differences().values_list("code", "kind", "ours", "theirs")
    return {code: list(rest) for code, *rest in rows}


def look(his: SqlGateway, **later: float) -> GradeComparison:
    return compare(gateway=his, at=timezone.now() + timedelta(**later))


@with_his
def test_demo_begins_with_the_planted_differences(his: SqlGateway) -> None:
    one = look(his)

    assert shown() == {
        code: ["DIFFERENT", ours, theirs] for code, (ours, theirs) in PLANTED.items()
    }
    assert (one.ours, one.theirs) == (94, 93)
    assert (one.missing, one.extra, one.different) == (0, 0, 3)
    assert (one.found, one.settled, one.problem) == (3, 0, "")


@with_his
def test_missing_and_extra_are_told_apart(his: SqlGateway, database: Database) -> None:
    database.run("DELETE FROM 人员手术权限 WHERE 1 = 1")
    database.run("UPDATE 手术项目目录 SET 编码 = '99.9900' WHERE 编码 = '51.2300'")

    one = look(his)

    found = shown()
    assert found["51.2300"] == ["MISSING", "3", ""]
    assert found["99.9900"] == ["EXTRA", "", "3"]
    assert (one.missing, one.extra, one.different) == (1, 1, 3)
    extra = open_differences().get(code="99.9900")
    assert (extra.procedure, extra.name) == (None, "")


@with_his
def test_difference_is_known_since_it_was_first_seen(
    his: SqlGateway, database: Database
) -> None:
    look(his)
    first = open_differences().get(code="38.5901")
    look(his, hours=1)
    assert open_differences().get(code="38.5901") == first

    database.run(BY_HAND, grade="四级", code="38.5901")
    third = look(his, hours=2)

    first.refresh_from_db()
    again = open_differences().get(code="38.5901")
    assert (again.theirs, again.found_at) == ("4", third.asked_at)
    assert first.gone_at == third.asked_at
    assert (third.found, third.settled) == (1, 1)


@with_his
def test_settled_difference_stays_in_the_history(
    his: SqlGateway, database: Database
) -> None:
    look(his)
    database.run(BY_HAND, grade="二级", code="38.5901")

    one = look(his, hours=1)

    assert (one.total, one.settled) == (2, 1)
    assert sorted(shown()) == sorted(PLANTED.keys() - {"38.5901"})
    assert GradeDifference.objects.get(code="38.5901").gone_at == one.asked_at


@with_his
def test_procedure_out_of_use_must_have_no_grade_in_the_his(his: SqlGateway) -> None:
    regraded(grade=3, is_enabled=False)

    look(his)

    assert shown()["51.2300"] == ["DIFFERENT", "0", "3"]


@with_his
def test_his_that_is_down_leaves_what_was_known_and_says_so(
    his: SqlGateway, database: Database
) -> None:
    look(his)
    database.path.rename(database.away)

    one = look(his, hours=1)

    assert "HIS 未应答" in one.problem
    assert (one.total, one.found, one.settled) == (0, 0, 0)
    assert sorted(shown()) == sorted(PLANTED)


@with_his
def test_too_many_rows_gone_are_no_differences(
    his: SqlGateway, database: Database
) -> None:
    database.run("DELETE FROM 手术项目目录 WHERE ID > 9040")

    one = look(his)

    assert one.problem == "大量行消失，拉取已停下，待信息科确认后再比对"
    assert shown() == {}


# --- when -----------------------------------------------------------------------------


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 24, hour, minute, tzinfo=ZONE)


@with_his
def test_nightly_comparison_comes_once_after_one_o_clock(his: SqlGateway) -> None:
    assert compare_if_due(gateway=his, at=at(0, 59)) is None
    assert compare_if_due(gateway=his, at=at(1)) is not None
    assert compare_if_due(gateway=his, at=at(1, 1)) is None
    assert compare_if_due(gateway=his, at=at(23, 59)) is None
    assert compare_if_due(gateway=his, at=at(1) + timedelta(days=1)) is not None
    assert GradeComparison.objects.filter(by=None, problem="").count() == 2


@with_his
def test_nightly_comparison_that_failed_is_tried_again_an_hour_later(
    his: SqlGateway, database: Database
) -> None:
    database.path.rename(database.away)
    failed = compare_if_due(gateway=his, at=at(1))
    assert failed is not None
    assert failed.problem
    assert compare_if_due(gateway=his, at=at(1, 59)) is None
    database.away.rename(database.path)

    again = compare_if_due(gateway=his, at=at(2, 1))

    assert again is not None
    assert again.problem == ""


@with_his
def test_one_asked_for_waits_for_a_worker_and_is_done_once(
    his: SqlGateway, lin: User
) -> None:
    first = ask_comparison(by=lin, at=timezone.now())
    assert ask_comparison(by=lin, at=timezone.now()) == first

    done = compare_if_due(gateway=his, at=timezone.now())

    assert done is not None
    assert (done.pk, done.by, done.total) == (first.pk, lin, 3)
    assert asked_comparison() is None


# --- pushing again --------------------------------------------------------------------


def keys(*codes: str) -> list[int]:
    rows = open_differences().filter(code__in=codes) if codes else open_differences()
    return list(rows.order_by("code").values_list("pk", flat=True))


def pushed(by: User, *codes: str, reason: str = "以本院目录为准") -> Any:
    return push_again(chosen=keys(*codes), by=by, at=timezone.now(), reason=reason)


@with_his
def test_all_pushed_again_are_equal_afterwards(his: SqlGateway, lin: User) -> None:
    look(his)

    result = pushed(lin)
    deliver_due(gateway=his)

    assert (result.told, result.left) == (3, 0)
    assert set(Message.objects.values_list("state", flat=True)) == {State.CONFIRMED}
    assert look(his, hours=1).total == 0
    event = AuditEvent.objects.get(kind=EventKind.MESSAGE_RETRIED)
    assert (event.by, event.reason, event.detail) == (
        lin,
        "以本院目录为准",
        {"told": 3, "left": 0},
    )


@with_his
def test_push_says_what_the_his_must_still_show(his: SqlGateway, lin: User) -> None:
    look(his)

    pushed(lin, "38.5901")

    message = Message.objects.get()
    assert (message.payload["old_grade"], message.payload["new_grade"]) == ("3", "2")
    assert message.subject == f"surgery.procedure:{procedure('38.5901').pk}"


@with_his
def test_refused_push_can_be_pushed_again_from_a_new_look(
    his: SqlGateway, database: Database, lin: User
) -> None:
    look(his)
    database.run(BY_HAND, grade="四级", code="38.5901")
    pushed(lin, "38.5901")
    deliver_due(gateway=his)
    refused = Message.objects.get()
    assert (refused.state, refused.last_text) == (
        State.REJECTED,
        "原等级与 HIS 不符",
    )

    look(his, hours=1)
    pushed(lin, "38.5901")
    deliver_due(gateway=his)

    refused.refresh_from_db()
    assert refused.state == State.STOPPED
    assert look(his, hours=2).total == 2


@with_his
def test_day_set_by_hand_in_the_his_is_a_difference_and_is_pushed(
    his: SqlGateway, database: Database, lin: User
) -> None:
    look(his)
    pushed(lin)
    deliver_due(gateway=his)
    database.run(
        "UPDATE 手术项目目录 SET 等级生效日期 = '2020-01-01' WHERE 编码 = '38.5901'"
    )
    look(his, hours=1)
    row = open_differences().get()
    assert (row.field, row.theirs) == ("effective_from", "2020-01-01")

    pushed(lin)
    deliver_due(gateway=his)

    assert look(his, hours=2).total == 0


@with_his
def test_what_the_his_or_the_catalogue_does_not_have_is_not_pushed(
    his: SqlGateway, database: Database, lin: User
) -> None:
    database.run("UPDATE 手术项目目录 SET 编码 = '99.9900' WHERE 编码 = '51.2300'")
    look(his)

    read_his(his)

    with pytest.raises(NothingToPush):
        pushed(lin, "51.2300", "99.9900")

    assert not Message.objects.exists()
    assert not AuditEvent.objects.filter(kind=EventKind.MESSAGE_RETRIED).exists()


@with_his
def test_push_without_a_reason_is_refused_and_leaves_nothing(
    his: SqlGateway, lin: User
) -> None:
    look(his)

    with pytest.raises(ReasonMissing):
        pushed(lin, reason="  ")

    assert not Message.objects.exists()
    assert not AuditEvent.objects.filter(kind=EventKind.MESSAGE_RETRIED).exists()
