"""HISs that keep the contract pass every case that can be run against them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.his.conformance.result import Outcome
from tests.portal.his.conformance.planting import His, found_in

pytestmark = [pytest.mark.integration, pytest.mark.slow]
Make = Callable[[str], His]
# The typical HIS has no departments its doctors could be looked up in.
NOTHING_TO_COMPARE = {"demo": set[str](), "typical": {"YW-DOCTOR-13"}}


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def make(request: pytest.FixtureRequest) -> Make:
    found: Make = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("kind", ["demo", "typical"])
def test_good_his_passes_every_case(make: Make, kind: str) -> None:
    report = make(kind).check(write=True)
    left = {one.case.number for one in report.results if one.outcome is Outcome.NOT_RUN}

    assert found_in(report) == set()
    assert left == NOTHING_TO_COMPARE[kind]
    assert report.is_good


@pytest.mark.parametrize("kind", ["demo", "typical"])
def test_second_run_on_the_same_his_passes_too(make: Make, kind: str) -> None:
    his = make(kind)
    his.check(write=True)

    assert found_in(his.check(write=True)) == set()


def test_nothing_tried_stays_in_force(make: Make) -> None:
    his = make("typical")
    report = his.check(write=True)

    for view in ("V_YW_DOCTOR_PRIV", "V_YW_DOCTOR_OP"):
        states = {status for (status,) in his.rows(f"SELECT status FROM {view}")}
        assert states == {"3", "4"}
    grade = "SELECT grade FROM V_YW_OP_GRADE WHERE proc_code = '51.2300'"
    assert his.rows(grade) == [("3",)]
    assert report.notes == (
        "YW_PRIV_SAVE：留下测试记录 2 行，状态为取消或作废",
        "YW_OPGRADE_SAVE：51.2300 的等级试改后已改回 3",
        "YW_DOCTOR_OP_SAVE：留下测试记录 5 行，状态为取消或作废",
    )


def test_without_leave_to_write_nothing_is_written(make: Make) -> None:
    his = make("typical")
    report = his.check(write=False)

    assert found_in(report) == set()
    assert his.rows("SELECT count(*) FROM V_YW_CHANGE_LOG") == [(0,)]
    for name in ("YW_PRIV_SAVE", "YW_OPGRADE_SAVE", "YW_DOCTOR_OP_SAVE"):
        outcomes = {one.outcome for one in report.results if one.case.interface == name}
        assert outcomes == {Outcome.NOT_RUN}
