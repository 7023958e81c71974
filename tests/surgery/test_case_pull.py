"""Performed cases and booked operations come from the HIS, once and as it has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.directory.models import Loss, PulledView, QuarantinedRow, SyncRun
from surgery.models import BookedOperation, CaseMember, CaseProcedure, PerformedCase
from tests.surgery.case_rows import (
    CHOLE,
    LIVER,
    SPLEEN,
    Theatre,
    counts,
    local,
    member_row,
    pull,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 17, 4, 0, tzinfo=UTC)  # twelve o'clock in Shanghai
LATER = NOON + timedelta(hours=1)
NEXT_DAY = NOON + timedelta(hours=25)
CASES = "V_YW_OPERATION"


@pytest.fixture
def his() -> Theatre:
    theatre = Theatre()
    theatre.case("1", CHOLE, SPLEEN, team={"1": "1188", "2": "1305", "5": "2601"})
    theatre.case("2", LIVER, surgeon_no="1027", complication="04")
    theatre.booking("SS1")
    return theatre


def test_first_pull_takes_everything_and_keeps_no_name_of_a_patient(
    his: Theatre,
) -> None:
    runs = pull(his, NOON)

    assert {name: counts(run) for name, run in runs.items()} == {
        "V_YW_SURGERY_APPLY": (1, 1, 0, 0, 0),
        "V_YW_OPERATION": (2, 2, 0, 0, 0),
        "V_YW_OPERATION_ITEM": (3, 3, 0, 0, 0),
        "V_YW_OPERATION_TEAM": (4, 4, 0, 0, 0),
    }
    first = PerformedCase.objects.get(op_id="1")
    assert (first.admission_id, first.surgeon_no, first.is_canceled) == (
        "31",
        "1188",
        False,
    )
    assert first.op_start == datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
    assert (first.first_seen_at, first.changed_at) == (NOON, NOON)
    items = CaseProcedure.objects.filter(case=first).order_by("item_no")
    assert list(items.values_list("item_no", "code")) == [(1, CHOLE), (2, SPLEEN)]
    team = CaseMember.objects.filter(case=first).order_by("role")
    assert list(team.values_list("role", "emp_no")) == [
        ("1", "1188"),
        ("2", "1305"),
        ("5", "2601"),
    ]
    names = {field.name for field in PerformedCase._meta.fields}
    assert names.isdisjoint({"name", "inpatient_no", "age", "sex"})


def test_second_pull_reads_from_the_watermark_and_changes_nothing(his: Theatre) -> None:
    pull(his, NOON)
    before = list(PerformedCase.objects.order_by("pk").values())
    his.asked.clear()

    runs = pull(his, LATER)

    since = local(2026, 11, 16, 19, 50)  # ten minutes behind what was last written
    assert his.asked == [(name, since) for name in runs]
    assert counts(runs[CASES]) == (2, 0, 0, 0, 0)
    assert list(PerformedCase.objects.order_by("pk").values()) == before


def test_changed_case_is_changed_here_and_keeps_when_it_was_first_seen(
    his: Theatre,
) -> None:
    pull(his, NOON)
    his.case("1", CHOLE, reop_type="2", last_modified=local(2026, 11, 17, 12, 30))

    runs = pull(his, LATER)

    assert counts(runs[CASES])[1:] == (0, 1, 0, 0)
    case = PerformedCase.objects.get(op_id="1")
    assert (case.reoperation, case.first_seen_at, case.changed_at) == ("2", NOON, LATER)


def test_row_touched_without_another_value_is_no_change(his: Theatre) -> None:
    pull(his, NOON)
    his.case("1", CHOLE, last_modified=local(2026, 11, 17, 12, 30))

    runs = pull(his, LATER)

    assert counts(runs[CASES])[1:] == (0, 0, 0, 0)
    assert PerformedCase.objects.get(op_id="1").changed_at == NOON


def test_case_canceled_in_the_his_is_kept_as_canceled(his: Theatre) -> None:
    pull(his, NOON)
    late = local(2026, 11, 17, 12, 30)
    his.case("2", LIVER, surgeon_no="1027", cancel_flag="1", last_modified=late)

    pull(his, LATER)

    assert PerformedCase.objects.get(op_id="2").is_canceled is True


def test_case_withdrawn_from_the_his_is_marked_once_a_day_and_comes_back(
    his: Theatre,
) -> None:
    pull(his, NOON)
    row = his.tables[CASES].pop(1)

    assert counts(pull(his, LATER)[CASES])[3] == 0
    assert PerformedCase.objects.get(op_id="2").missing_since is None

    runs = pull(his, NEXT_DAY)
    assert counts(runs[CASES]) == (1, 0, 0, 1, 0)
    assert PerformedCase.objects.get(op_id="2").missing_since == NEXT_DAY

    his.tables[CASES].append(row)
    assert counts(pull(his, NEXT_DAY, whole=True)[CASES]) == (2, 0, 1, 0, 0)
    assert PerformedCase.objects.get(op_id="2").missing_since is None


def test_view_that_lost_nearly_everything_is_held_and_asks_a_person(
    his: Theatre,
) -> None:
    for number in range(10, 30):
        his.case(str(number))
    pull(his, NOON)
    his.tables[CASES] = his.tables[CASES][:4]

    run = pull(his, NEXT_DAY)[CASES]

    assert (run.state, run.vanished) == (SyncRun.State.HELD, 18)
    assert PerformedCase.objects.filter(missing_since=None).count() == 22
    assert len(Loss.objects.get(view=CASES, is_current=True).keys) == 18


def test_bad_case_is_set_aside_until_it_is_mended_and_the_rest_arrives(
    his: Theatre,
) -> None:
    his.case("3", surgeon_no="")
    his.case("4", reop_type="9")

    runs = pull(his, NOON)

    assert counts(runs[CASES]) == (4, 2, 0, 0, 2)
    aside = QuarantinedRow.objects.filter(view=CASES).order_by("key")
    assert list(aside.values_list("key", "column", "reason", "value")) == [
        ("3", "surgeon_no", "MISSING", ""),
        ("4", "reop_type", "UNKNOWN_CODE", "9"),
    ]

    his.case("3", last_modified=local(2026, 11, 17, 12, 30))
    assert counts(pull(his, LATER)[CASES])[1:] == (1, 0, 0, 1)
    assert [row.key for row in QuarantinedRow.objects.filter(view=CASES)] == ["4"]


def test_doubled_case_is_taken_once_and_said(his: Theatre) -> None:
    his.tables[CASES].append(his.tables[CASES][0])

    assert counts(pull(his, NOON)[CASES]) == (3, 2, 0, 0, 1)
    row = QuarantinedRow.objects.get(view=CASES)
    assert (row.key, row.column, row.reason) == ("1", "op_id", "DOUBLED")


def test_his_whose_clock_is_ahead_does_not_hide_what_comes_meanwhile(
    his: Theatre,
) -> None:
    his.case("3", last_modified=local(2027, 1, 1))
    pull(his, NOON)
    assert PulledView.objects.get(view=CASES).watermark == NOON

    his.case("4", last_modified=local(2026, 11, 17, 12, 30))
    assert counts(pull(his, LATER)[CASES])[1] == 1


def test_view_the_his_does_not_offer_fails_alone(his: Theatre) -> None:
    del his.tables["V_YW_OPERATION_TEAM"]

    runs = pull(his, NOON)

    team = runs.pop("V_YW_OPERATION_TEAM")
    assert (team.state, team.is_missing) == (SyncRun.State.FAILED, True)
    assert all(run.is_ok for run in runs.values())


def test_pull_that_breaks_off_moves_no_watermark_and_the_next_one_mends_it(
    his: Theatre,
) -> None:
    broken = BreakingTheatre(his)

    run = pull(broken, NOON)[CASES]

    assert (run.state, run.read) == (SyncRun.State.FAILED, 1)
    assert PulledView.objects.get(view=CASES).watermark is None
    assert counts(pull(his, LATER)[CASES]) == (2, 1, 0, 0, 0)


def test_earlier_pull_gives_up_when_a_later_one_came_in_between(his: Theatre) -> None:
    slow = RivaledTheatre(his)

    run = pull(slow, NOON)[CASES]

    assert (run.state, run.error) == (SyncRun.State.FAILED, "另一次拉取正在进行")
    assert PerformedCase.objects.get(op_id="1").first_seen_at == LATER


def test_line_that_comes_before_its_case_is_kept(his: Theatre) -> None:
    his.tables["V_YW_OPERATION_TEAM"].append(member_row("9", "1", "1188"))

    assert pull(his, NOON)["V_YW_OPERATION_TEAM"].is_ok
    kept: list[Any] = list(CaseMember.objects.values_list("case_id", "emp_no"))
    assert ("9", "1188") in kept


def test_booked_operation_follows_the_his(his: Theatre) -> None:
    pull(his, NOON)
    one = BookedOperation.objects.get(apply_id="SS1")
    assert one.planned_at == datetime(2026, 11, 25, 0, 30, tzinfo=UTC)

    his.booking("SS1", status="7", last_modified=local(2026, 11, 17, 12, 30))
    pull(his, LATER)
    one.refresh_from_db()
    assert (one.status, one.changed_at) == ("7", LATER)


class BreakingTheatre:
    """The link ends after the first row of the cases."""

    def __init__(self, his: Theatre) -> None:
        self.his = his
        self.typed = his.typed

    def batches(self, view: object, since: datetime | None = None) -> object:
        from portal.his.gateway import HisUnavailable

        for row in self.his.batches(view, since):  # type: ignore[arg-type]
            yield row
            raise HisUnavailable("HIS 未应答：连接中断")


class RivaledTheatre:
    """While its cases are read, another pull runs to its end."""

    def __init__(self, his: Theatre) -> None:
        self.his = his
        self.typed = his.typed
        self.is_rivaled = False

    def batches(self, view: object, since: datetime | None = None) -> object:
        if getattr(view, "name", "") == CASES and not self.is_rivaled:
            self.is_rivaled = True
            pull(self.his, LATER)
        yield from self.his.batches(view, since)  # type: ignore[arg-type]
