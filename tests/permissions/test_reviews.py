"""Reviews: concluded line by line, once, never by the doctor; assessments."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from permissions.enums import LineDecision, ReasonCode
from permissions.models import (
    Assessment,
    EventReading,
    GrantEvent,
    GrantState,
    Review,
    ReviewLine,
)
from permissions.services import ActRefused
from permissions.services import reviews as services
from permissions.services.assessments import (
    AssessedBefore,
    AssessedInFuture,
    DocumentMissing,
    NextDueOutOfRange,
    NotAssessed,
    assess,
)
from permissions.services.refusals import OwnRight, ReasonCodeMissing, ReasonTooShort
from permissions.services.refusals_of_acts import ManyRefused
from permissions.services.reviews import Decided, LineUndecided, ReviewConcluded
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.notices.models import Notice
from tests.cast import make_department, make_practitioner
from tests.permissions.event_acts import (
    give,
    happen,
    leave,
    only_review,
    outcomes,
    read,
    statuses,
)
from tests.permissions.ledger import nothing_written

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
WHY = "已向科室核实，不再承担"


@pytest.fixture
def house() -> list[Practitioner]:
    return [make_practitioner(f"6{number:03}", "同事") for number in range(30)]


@pytest.fixture
def review(lin: User, wang: User, house: list[Practitioner]) -> Review:
    """Wang was transferred and holds three rights."""
    person = wang.practitioner
    assert person is not None
    for code in ("RX01", "BL01", "MR01"):
        give(lin, person, code)
    happen(
        person, "DEPARTMENT", "0301", "0403", department=make_department("0403", "骨科")
    )
    read()
    return only_review()


def decide(review: Review, *decisions: str, by: User, code: str = "15") -> Review:
    lines = ReviewLine.objects.filter(review=review).order_by("pk")
    chosen = {
        line.pk: Decided(LineDecision(decision), line.state.last_event_id)
        for line, decision in zip(lines, decisions, strict=True)
    }
    return services.conclude(
        review=review,
        decided=chosen,
        by=by,
        at=timezone.now(),
        reason=WHY,
        reason_code=code,
    )


def test_each_line_gets_its_own_conclusion(review: Review, lin: User) -> None:
    decide(review, "KEEP", "SUSPEND", "REVOKE", by=lin)
    assert statuses() == ["ACTIVE", "SUSPENDED", "REVOKED"]
    review.refresh_from_db()
    assert (review.state, review.concluded_by, review.owner) == ("REVOKED", lin, lin)
    lines = ReviewLine.objects.filter(review=review).order_by("pk")
    assert [(line.decision, line.event and line.event.kind) for line in lines] == [
        ("KEEP", None),
        ("SUSPEND", "SUSPEND"),
        ("REVOKE", "REVOKE"),
    ]
    made = GrantEvent.objects.exclude(kind="GRANT")
    assert {(one.by, one.reason_code, one.reason) for one in made} == {(lin, "15", WHY)}
    assert review.history.count() == 2


def test_kept_needs_no_reason_code(review: Review, lin: User) -> None:
    with nothing_written():
        done = decide(review, "KEEP", "KEEP", "KEEP", by=lin, code="")
    assert done.state == "KEPT"


def test_conclusion_is_told_to_the_doctor(review: Review, lin: User) -> None:
    decide(review, "KEEP", "KEEP", "KEEP", by=lin)
    told = Notice.objects.get(key=f"concluded:{review.pk}")
    assert (told.recipient.staff_no, told.title) == (
        "1188",
        "王若谷（工号 1188）复核办结：维持",
    )


@pytest.mark.parametrize(
    ("decisions", "code", "refusal"),
    [
        (("KEEP", "KEEP", ""), "15", LineUndecided),
        (("KEEP", "KEEP", "REVOKE"), "", ReasonCodeMissing),
        (("KEEP", "KEEP", "REVOKE"), "99", ReasonCodeMissing),
    ],
)
def test_incomplete_conclusion_leaves_nothing(
    review: Review,
    lin: User,
    decisions: tuple[str, ...],
    code: str,
    refusal: type[ActRefused],
) -> None:
    with nothing_written(), pytest.raises(refusal):
        decide(review, *decisions, by=lin, code=code)
    review.refresh_from_db()
    assert (review.state, review.history.count()) == ("OPEN", 1)


def test_line_changed_meanwhile_refuses_the_whole_conclusion(
    review: Review, lin: User, su: User
) -> None:
    lines = list(ReviewLine.objects.filter(review=review).order_by("pk"))
    chosen = {line.pk: Decided(LineDecision.REVOKE, 0) for line in lines}
    with nothing_written(), pytest.raises(ManyRefused) as refused:
        services.conclude(
            review=review,
            decided=chosen,
            by=lin,
            at=timezone.now(),
            reason=WHY,
            reason_code=ReasonCode.R15,
        )
    assert sorted(refused.value.rows) == [0, 1, 2]
    assert only_review().state == "OPEN"


def test_review_is_concluded_once(review: Review, lin: User, su: User) -> None:
    decide(review, "KEEP", "KEEP", "KEEP", by=lin)
    with nothing_written(), pytest.raises(ReviewConcluded):
        decide(review, "REVOKE", "REVOKE", "REVOKE", by=su)
    with pytest.raises(ReviewConcluded):
        services.claim(review=review, by=su, at=timezone.now())


def test_nobody_concludes_their_own(review: Review, wang: User) -> None:
    with nothing_written(), pytest.raises(OwnRight):
        decide(review, "KEEP", "KEEP", "KEEP", by=wang)


def test_claimed_review_is_the_claimers(review: Review, su: User) -> None:
    services.claim(review=review, by=su, at=timezone.now())
    assert only_review().owner == su


def test_suspended_line_stays_as_it_is(
    lin: User, wang: User, house: list[Practitioner]
) -> None:
    assert wang.practitioner is not None
    give(lin, wang.practitioner)
    leave(wang.practitioner)
    read()
    with nothing_written():
        decide(only_review(), "SUSPEND", by=lin, code="05")
    assert only_review().state == "SUSPENDED"


# --- a mass change ----------------------------------------------------------------------


@pytest.fixture
def mass(lin: User, house: list[Practitioner]) -> Review:
    at = timezone.now()
    for person in house[:12]:
        give(lin, person)
        leave(person, at=at)
    read()
    return only_review()


def answer(review: Review, by: User, *, is_true: bool) -> Review:
    return services.confirm_mass(
        review=review, is_true=is_true, by=by, at=timezone.now(), reason=WHY
    )


def test_confirmed_mass_change_is_done_in_the_name_of_who_confirmed(
    mass: Review, su: User
) -> None:
    answer(mass, su, is_true=True)
    assert statuses() == ["ACTIVE"] * 12
    assert read() == 12
    assert statuses() == ["SUSPENDED"] * 12
    assert outcomes() == [("LEFT", "SUSPENDED")] * 12
    suspended = GrantEvent.objects.filter(kind="SUSPEND")
    assert {(one.by, one.reason_code) for one in suspended} == {(su, "05")}
    assert Review.objects.filter(trigger="LEFT", state="OPEN").count() == 12
    assert EventReading.objects.filter(review=mass).count() == 12
    with nothing_written():
        assert read() == 0


def test_confirmed_later_spares_who_is_back(
    mass: Review, su: User, house: list[Practitioner]
) -> None:
    Practitioner.objects.filter(pk=house[0].pk).update(status="01")
    answer(mass, su, is_true=True)
    read()
    assert statuses() == ["ACTIVE"] + ["SUSPENDED"] * 11


def test_wrong_mass_change_suspends_nobody(mass: Review, su: User) -> None:
    with nothing_written():
        answer(mass, su, is_true=False)
        assert read() == 0
    assert only_review().state == "KEPT"


def test_mass_change_without_a_reason_stays_open(mass: Review, su: User) -> None:
    with pytest.raises(ReasonTooShort):
        services.confirm_mass(
            review=mass, is_true=True, by=su, at=timezone.now(), reason="好"
        )
    assert only_review().state == "OPEN"


# --- assessments ------------------------------------------------------------------------


@pytest.fixture
def fourth(lin: User, house: list[Practitioner]) -> GrantState:
    """A right to a grade-4 procedure, granted today."""
    chief = make_practitioner("1027", "陈景行", title_code="231")
    return give(lin, chief, "SG04", item="50.2205")


def assessed(
    state: GrantState, by: User, result: str = "PASS", **given: Any
) -> Assessment:
    said: dict[str, Any] = {
        "assessed_on": date(2026, 11, 23),
        "doc_no": "评〔2026〕7号",
        "note": "年度评估，近一年 46 例",
        **given,
    }
    return assess(state=state, result=result, by=by, at=timezone.now(), **said)


def test_passed_assessment_says_when_the_next_is_due(
    fourth: GrantState, lin: User
) -> None:
    with nothing_written():
        made = assessed(fourth, lin)
    assert made.next_due == date(2027, 11, 23)
    assert Review.objects.count() == 0


def test_conditional_assessment_may_ask_for_an_earlier_day(
    fourth: GrantState, lin: User
) -> None:
    made = assessed(fourth, lin, "CONDITIONAL", next_due=date(2027, 2, 1))
    assert made.next_due == date(2027, 2, 1)


def test_failed_assessment_opens_a_review(fourth: GrantState, lin: User) -> None:
    with nothing_written():
        made = assessed(fourth, lin, "FAIL")
    assert made.next_due is None
    review = only_review()
    assert (review.trigger, review.why) == (
        "ASSESSMENT_FAILED",
        "2026-11-23 能力评估不合格，依据 评〔2026〕7号",
    )
    assert ReviewLine.objects.get().state == fourth


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"assessed_on": date(2026, 11, 24)}, AssessedInFuture),
        ({"assessed_on": date(2026, 11, 22)}, AssessedBefore),
        ({"next_due": date(2027, 11, 24)}, NextDueOutOfRange),
        ({"next_due": date(2026, 11, 23)}, NextDueOutOfRange),
        ({"doc_no": "  "}, DocumentMissing),
        ({"note": "好"}, ReasonTooShort),
    ],
)
def test_assessment_that_cannot_be_leaves_nothing(
    fourth: GrantState, lin: User, given: dict[str, Any], refusal: type[ActRefused]
) -> None:
    with pytest.raises(refusal):
        assessed(fourth, lin, **given)
    assert Assessment.objects.count() == 0


def test_second_assessment_of_a_day_is_refused(fourth: GrantState, lin: User) -> None:
    assessed(fourth, lin)
    with pytest.raises(AssessedBefore):
        assessed(fourth, lin)


def test_right_without_an_interval_is_not_assessed(lin: User, wang: User) -> None:
    assert wang.practitioner is not None
    state = give(lin, wang.practitioner, "RX01")
    with pytest.raises(NotAssessed):
        assessed(state, lin)


def test_nobody_assesses_their_own(fourth: GrantState, lin: User) -> None:
    lin.practitioner = fourth.practitioner
    with pytest.raises(OwnRight):
        assessed(fourth, lin)
