"""What is counted of codes that became others, and of those that are to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from permissions.enums import Trigger
from permissions.recoding import touched
from permissions.services.reviews import open_review
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.parameters.days import day_of
from surgery.enums import Grade
from tests.cast import make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.ledger import make_procedure
from tests.permissions.recodings import CHOLE, NEW, OTHER, decide, held, pair
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
    with assert_queries(28):
        client.get(f"{LIST}?q=52.3000")
    with assert_queries(28):
        client.get(f"{LIST}?q=胰腺手术")


def test_grant_under_review_is_counted_before(
    lin: User, he: User, wang: User, client: CheckedClient
) -> None:
    assert wang.practitioner is not None
    right = held(lin, wang.practitioner)
    now = timezone.now()
    for trigger in (Trigger.ASSESSMENT_FAILED, Trigger.TRANSFER):
        open_review(wang.practitioner, trigger, [right], why="测试", at=now)
    found = touched([CHOLE, NEW], now=now)
    assert (found[CHOLE].reviews, found[NEW].reviews) == (1, 0)
    later = day_of(now + timedelta(days=1))
    one = decide(lin, he, pair(CHOLE, NEW), effective_on=later)
    sign_in(client, lin)
    shown: Any = client.get(reverse("permissions:recoding-detail", args=[one.pk]))
    assert "1 条授权正在复核，复核随授权转到新编码。" in shown.text
