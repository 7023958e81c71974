"""近12月: a procedure is as often done as it was, whatever its code was meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from surgery.enums import Grade
from tests.cast import make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.ledger import make_procedure
from tests.permissions.recodings import CHOLE, NEW, OTHER, decide, pair
from tests.surgery.case_rows import Theatre, pull

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("catalogue", "prerequisites_warn"),
]
LIST = "/procedures/"


@pytest.fixture
def he(db: None) -> User:
    return make_user("2003", "何静宜", Role.OFFICE_HEAD)


def counts(client: CheckedClient) -> dict[str, int]:
    rows = client.get(f"{LIST}?per=100").context["list"].rows
    return {row.code: row.cases for row in rows}


def test_list_counts_the_cases_of_every_former_code_and_one_with_two_codes_once(
    client: CheckedClient, lin: User, he: User
) -> None:
    his = Theatre()
    his.case("1", CHOLE)
    his.case("2", CHOLE, NEW)
    his.case("3", NEW)
    his.case("4", OTHER)
    pull(his, timezone.now())
    decide(lin, he, pair(CHOLE, NEW))
    decide(lin, he, pair(NEW, OTHER), at=timezone.now() + timedelta(days=1))
    sign_in(client, lin)
    found = counts(client)
    assert (found[OTHER], found[CHOLE]) == (4, 2)


def test_list_asks_no_more_for_many_recoded_entries_than_for_one(
    client: CheckedClient, lin: User, he: User
) -> None:
    sign_in(client, lin)
    for number in range(5):
        make_procedure(f"52.2{number}00", f"胰腺手术{number}", Grade.ONE)
        decide(lin, he, pair(f"52.2{number}00", f"52.3{number}00"))
    client.get(LIST)
    with assert_queries(23):
        client.get(f"{LIST}?q=52.3000")
    with assert_queries(23):
        client.get(f"{LIST}?q=胰腺手术")
