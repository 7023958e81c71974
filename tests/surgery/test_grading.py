"""Grades are proposed by one, decided by another, and kept; what is refused leaves nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.accounts.models import User
from portal.audit.acting import acting
from portal.audit.history import HistoryBypass
from portal.audit.refusing import ReasonTooShort
from portal.parameters.days import day_of
from surgery.enums import Grade, GradeAct
from surgery.models import GradeChange, GradeProposal, GradeVersion, Procedure
from surgery.queries.grading import compare, grade_of, grades_on, history_of
from surgery.services import grading
from surgery.services import grading_refusals as refusals
from surgery.services.grade_ledger import Entry, apply_due, write_version
from tests.permissions.ledger import make_procedure
from tests.surgery.grading import (
    DECIDED,
    MEETING,
    REASON,
    approve,
    grade,
    nothing_written,
    propose,
    regraded,
    wish,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("procedures")]
CHOLE, LIVER = "51.2300", "50.2205"
TODAY = date(2026, 11, 23)


def small() -> Procedure:
    return make_procedure("54.9105", "腹腔穿刺术", Grade.ONE)


# --- from the proposal to the ledger --------------------------------------------------


def test_approved_proposal_makes_version_change_projection_and_history(
    lin: User, he: User
) -> None:
    proposal = propose(lin, CHOLE, 4)
    version = approve(he, proposal)

    proposal.refresh_from_db()
    change = GradeChange.objects.get()
    assert (proposal.state, proposal.version, proposal.decided_by) == (
        "APPROVED",
        version,
        he,
    )
    assert (version.number, version.meeting, version.doc_no, version.by) == (
        "2026.1",
        MEETING,
        "云技委〔2026〕14号",
        he,
    )
    assert (change.act, change.grade_before, change.grade) == ("CHANGE", 3, 4)
    assert (change.code, change.effective_from, change.proposal) == (
        CHOLE,
        TODAY,
        proposal,
    )
    # 90 days, today among them
    assert change.transition_until == TODAY + timedelta(days=89)
    assert grade(CHOLE) == 4
    last = Procedure.history.filter(code=CHOLE).latest()
    assert (last.grade, last.history_user, last.history_change_reason) == (
        4,
        he,
        DECIDED,
    )


def test_sheet_is_kept_with_the_proposal(lin: User) -> None:
    sheet = propose(lin, CHOLE, 4).sheet
    assert sheet is not None
    assert (sheet.points, sheet.total, sheet.grade) == ((5, 5, 4, 3), 17, 4)


def test_first_grade_change_and_withdrawal_are_told_apart(lin: User, he: User) -> None:
    make_procedure("86.0100", "皮肤抽吸术", Grade.UNGRADED)
    acts = [
        propose(lin, "86.0100", 3).act,
        propose(lin, CHOLE, 4).act,
        propose(lin, LIVER, 0).act,
    ]
    assert acts == [GradeAct.NEW, GradeAct.CHANGE, GradeAct.WITHDRAW]
    approve(he, *GradeProposal.objects.order_by("pk"))
    assert [grade(code) for code in ("86.0100", CHOLE, LIVER)] == [3, 4, 0]
    # Only who was right under a lower grade gets a transition.
    kept = GradeChange.objects.exclude(transition_until=None)
    assert [one.code for one in kept] == [CHOLE]


def test_one_decided_batch_is_one_version(lin: User, he: User) -> None:
    both = propose(lin, CHOLE, 4), propose(lin, LIVER, 3)
    version = approve(he, *both)
    assert list(version.changes.order_by("pk").values_list("code", "grade")) == [
        (CHOLE, 4),
        (LIVER, 3),
    ]
    assert regraded(lin, he, CHOLE, 3).number == "2026.2"


def test_future_change_counts_from_its_day_in_every_as_of_answer(
    lin: User, he: User, clock: time_machine.Traveller
) -> None:
    new_year = date(2027, 1, 1)
    version = regraded(lin, he, CHOLE, 4, new_year)
    chole = Procedure.objects.get(code=CHOLE)

    assert version.number == "2027.1"
    assert chole.grade == 3
    asked = [new_year - timedelta(days=1), new_year]
    assert [grade_of(chole, day) for day in asked] == [3, 4]
    assert grades_on(new_year)[chole.pk] == 4

    clock.move_to(datetime(2027, 1, 1, 0, 5, tzinfo=timezone.get_default_timezone()))
    [changed] = apply_due(at=timezone.now())
    assert (changed, grade(CHOLE)) == (chole, 4)
    assert apply_due(at=timezone.now()) == []


def test_late_recorded_change_is_not_known_before_it_was_recorded(
    lin: User, he: User
) -> None:
    before = timezone.now() - timedelta(minutes=1)
    last_week = TODAY - timedelta(days=7)
    regraded(lin, he, CHOLE, 4, last_week)
    chole = Procedure.objects.get(code=CHOLE)
    assert grade_of(chole, last_week) == 4
    assert grade_of(chole, last_week, before) == 3
    assert grade_of(chole, last_week - timedelta(days=1)) == 3
    # A transition is counted from the day people could know of it.
    assert GradeChange.objects.get().transition_until == TODAY + timedelta(days=89)


def test_undone_version_never_was_as_known_now_and_stays_as_known_then(
    lin: User, he: User, clock: time_machine.Traveller
) -> None:
    version = regraded(lin, he, CHOLE, 4)
    known = timezone.now()
    clock.shift(timedelta(hours=1))
    back = grading.undo(
        version=version, by=he, at=timezone.now(), reason="会议纪要录入有误，撤销"
    )

    chole = Procedure.objects.get(code=CHOLE)
    assert back.number == "2026.2"
    assert (chole.grade, grade_of(chole, TODAY), grade_of(chole, TODAY, known)) == (
        3,
        3,
        4,
    )
    assert [one.act for one in history_of(chole)] == ["UNDO", "CHANGE"]
    with nothing_written(), pytest.raises(refusals.NothingToUndo):
        grading.undo(version=version, by=he, at=timezone.now(), reason="再次撤销一回")


def test_compare_tells_added_removed_and_regraded(lin: User, he: User) -> None:
    make_procedure("86.0100", "皮肤抽吸术", Grade.UNGRADED)
    first = regraded(lin, he, CHOLE, 4)
    approve(he, propose(lin, "86.0100", 3), propose(lin, LIVER, 0))
    last = regraded(lin, he, CHOLE, 2)

    found = compare(first.pk, last.pk)
    told = [(one.procedure.code, one.before, one.after) for one in found]
    assert told == [(LIVER, 4, 0), (CHOLE, 4, 2), ("86.0100", 0, 3)]
    assert [(one.is_added, one.is_removed) for one in found] == [
        (False, True),
        (False, False),
        (True, False),
    ]
    back = [(one.procedure.code, one.after) for one in compare(last.pk, first.pk)]
    assert back == [(LIVER, 4), (CHOLE, 4), ("86.0100", 0)]


# --- who may --------------------------------------------------------------------------


def test_proposer_never_decides(he: User) -> None:
    proposal = propose(he, CHOLE, 4)
    for act in (
        lambda: approve(he, proposal),
        lambda: grading.reject(
            proposal=proposal, by=he, at=timezone.now(), reason=DECIDED
        ),
        lambda: grading.return_(
            proposal=proposal, by=he, at=timezone.now(), reason=DECIDED
        ),
    ):
        with nothing_written(), pytest.raises(refusals.OwnGradeProposal):
            act()


@pytest.mark.parametrize(("code", "to"), [(CHOLE, 2), (CHOLE, 4), (LIVER, 0)])
def test_officer_does_not_decide_where_the_old_or_new_grade_is_three_or_four(
    lin: User, su: User, code: str, to: int
) -> None:
    proposal = propose(lin, code, to)
    with nothing_written(), pytest.raises(refusals.CommitteeNeeded):
        approve(su, proposal)


def test_officer_decides_between_grades_one_and_two_without_a_meeting(
    lin: User, su: User
) -> None:
    small()
    approve(su, propose(lin, "54.9105", 2, meeting=""))
    assert grade("54.9105") == 2


def test_outsider_decides_nothing(lin: User, zhao: User) -> None:
    small()
    proposal = propose(lin, "54.9105", 2)
    with nothing_written(), pytest.raises(refusals.ApproverNeeded):
        approve(zhao, proposal)


def test_grade_three_or_four_needs_the_meeting(lin: User, he: User) -> None:
    proposal = propose(lin, CHOLE, 4, meeting="")
    with nothing_written(), pytest.raises(refusals.MeetingMissing):
        approve(he, proposal)
    assert approve(he, proposal, meeting=MEETING).meeting == MEETING


def test_one_that_must_not_be_decided_keeps_the_whole_batch(
    lin: User, he: User
) -> None:
    theirs, own = propose(lin, CHOLE, 4), propose(he, LIVER, 3)
    with nothing_written(), pytest.raises(refusals.OwnGradeProposal):
        approve(he, theirs, own)


def test_only_the_proposer_withdraws_and_only_while_it_waits(
    lin: User, su: User, he: User
) -> None:
    proposal = propose(lin, CHOLE, 4)
    with nothing_written(), pytest.raises(refusals.NotTheProposer):
        grading.withdraw(proposal=proposal, by=su, at=timezone.now(), reason=REASON)
    grading.withdraw(proposal=proposal, by=lin, at=timezone.now(), reason=REASON)
    proposal.refresh_from_db()
    assert proposal.state == "WITHDRAWN"
    with nothing_written(), pytest.raises(refusals.AlreadyDecided):
        approve(he, proposal)


@pytest.mark.parametrize(
    ("act", "state"), [(grading.return_, "RETURNED"), (grading.reject, "REJECTED")]
)
def test_refused_proposal_changes_no_grade_and_may_be_asked_again(
    lin: User, he: User, act: Callable[..., GradeProposal], state: str
) -> None:
    proposal = propose(lin, CHOLE, 4)
    done = act(proposal=proposal, by=he, at=timezone.now(), reason="依据不足，补充数据")
    assert (done.state, done.decided_by, done.version) == (state, he, None)
    assert (grade(CHOLE), GradeChange.objects.count()) == (3, 0)
    assert propose(lin, CHOLE, 4).state == "SUBMITTED"


# --- what is refused ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_", "refusal"),
    [
        ({"grade": 3}, refusals.GradeUnchanged),
        ({"sheet": None}, refusals.ScoresMissing),
        ({"doc_no": " "}, refusals.DocumentMissing),
        ({"on": TODAY - timedelta(days=31)}, refusals.EffectiveTooEarly),
    ],
)
def test_what_cannot_be_proposed_leaves_nothing(
    lin: User, given_: dict[str, object], refusal: type[Exception]
) -> None:
    asked: dict[str, object] = {"grade": 4, **given_}
    with nothing_written(), pytest.raises(refusal):
        propose(lin, CHOLE, **asked)  # type: ignore[arg-type]


def test_ungraded_procedure_has_no_grade_to_withdraw(lin: User) -> None:
    make_procedure("86.0100", "皮肤抽吸术", Grade.UNGRADED)
    with nothing_written(), pytest.raises(refusals.GradeMissing):
        propose(lin, "86.0100", 0)


def test_reason_too_short_leaves_nothing(lin: User) -> None:
    with nothing_written(), pytest.raises(ReasonTooShort):
        grading.propose(wish=wish(CHOLE, 4), by=lin, at=timezone.now(), reason="改")


def test_second_open_proposal_for_a_procedure_is_refused(lin: User, su: User) -> None:
    propose(lin, CHOLE, 4)
    with nothing_written(), pytest.raises(refusals.ProposalOpen):
        propose(su, CHOLE, 2)


def test_proposal_from_a_grade_that_moved_on_is_refused(lin: User, he: User) -> None:
    january = date(2027, 1, 1)
    waiting = propose(lin, CHOLE, 4, january)
    chole = Procedure.objects.get(code=CHOLE)
    write_version(
        [Entry(chole, GradeAct.CHANGE, 2, TODAY, REASON)],
        by=he,
        at=timezone.now(),
        reason=DECIDED,
    )
    with nothing_written(), pytest.raises(refusals.GradeMovedOn):
        approve(he, waiting)


def test_version_is_not_undone_under_a_later_one(lin: User, he: User) -> None:
    first = regraded(lin, he, CHOLE, 4)
    regraded(lin, he, CHOLE, 2)
    with nothing_written(), pytest.raises(refusals.LaterVersionStands):
        grading.undo(version=first, by=he, at=timezone.now(), reason="撤销前面一版试试")


def test_database_refuses_a_decider_who_proposed(lin: User) -> None:
    proposal = propose(lin, CHOLE, 4)
    proposal.state, proposal.decided_by = "APPROVED", lin
    proposal.decided_at = timezone.now()
    with (
        pytest.raises(IntegrityError, match="surgery_gradeproposal_second_person"),
        acting(by=lin, reason="测试"),
        transaction.atomic(),
    ):
        proposal.save()


def test_ledger_is_written_once(lin: User, he: User) -> None:
    regraded(lin, he, CHOLE, 4)
    for rows in (GradeChange.objects.all(), GradeVersion.objects.all()):
        with pytest.raises(HistoryBypass):
            rows.update(reason="改写历史")
        with pytest.raises(HistoryBypass):
            rows.delete()


# --- any sequence ---------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(-20, 40), st.booleans()),
    min_size=1,
    max_size=6,
)


@given(steps=STEPS)
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_sequence_of_regrading_and_undoing_leaves_past_answers_as_then_known(
    he: User, steps: list[tuple[int, int, bool]]
) -> None:
    """What was answered for every day after each act is answered again at the end."""
    with transaction.atomic():
        now = timezone.now()
        chole = Procedure.objects.get(code=CHOLE)
        days = [TODAY + timedelta(days=number) for number in range(-25, 45, 3)]
        answers: list[tuple[datetime, list[int]]] = []
        for number, (to, day, is_undo) in enumerate(steps):
            at = now + timedelta(hours=number)
            _act(chole, to, TODAY + timedelta(days=day), at, he, is_undo=is_undo)
            answers.append((at, [grade_of(chole, one) for one in days]))
        for at, told in answers:
            assert [grade_of(chole, one, at) for one in days] == told
        chole.refresh_from_db()
        assert chole.grade == grade_of(chole, day_of(now))
        transaction.set_rollback(True)


def _act(
    procedure: Procedure, to: int, day: date, at: datetime, by: User, *, is_undo: bool
) -> None:
    undone = GradeChange.objects.exclude(undoes=None).values("undoes")
    left = GradeChange.objects.filter(undoes=None).exclude(pk__in=undone)
    change = left.order_by("pk").first() if is_undo else None
    entry = Entry(procedure, GradeAct.CHANGE, to, day, REASON)
    if change is not None:
        entry = Entry(
            procedure,
            GradeAct.UNDO,
            change.grade_before,
            change.effective_from,
            REASON,
            undoes=change,
        )
    write_version([entry], by=by, at=at, reason=DECIDED)
