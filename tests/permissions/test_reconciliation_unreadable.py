"""Rows of the HIS with a day nobody can read: counted, and never taken for missing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from permissions.models import Drift, Reconciliation
from permissions.reconciliation import reconcile
from portal.accounts.models import User
from portal.demo_his.database import Database
from portal.directory.models import Practitioner
from portal.his.sql.gateway import SqlGateway
from portal.outbox.delivery import deliver_due
from tests.permissions.ledger import granted
from tests.permissions.test_reconciliation import LAST, database, filled, his, surgeon

__all__ = ["database", "filled", "his", "surgeon"]
pytestmark = pytest.mark.slow
SPOIL = "UPDATE 人员权限 SET 终止日期 = '长期' WHERE 权限编码 = :code"
DELETE = "DELETE FROM 人员权限 WHERE 权限编码 = :code"


@pytest.fixture(autouse=True)
def _two_rights(
    catalogue: None, lin: User, su: User, surgeon: Practitioner, his: SqlGateway
) -> None:
    """普通处方权 and 非限制使用级, told and read back."""
    for code in ("RX01", "AB01"):
        granted(lin, su, surgeon, code, valid_to=LAST)
    deliver_due(gateway=his, lanes=1)


def look(his: SqlGateway, **after: float) -> Reconciliation:
    one = reconcile(gateway=his, at=timezone.now() + timedelta(**after))
    assert one is not None
    return one


def test_row_that_cannot_be_read_is_counted_and_not_missing(
    his: SqlGateway, database: Database
) -> None:
    database.run(SPOIL, code="RX01")

    one = look(his, minutes=5)

    assert (one.problem, one.unreadable, one.total, one.on_the_way) == ("", 1, 0, 0)
    assert Drift.objects.count() == 0


def test_row_of_another_right_is_missed_beside_it(
    his: SqlGateway, database: Database
) -> None:
    database.run(SPOIL, code="RX01")
    database.run(DELETE, code="AB01")

    one = look(his, minutes=5)

    assert (one.unreadable, one.missing) == (1, 1)
    assert Drift.objects.get().code == "AB01"


def test_drift_of_a_row_that_cannot_be_read_any_more_stays(
    his: SqlGateway, database: Database
) -> None:
    database.run(
        "UPDATE 人员权限 SET 终止日期 = '2030-01-01' WHERE 权限编码 = :code",
        code="RX01",
    )
    look(his, minutes=5)
    before = Drift.objects.get(closed_at=None).pk
    database.run(SPOIL, code="RX01")

    one = look(his, minutes=10)

    assert (one.unreadable, one.gone, one.found) == (1, 0, 0)
    assert Drift.objects.get(closed_at=None).pk == before
