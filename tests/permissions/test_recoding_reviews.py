"""Open reviews go to the new codes with the grants, and come back when it is undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from permissions.enums import LineDecision, Trigger
from permissions.models import GrantState, Review, ReviewLine
from permissions.queries.reviews import reviews
from permissions.services.reviews import Decided, conclude, open_review
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.directory.models import Practitioner
from surgery.enums import Grade
from surgery.services.recoding_refusals import StandsInTheWay
from tests.cast import make_user, sign_in
from tests.pages import CheckedClient
from tests.permissions.ledger import make_procedure
from tests.permissions.recodings import (
    CHOLE,
    NEW,
    OTHER,
    decide,
    held,
    nothing_written,
    pair,
    undo,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("catalogue", "prerequisites_warn"),
]
BESIDE = "51.2200"
HOUR = timedelta(hours=1)
WHY = "已向科室核实，不再承担"


@pytest.fixture
def he(db: None) -> User:
    return make_user("2003", "何静宜", Role.OFFICE_HEAD)


@pytest.fixture(autouse=True)
def beside(db: None) -> None:
    make_procedure(BESIDE, "胆囊切除术", Grade.THREE)


@pytest.fixture
def person(wang: User) -> Practitioner:
    assert wang.practitioner is not None
    return wang.practitioner


def reviewed(person: Practitioner, *lines: GrantState) -> Review:
    return open_review(
        person, Trigger.TRANSFER, lines, why="调换科室", at=timezone.now() - HOUR
    )[0]


def waiting(review: Review) -> list[str]:
    """Codes that still wait for a conclusion, with whether their line has ended."""
    rows = ReviewLine.objects.filter(review=review, decision="").order_by("pk")
    return [
        f"{one.state.item_code} {one.state.status}"
        for one in rows.select_related("state")
    ]


def counted(review: Review) -> int:
    found: Any = reviews().get(pk=review.pk)
    return int(found.line_count)


def concluded(review: Review, by: User, decision: LineDecision) -> Review:
    lines = ReviewLine.objects.filter(review=review, decision="")
    chosen = {one.pk: Decided(decision, one.state.last_event_id) for one in lines}
    return conclude(
        review=review,
        decided=chosen,
        by=by,
        at=timezone.now() + HOUR,
        reason=WHY,
        reason_code="15",
    )


def test_review_follows_the_grant_and_is_concluded_under_the_new_code(
    client: CheckedClient, lin: User, he: User, person: Practitioner
) -> None:
    review = reviewed(person, held(lin, person))
    decide(lin, he, pair(CHOLE, NEW))
    assert waiting(review) == [f"{NEW} ACTIVE"]
    assert counted(review) == 1
    moved = ReviewLine.objects.get(review=review, decision=LineDecision.RECODE)
    assert moved.event is not None
    assert (moved.state.item_code, moved.event.kind) == (CHOLE, "RECODE")
    sign_in(client, lin)
    shown = client.get(f"/reviews/{review.pk}/", headers={"HX-Request": "true"}).text
    assert NEW in shown
    assert CHOLE not in shown
    assert concluded(review, lin, LineDecision.REVOKE).state == "REVOKED"
    assert GrantState.objects.get(item_code=NEW).status == "REVOKED"


def test_review_of_a_split_code_has_each_part_and_the_undo_brings_one_back(
    lin: User, he: User, person: Practitioner
) -> None:
    review = reviewed(person, held(lin, person))
    one = decide(lin, he, pair(CHOLE, NEW, "左"), pair(CHOLE, OTHER, "右"))
    assert waiting(review) == [f"{NEW} ACTIVE", f"{OTHER} ACTIVE"]
    undo(one, he)
    assert waiting(review) == [f"{CHOLE} ACTIVE"]
    assert counted(review) == 1


def test_review_of_one_of_two_merged_goes_back_to_that_one(
    lin: User, he: User, person: Practitioner
) -> None:
    first, second = held(lin, person), held(lin, person, item=BESIDE)
    review = reviewed(person, second)
    one = decide(lin, he, pair(CHOLE, NEW, "合并"), pair(BESIDE, NEW))
    assert waiting(review) == [f"{NEW} ACTIVE"]
    undo(one, he)
    assert waiting(review) == [f"{BESIDE} ACTIVE"]
    assert first.item_code == CHOLE


def test_review_begun_under_the_new_code_goes_back_to_the_old(
    lin: User, he: User, person: Practitioner
) -> None:
    held(lin, person)
    one = decide(lin, he, pair(CHOLE, NEW))
    review = reviewed(person, GrantState.objects.get(item_code=NEW))
    undo(one, he)
    assert waiting(review) == [f"{CHOLE} ACTIVE"]


def test_line_held_before_stays_under_its_own_review_when_undone(
    lin: User, he: User, person: Practitioner
) -> None:
    old, own = held(lin, person), held(lin, person, item=BESIDE)
    both = reviewed(person, old, own)
    alone = open_review(
        person, Trigger.AWAY, [old], why="外出进修", at=timezone.now() - HOUR
    )[0]
    one = decide(lin, he, pair(CHOLE, BESIDE))
    assert waiting(both) == waiting(alone) == [f"{BESIDE} ACTIVE"]
    undo(one, he)
    assert waiting(both) == [f"{BESIDE} ACTIVE", f"{CHOLE} ACTIVE"]
    assert waiting(alone) == [f"{CHOLE} ACTIVE"]


def test_concluded_review_is_not_opened_by_a_recoding_nor_by_its_undo(
    lin: User, he: User, person: Practitioner
) -> None:
    review = concluded(reviewed(person, held(lin, person)), lin, LineDecision.KEEP)
    undo(decide(lin, he, pair(CHOLE, NEW)), he)
    review.refresh_from_db()
    rows = ReviewLine.objects.filter(review=review)
    assert [(one.state.item_code, one.decision) for one in rows] == [(CHOLE, "KEEP")]
    assert review.state == "KEPT"


def test_refused_undo_leaves_the_review_where_it_is(
    lin: User, he: User, person: Practitioner
) -> None:
    review = reviewed(person, held(lin, person))
    one = decide(lin, he, pair(CHOLE, NEW))
    concluded(review, lin, LineDecision.SUSPEND)
    before = ReviewLine.history.count()
    with nothing_written(), pytest.raises(StandsInTheWay):
        undo(one, he, at=timezone.now() + 2 * HOUR)
    assert ReviewLine.history.count() == before


def test_right_that_joined_left_and_joined_again_waits_for_its_conclusion(
    lin: User, he: User, person: Practitioner
) -> None:
    review = reviewed(person, held(lin, person))
    held(lin, person, item=BESIDE)
    one = decide(lin, he, pair(CHOLE, BESIDE))
    assert waiting(review) == [f"{BESIDE} ACTIVE"]
    undo(one, he)
    assert waiting(review) == [f"{CHOLE} ACTIVE"]
    again = decide(lin, he, pair(CHOLE, BESIDE))
    assert waiting(review) == [f"{BESIDE} ACTIVE"]
    undo(again, he)
    assert waiting(review) == [f"{CHOLE} ACTIVE"]
