"""A HIS that shows nonsense: counted or told, and no look ends by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from permissions.enums import DriftState
from permissions.models import Application, GrantState
from permissions.reconciliation import adopt, repair
from portal.accounts.models import User
from portal.demo_his.database import Database
from portal.his.contract.interfaces import V_YW_DOCTOR_PRIV
from portal.his.contract.shape import View
from portal.his.sql.gateway import SqlGateway
from portal.outbox.models import Message
from tests.permissions.test_reconciliation import (
    REASON,
    database,
    filled,
    his,
    keys,
    later,
    look,
    right,
    surgeon,
    the_drift,
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
    ],
    ids=lambda cell: next(iter(cell)),
)
def test_row_with_a_value_no_column_holds_is_counted_and_ends_no_look(
    cell: dict[str, str], right: GrantState, his: SqlGateway
) -> None:
    one = look(shown(his, **{"priv_code": "TC01", **cell}))

    assert (one.problem, one.total, one.unreadable) == ("", 0, 1)


@pytest.mark.parametrize("moment", ["0001-01-01 00:00:00", "9999-12-31 23:59:59"])
def test_moment_no_calendar_takes_says_nothing(
    moment: str, right: GrantState, his: SqlGateway, database: Database
) -> None:
    one = look(shown(his, priv_code="TC01", last_modified=moment, last_operator="DBA"))

    assert (one.problem, one.extra) == ("", 1)
    drift = the_drift()
    assert (drift.code, drift.hand, drift.hand_at) == ("TC01", "DBA", None)


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
