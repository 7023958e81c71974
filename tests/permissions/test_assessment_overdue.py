"""四级评估超期: the quick view says what the reminders and the list of assessments say."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from permissions.models import GrantState
from permissions.queries.reviews import assessed_states, assessment_overdue
from permissions.services.assessments import assess, due_on
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.parameters.days import day_of, months_after
from tests.cast import make_practitioner, sign_in
from tests.pages import CheckedClient
from tests.permissions.ledger import TODAY, granted

pytestmark = pytest.mark.usefixtures("catalogue")
DAY = timedelta(days=1)
DUE = months_after(TODAY, 6)


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


def fourth(lin: User, su: User, surgeon: Practitioner) -> GrantState:
    last = months_after(TODAY, 12) - DAY
    return granted(lin, su, surgeon, "SG04", item="50.2205", valid_to=last)


def assessed(state: GrantState, by: User, result: str = "PASS", **given: Any) -> None:
    assess(
        state=state,
        assessed_on=day_of(timezone.now()),
        result=result,
        doc_no="评〔2026〕3号",
        note="按评估表逐项评分",
        by=by,
        at=timezone.now(),
        **given,
    )


def overdue(days: int) -> list[int]:
    at = timezone.now() + days * DAY
    found = GrantState.objects.filter(assessment_overdue(at)).order_by("pk")
    return list(found.values_list("pk", flat=True))


def test_it_begins_the_day_after_the_last_day(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    state = fourth(lin, su, surgeon)
    assessed(state, lin, next_due=DUE)
    days = (DUE - TODAY).days
    assert overdue(days) == []
    assert overdue(days + 1) == [state.pk]


def test_never_assessed_counts_from_the_beginning_of_the_right(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    state = granted(lin, su, surgeon, "AB01", valid_to=date(2027, 11, 22))
    last = months_after(TODAY, 12) - TODAY
    # The right has ended by then: only what is in force is assessed.
    assert overdue(last.days + 1) == []
    GrantState.objects.get(pk=state.pk)
    assert overdue(last.days - 1) == []


def test_failed_has_a_review_and_is_not_overdue(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    assessed(fourth(lin, su, surgeon), lin, "FAIL")
    assert overdue(300) == []


def test_view_agrees_with_the_day_the_reminders_count_to(
    lin: User, su: User, surgeon: Practitioner
) -> None:
    """Whatever the month's length: February, leap days, the 31st."""
    others = [
        make_practitioner(f"20{n:02}", f"医师{n}", title_code="231") for n in range(4)
    ]
    for place, person in enumerate(others):
        with time_machine.travel(timezone.now() + place * 7 * DAY, tick=False):
            state = granted(
                *(lin, su, person, "AB01"),
                valid_from=day_of(timezone.now()),
                valid_to=day_of(timezone.now()) + 300 * DAY,
            )
            if place % 2:
                assessed(state, lin, next_due=day_of(timezone.now()) + 90 * DAY)
    for days in range(0, 320, 3):
        at = timezone.now() + days * DAY
        late = [
            one.pk
            for one in assessed_states(at).order_by("pk")
            if day_of(at) > due_on(one, one.last_due)
        ]
        assert overdue(days) == late


def test_tab_of_the_list_counts_and_shows_them(
    client: CheckedClient, lin: User, su: User, surgeon: Practitioner
) -> None:
    state = fourth(lin, su, surgeon)
    assessed(state, lin, next_due=TODAY + 5 * DAY)
    antibiotic = granted(lin, su, surgeon, "AB01", valid_to=date(2027, 11, 22))
    assessed(antibiotic, lin, next_due=TODAY + 5 * DAY)
    with time_machine.travel(timezone.now() + 6 * DAY, tick=False):
        sign_in(client, lin)
        page = client.get("/privileges/?view=assessment").context["list"]
        assert [row.id for row in page.rows] == [state.pk]
        tab = next(one for one in page.tabs.items if one.label == "四级评估超期")
        assert tab.count == 1
        late = client.get("/assessments/?view=late").context["list"]
        assert late.pager.total == 2
