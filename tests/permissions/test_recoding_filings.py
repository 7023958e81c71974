"""The clock of a filing does not begin anew with a new code, nor run on for the old."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.notices.models import Notice, NoticeKind
from surgery.enums import Grade, RestrictedClass
from surgery.models import Recoding
from surgery.queries.techniques import filing_overdue, technique_or_none, techniques
from surgery.services.filing_reminders import remind_of_filings
from tests.cast import make_user, sign_in
from tests.pages import CheckedClient
from tests.permissions.ledger import make_procedure
from tests.permissions.recodings import OTHER, decide, pair, undo
from tests.surgery.case_rows import Theatre, local, pull

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("catalogue", "prerequisites_warn"),
]
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # a Monday
TODAY = date(2026, 11, 23)
OLD, NEW = "39.6500", "39.6501"
FIRST = datetime(2026, 10, 9, 1, 0, tzinfo=UTC)
LATER = local(2026, 11, 20, 9, 0)


@pytest.fixture
def he(db: None) -> User:
    return make_user("2003", "何静宜", Role.OFFICE_HEAD)


@pytest.fixture
def recoded(lin: User, he: User) -> Recoding:
    """Done first in October, never filed, re-coded today; done once more since."""
    make_procedure(OLD, "体外膜氧合", Grade.FOUR, restricted_class=1)
    his = Theatre()
    his.case("1", OLD, op_start=local(2026, 10, 9, 9, 0))
    his.case("2", NEW, op_start=LATER)
    pull(his, AT)
    return decide(lin, he, pair(OLD, NEW))


def firsts() -> dict[str, Any]:
    found = techniques().filter(code__in=[OLD, NEW]).order_by("code")
    return dict(found.values_list("code", "first_at"))


def test_technique_is_overdue_by_its_first_case_under_the_old_code(
    recoded: Recoding,
) -> None:
    assert firsts()[NEW] == FIRST
    assert filing_overdue([OLD, NEW], today=TODAY) == {NEW}


def test_office_is_reminded_of_the_new_code_alone(recoded: Recoding, lin: User) -> None:
    remind_of_filings(at=AT)
    told = Notice.objects.filter(recipient=lin, kind=NoticeKind.FILING)
    assert [one.text.split("）")[0] for one in told] == [f"体外膜氧合（{NEW}"]


def test_clock_goes_on_over_every_code_in_between(
    recoded: Recoding, lin: User, he: User
) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    decide(lin, he, pair(NEW, OTHER), at=tomorrow)
    last = techniques().get(code=OTHER)
    assert (last.first_at, last.is_recoded) == (FIRST, False)
    assert filing_overdue([OLD, NEW, OTHER], today=TODAY) == {OTHER}


def test_cases_of_a_code_that_was_not_restricted_do_not_start_the_clock(
    lin: User, he: User
) -> None:
    make_procedure("39.6600", "体外循环辅助", Grade.FOUR)
    kind = RestrictedClass.NATIONAL
    new = make_procedure(NEW, "体外膜氧合", Grade.FOUR, restricted_class=kind)
    his = Theatre()
    his.case("1", "39.6600", op_start=local(2026, 10, 9, 9, 0))
    his.case("2", NEW, op_start=LATER)
    pull(his, AT)
    decide(lin, he, pair("39.6600", NEW))
    first = technique_or_none(new.pk).first_at
    assert first == datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
    assert filing_overdue([NEW], today=TODAY) == set()


def test_undone_recoding_gives_the_clock_back_to_the_old_code(
    recoded: Recoding, he: User
) -> None:
    undo(recoded, he)
    assert filing_overdue([OLD, NEW], today=TODAY) == {OLD}


def test_page_shows_the_old_code_as_to_be_filed_no_more(
    recoded: Recoding, lin: User, client: CheckedClient
) -> None:
    sign_in(client, lin)
    rows = client.get("/techniques/").context["list"].rows
    states = {row.code: str(row.state.text) for row in rows}
    assert (states[OLD], states[NEW]) == ("不需备案", "逾期")
    late = client.get("/techniques/", {"view": "overdue"}).context["list"].rows
    assert [row.code for row in late] == [NEW]
