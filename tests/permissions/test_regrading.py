"""Regrading: told before it is done, done in both rooms at once, followed on its day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.utils import timezone

from permissions import regrading
from permissions.checks.codes import Code
from permissions.checks.engine import check
from permissions.checks.question import surgeon
from permissions.enums import RegradeOutcome
from permissions.models import GrantEvent, GrantState, RegradedGrant
from permissions.regrading import Changing, Fate, Foreseen, acts, foresee
from permissions.services.refusals import OwnRight
from permissions.snapshot import KEPT
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.notices.models import Notice
from portal.parameters.days import start_of
from surgery.enums import Grade
from surgery.models import GradeProposal, GradeVersion, Procedure
from surgery.services import grading_refusals as refusals
from tests.cast import make_practitioner, make_user
from tests.permissions import ledger
from tests.permissions.act_pages import book
from tests.permissions.event_acts import give, set_to
from tests.surgery import grading as paper
from tests.surgery.grading import DECIDED, propose

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("catalogue", "prerequisites_warn"),
]
CHOLE, LIVER, PUNCTURE = "51.2300", "50.2205", "54.9105"
TODAY = date(2026, 11, 23)
NEW_YEAR = date(2027, 1, 1)


@pytest.fixture
def he(db: None) -> User:
    return make_user("2003", "何静宜", Role.OFFICE_HEAD)


@pytest.fixture
def person(wang: User) -> Practitioner:
    assert wang.practitioner is not None
    return wang.practitioner


@pytest.fixture
def right(lin: User, person: Practitioner) -> GrantState:
    """Wang may do the cholecystectomy, of grade 3."""
    return held(lin, person, "SG03", item=CHOLE)


def held(by: User, doctor: Practitioner, code: str, **given: Any) -> GrantState:
    """A right somebody has had for an hour."""
    return give(by, doctor, code, at=timezone.now() - timedelta(hours=1), **given)


def approve(by: User, *proposals: GradeProposal) -> GradeVersion:
    return regrading.approve(
        proposals=proposals, by=by, at=timezone.now(), reason=DECIDED
    )


def seen(proposal: GradeProposal) -> Foreseen:
    now = timezone.now()
    return foresee(Changing.of(proposal, now=now), now=now)


def fates(found: Foreseen) -> list[tuple[str, Fate]]:
    return [(one.practitioner.emp_no, one.fate) for one in found.outlooks]


def code_on(day: date) -> Code:
    """What the kept snapshot answers about Wang at noon of a day."""
    noon = start_of(day) + timedelta(hours=12)
    return check(surgeon("1188", [CHOLE], noon), KEPT.world()).code


@contextmanager
def nothing_written() -> Iterator[None]:
    tables = (RegradedGrant, RegradedGrant.history.model, Notice)
    before = [ledger.rows(one) for one in tables]
    with ledger.nothing_written(), paper.nothing_written():
        yield
    assert [ledger.rows(one) for one in tables] == before


# --- before the act -------------------------------------------------------------------


def test_preview_tells_who_keeps_until_when_and_who_loses_nothing(
    lin: User, right: GrantState
) -> None:
    higher = make_practitioner("1102", "江月明", initials="jym", pinyin="jiang yueming")
    held(lin, higher, "SG03", item=CHOLE)
    found = seen(propose(lin, CHOLE, 4, NEW_YEAR))
    assert sorted(fates(found)) == [("1102", Fate.UNTIL), ("1188", Fate.UNTIL)]
    mine = next(one for one in found.outlooks if one.practitioner.emp_no == "1188")
    assert (mine.before, mine.after, mine.until) == (
        Code.ALLOWED,
        Code.ABOVE_CEILING,
        NEW_YEAR + timedelta(days=89),
    )
    assert [one.pk for one in mine.lines] == [right.pk]


def test_preview_without_a_transition_tells_the_loss_and_writes_nothing(
    lin: User, he: User, right: GrantState
) -> None:
    set_to(he, REGRADE_TRANSITION_DAYS=0)
    proposal = propose(lin, CHOLE, 4, NEW_YEAR)
    with nothing_written():
        found = seen(proposal)
    assert fates(found) == [("1188", Fate.LOSES)]


def test_preview_of_a_lowered_grade_tells_who_gains_by_class(
    lin: User, right: GrantState
) -> None:
    junior = make_practitioner("1301", "叶青禾", initials="yqh", pinyin="ye qinghe")
    held(lin, junior, "SG02")
    found = seen(propose(lin, CHOLE, 2))
    assert fates(found) == [("1301", Fate.GAINS), ("1188", Fate.KEEPS)]


def test_preview_of_a_class_tells_whom_it_reaches_no_more(lin: User) -> None:
    ledger.make_procedure(PUNCTURE, "腹腔穿刺术", Grade.TWO)
    junior = make_practitioner("1301", "叶青禾", initials="yqh", pinyin="ye qinghe")
    held(lin, junior, "SG02")
    found = seen(propose(lin, PUNCTURE, 3))
    assert fates(found) == [("1301", Fate.UNTIL)]
    assert [(one.is_by_class, list(one.lines)) for one in found.outlooks] == [
        (True, [])
    ]


def test_preview_tells_booked_operations_that_would_lose_their_surgeon(
    lin: User, he: User, person: Practitioner, right: GrantState
) -> None:
    set_to(he, REGRADE_TRANSITION_DAYS=0)
    book(lin, person, CHOLE, Grade.THREE, 2)
    book(lin, person, CHOLE, Grade.THREE, 30)
    found = seen(propose(lin, CHOLE, 4, TODAY + timedelta(days=10)))
    [late] = found.booked
    assert (late.before, late.after, late.is_lost) == (
        Code.ALLOWED,
        Code.ABOVE_CEILING,
        True,
    )
    assert found.is_discussed


def test_preview_asks_a_fixed_number_of_queries(
    lin: User, right: GrantState, django_assert_max_num_queries: object
) -> None:
    proposal = propose(lin, CHOLE, 4, NEW_YEAR)
    for number in range(20):
        other = make_practitioner(f"6{number:03}", "陈景行")
        held(lin, other, "SG03", item=CHOLE)
    KEPT.forget()
    with django_assert_max_num_queries(24):  # type: ignore[operator]
        found = seen(proposal)
    assert len(found.outlooks) == 21


# --- the act --------------------------------------------------------------------------


def test_approval_keeps_the_right_until_the_transition_ends_then_suspends_it(
    lin: User, he: User, right: GrantState, clock: time_machine.Traveller
) -> None:
    version = approve(he, propose(lin, CHOLE, 4))
    row = RegradedGrant.objects.get()
    last_day = TODAY + timedelta(days=89)
    assert (row.state, row.outcome, row.due_on) == (
        right,
        RegradeOutcome.WAITING,
        last_day + timedelta(days=1),
    )
    assert row.change.version == version
    assert [code_on(one) for one in (TODAY + timedelta(days=1), last_day)] == [
        Code.ALLOWED,
        Code.ALLOWED,
    ]
    assert code_on(row.due_on) is Code.ABOVE_CEILING

    clock.move_to(start_of(last_day) + timedelta(hours=9))
    assert regrading.follow_due(at=timezone.now()) == 0
    clock.move_to(start_of(row.due_on) + timedelta(minutes=3))
    assert regrading.follow_due(at=timezone.now()) == 1
    assert regrading.follow_due(at=timezone.now()) == 0

    row.refresh_from_db()
    right.refresh_from_db()
    event = GrantEvent.objects.latest("pk")
    assert (row.outcome, row.event, right.status) == ("SUSPENDED", event, "SUSPENDED")
    assert (event.kind, event.by, event.reason_code, event.reason) == (
        "SUSPEND",
        he,
        "19",
        "手术级别调整：51.2300 腹腔镜下胆囊切除术由三级调为四级",
    )


def test_without_a_transition_the_right_is_suspended_with_the_decision(
    lin: User, he: User, right: GrantState
) -> None:
    set_to(he, REGRADE_TRANSITION_DAYS=0)
    approve(he, propose(lin, CHOLE, 4))
    right.refresh_from_db()
    assert (right.status, RegradedGrant.objects.get().outcome) == (
        "SUSPENDED",
        "SUSPENDED",
    )


def test_future_regrading_counts_in_the_kept_snapshot_at_once_for_its_days_alone(
    lin: User, he: User, right: GrantState, clock: time_machine.Traveller
) -> None:
    set_to(he, REGRADE_TRANSITION_DAYS=0)
    before = NEW_YEAR - timedelta(days=1)
    assert code_on(NEW_YEAR) is Code.ALLOWED
    approve(he, propose(lin, CHOLE, 4, NEW_YEAR))
    assert [code_on(before), code_on(NEW_YEAR)] == [Code.ALLOWED, Code.ABOVE_CEILING]
    right.refresh_from_db()
    assert right.status == "ACTIVE"

    clock.move_to(start_of(NEW_YEAR) + timedelta(minutes=4))
    # The grade of the procedure and the suspension of the grant.
    assert regrading.follow_due(at=timezone.now()) == 2
    right.refresh_from_db()
    assert (right.status, Procedure.objects.get(code=CHOLE).grade) == ("SUSPENDED", 4)


def test_right_granted_after_the_decision_is_found_when_its_turn_comes(
    lin: User, he: User, person: Practitioner, clock: time_machine.Traveller
) -> None:
    set_to(he, REGRADE_TRANSITION_DAYS=0)
    approve(he, propose(lin, CHOLE, 4, NEW_YEAR))
    late = give(lin, person, "SG03", item=CHOLE)
    clock.move_to(start_of(NEW_YEAR) + timedelta(minutes=4))
    regrading.follow_due(at=timezone.now())
    late.refresh_from_db()
    assert late.status == "SUSPENDED"


def test_right_of_the_new_grade_may_be_given_before_the_day(
    lin: User, he: User, person: Practitioner
) -> None:
    approve(he, propose(lin, CHOLE, 4, NEW_YEAR))
    state = give(lin, person, "SG04", item=CHOLE, valid_from=NEW_YEAR)
    assert (state.grant.item_code, state.grant.item_grade) == (CHOLE, 4)


def test_right_whose_procedure_came_down_again_is_kept(
    lin: User, he: User, right: GrantState, clock: time_machine.Traveller
) -> None:
    approve(he, propose(lin, CHOLE, 4))
    approve(he, propose(lin, CHOLE, 3, TODAY + timedelta(days=30)))
    clock.move_to(start_of(TODAY + timedelta(days=91)))
    regrading.follow_due(at=timezone.now())
    right.refresh_from_db()
    assert (right.status, RegradedGrant.objects.get().outcome) == ("ACTIVE", "KEPT")


def test_withdrawn_grade_suspends_every_right_to_the_procedure(
    lin: User, he: User, right: GrantState
) -> None:
    approve(he, propose(lin, CHOLE, 0))
    event = GrantEvent.objects.latest("pk")
    assert (event.grant, event.kind, event.reason_code) == (
        right.grant,
        "SUSPEND",
        "16",
    )
    assert code_on(TODAY + timedelta(days=1)) is Code.NOT_IN_CATALOGUE


def test_doctor_and_head_are_told_once(
    lin: User, he: User, wang: User, chen: User, right: GrantState
) -> None:
    approve(he, propose(lin, CHOLE, 4))
    told = Notice.objects.filter(recipient=wang)
    assert [one.title for one in told] == ["王若谷（工号 1188）的授权须按新级别审批"]
    assert "2027-02-21 起暂停" in told[0].text


# --- taking it back -------------------------------------------------------------------


def undo(by: User, version: GradeVersion) -> GradeVersion:
    return regrading.undo(
        version=version, by=by, at=timezone.now(), reason="会议纪要录入有误，撤销"
    )


def test_undo_recalls_what_waits_and_restores_what_it_suspended(
    lin: User, he: User, right: GrantState, clock: time_machine.Traveller
) -> None:
    set_to(he, REGRADE_TRANSITION_DAYS=0)
    version = approve(he, propose(lin, CHOLE, 4))
    clock.shift(timedelta(minutes=10))
    undo(he, version)
    right.refresh_from_db()
    event = GrantEvent.objects.latest("pk")
    row = RegradedGrant.objects.get()
    assert (right.status, row.outcome) == ("ACTIVE", "RECALLED")
    assert (event.kind, event.undoes) == ("RESTORE", row.event)
    assert code_on(TODAY + timedelta(days=1)) is Code.ALLOWED


def test_undo_by_whose_own_right_would_come_back_is_refused_and_leaves_nothing(
    lin: User, he: User
) -> None:
    doctor = make_practitioner("1190", "江月明", initials="jym", pinyin="jiang yueming")
    held(lin, doctor, "SG03", item=CHOLE)
    set_to(he, REGRADE_TRANSITION_DAYS=0)
    version = approve(he, propose(lin, CHOLE, 4))
    own = make_user("1190", "江月明", Role.OFFICE_HEAD, practitioner=doctor)
    with nothing_written(), pytest.raises(OwnRight):
        undo(own, version)


# --- what is refused leaves nothing ---------------------------------------------------


def test_refused_decision_leaves_nothing_in_either_room(
    lin: User, su: User, right: GrantState
) -> None:
    proposal = propose(lin, CHOLE, 4)
    with nothing_written(), pytest.raises(refusals.CommitteeNeeded):
        approve(su, proposal)


def test_failure_in_the_upper_room_takes_the_decision_back(
    lin: User, he: User, right: GrantState
) -> None:
    set_to(he, REGRADE_TRANSITION_DAYS=0)
    proposal = propose(lin, CHOLE, 4)
    with (
        nothing_written(),
        patch.object(acts, "suspend", side_effect=RuntimeError("网线断了")),
        pytest.raises(RuntimeError),
    ):
        approve(he, proposal)
    proposal.refresh_from_db()
    assert proposal.state == "SUBMITTED"
