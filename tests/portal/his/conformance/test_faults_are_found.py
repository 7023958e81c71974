"""Each planted fault is found by its case, and no other case complains."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.his.conformance.limits import Limits
from tests.portal.his.conformance.faults import (
    LIFE_FAULTS,
    SERVER_FAULTS,
    VIEW_FAULTS,
    code_faults,
    rule_faults,
)
from tests.portal.his.conformance.planting import Fault, His, found_in

pytestmark = [pytest.mark.integration, pytest.mark.slow]
Make = Callable[[str], His]
QUICK = Limits(start=0.5)  # small views; the slow ones take longer on any machine


def words(fault: Fault) -> str:
    return fault.words


@pytest.mark.parametrize("fault", VIEW_FAULTS, ids=words)
def test_fault_of_a_view_is_found_by_its_case(on_sqlite: Make, fault: Fault) -> None:
    his = on_sqlite("demo")
    fault.plant(his)
    plan = {"limits": QUICK} if "limits" in fault.plan else fault.plan

    assert found_in(his.check(write=False, **plan)) == set(fault.expected)


@pytest.mark.parametrize("fault", LIFE_FAULTS, ids=words)
def test_fault_of_a_function_is_found_by_its_case(
    on_sqlite: Make, fault: Fault
) -> None:
    his = on_sqlite("typical")
    fault.plant(his)

    assert found_in(his.check(write=True)) == set(fault.expected)


@pytest.mark.parametrize("fault", [*rule_faults(), *code_faults()], ids=words)
def test_rule_not_kept_is_found_by_its_case(on_sqlite: Make, fault: Fault) -> None:
    his = on_sqlite("typical")
    fault.plant(his)

    assert found_in(his.check(write=True)) == set(fault.expected)


@pytest.mark.parametrize("fault", SERVER_FAULTS, ids=words)
def test_fault_on_a_server_is_found_by_its_case(
    on_postgresql: Make, fault: Fault
) -> None:
    his = on_postgresql("demo")
    fault.plant(his)
    plan = {"limits": QUICK} if "limits" in fault.plan else fault.plan

    assert found_in(his.check(write=fault.write, **plan)) == set(fault.expected)


def test_at_least_forty_different_faults_are_planted() -> None:
    faults = (*VIEW_FAULTS, *LIFE_FAULTS, *SERVER_FAULTS, *rule_faults())

    assert len({fault.words for fault in faults}) >= 40
