"""A HIS that is no SQL database is judged through its gateway alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from portal.his.conformance.door import PlainDoor, door_of
from portal.his.conformance.result import Outcome
from portal.his.conformance.runner import Plan, Run
from portal.his.conformance.trials import Writing
from portal.his.contract.shape import Function, View
from portal.his.mapping.loader import DEMO, load
from portal.his.messages import Answer
from portal.his.sql.gateway import SqlGateway
from tests.portal.his.conformance.planting import PATIENT, His
from tests.portal.his.rows import ListedHis

pytestmark = [pytest.mark.integration, pytest.mark.slow]


class OverTheWire(ListedHis):
    """A transport of which only the gateway's own words are known."""

    def __init__(self, his: SqlGateway) -> None:
        super().__init__()
        self._his = his

    def rows(self, view: View) -> Iterator[tuple[Any, ...]]:
        return self._his.rows(view)

    def call(self, function: Function, values: Mapping[str, Any]) -> Answer:
        return self._his.call(function, values)

    def close(self) -> None:
        self._his.close()


def test_gateway_alone_is_enough_for_all_but_types_and_rights(
    on_sqlite: Callable[[str], His],
) -> None:
    his = on_sqlite("demo")
    gateway = OverTheWire(SqlGateway(his.dsn, 10))
    plan = Plan(
        lacking=load(DEMO).missing,
        writing=Writing("1027", "9033"),
        limits=PATIENT,
    )
    report = Run(door_of(gateway), plan, wait=his.a_moment_passes).report()
    gateway.close()

    assert isinstance(door_of(gateway), PlainDoor)
    assert report.is_good
    unproved = {
        one.case.check
        for one in report.results
        if one.outcome is Outcome.UNPROVABLE and "-SAVE-" not in one.case.number
    }
    assert unproved == {"only", "readonly", "extra", "types"}
    assert report.count(Outcome.NOT_RUN) == 0


def test_view_the_gateway_lacks_fails_its_first_case(
    on_sqlite: Callable[[str], His],
) -> None:
    his = on_sqlite("demo")
    gateway = OverTheWire(SqlGateway(his.dsn, 10))
    report = Run(door_of(gateway), Plan(only="YW-OUTP-VISIT", limits=PATIENT)).report()
    gateway.close()

    outcomes = {one.case.number: str(one.outcome) for one in report.results}
    assert outcomes.pop("YW-OUTP-VISIT-01") == "FAILED"
    assert set(outcomes.values()) == {"NOT_RUN"}
