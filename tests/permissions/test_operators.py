"""How many may operate, as the catalogue of procedures tells it: as the check says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from permissions.enums import ReasonCode
from permissions.services.changes import suspend
from permissions.snapshot.operators import operators
from portal.accounts.models import User
from surgery.models import Procedure
from surgery.queries.operators import operators_of
from tests.cast import make_practitioner, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.ledger import REASON, granted
from tests.surgery.case_rows import CHOLE, LIVER, Theatre, local, pull

# Inside a transaction everybody is read anew; a request asks what changed, in one.
WORLD = 14
pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def surgeons(lin: User, su: User) -> None:
    """Two may do the cholecystectomy; the rest may not, or not alone, or not now."""
    cache.clear()
    item = {"item": CHOLE, "valid_to": date(2027, 11, 22)}
    given = [
        ("1027", "SG03", item),
        ("1305", "SG03", item),
        ("1102", "SG03", item | {"role": "OPERATE_SUPERVISED"}),
        ("1188", "SG03", item),
        ("1206", "SG03", item | {"valid_from": date(2026, 12, 1)}),
        ("1101", "SG03", item | {"role": "ASSIST"}),
    ]
    earlier = timezone.now() - timedelta(hours=1)
    for emp_no, code, more in given:
        person = make_practitioner(emp_no, f"医师{emp_no}", title_code="232")
        state = granted(lin, su, person, code, at=earlier, **more)
        if emp_no == "1188":
            suspend(
                state=state,
                by=su,
                at=timezone.now(),
                reason_code=ReasonCode.R05,
                reason=REASON,
            )


def test_who_may_operate_now_is_counted_and_nobody_else(surgeons: None) -> None:
    assert operators([CHOLE, LIVER, "99.9999"]) == {CHOLE: 2, LIVER: 0, "99.9999": 0}
    assert operators_of([CHOLE]) == {CHOLE: 2}


def test_count_takes_as_many_queries_for_any_number_of_procedures(
    surgeons: None,
) -> None:
    codes = list(Procedure.objects.order_by("code").values_list("code", flat=True))
    for asked in (codes[:1], codes):
        with assert_queries(WORLD):
            operators(asked)


@pytest.mark.django_db(transaction=True)
def test_portal_that_serves_asks_only_whether_something_changed(surgeons: None) -> None:
    operators([CHOLE])
    with assert_queries(1):
        found = operators([CHOLE])
    assert found[CHOLE] == 2


def test_list_says_who_may_operate_and_how_often_it_was_done(
    client: CheckedClient, lin: User, surgeons: None
) -> None:
    his = Theatre()
    his.case("1", CHOLE)
    his.case("2", "512300", team={"1": "1188", "2": "1305"})
    his.case("3", CHOLE, op_start=local(2024, 1, 8, 9, 0))
    his.case("4", CHOLE, cancel_flag="1")
    pull(his, timezone.now())
    sign_in(client, lin)

    page = client.get("/procedures/?q=51.2300")
    (row,) = page.context["list"].rows
    assert (row.operators, row.cases, row.hangs_on_one) == (2, 2, False)
    text = page.content.decode()
    assert 'href="/who-may/?subject=P:51.2300"' in text
    assert "<mark>51.2300</mark>" in text
    (other,) = client.get("/procedures/?q=50.2205").context["list"].rows
    assert (other.operators, other.cases, other.hangs_on_one) == (0, 0, False)
