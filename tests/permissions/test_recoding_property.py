"""Whatever is re-coded, regraded and undone: what was asked of past days stays."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import pytest
import time_machine
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from permissions import regrading
from permissions.enums import LineDecision, ReasonCode, Trigger
from permissions.models import GrantEvent, GrantState, ReviewLine
from permissions.queries.ledger import privileges_of, standing_of_line
from permissions.services import suspend
from permissions.services.reviews import open_review
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.audit.refusing import ActRefused
from portal.directory.models import Practitioner
from portal.parameters.days import day_of, start_of
from surgery.enums import RecodingState
from surgery.models import GradeVersion, Procedure, Recoding
from surgery.queries.grading import grade_of
from tests.cast import make_practitioner, make_user
from tests.permissions.recodings import CHOLE, LIVER, decide, held, pair, undo
from tests.surgery import grading as paper

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.usefixtures("catalogue", "prerequisites_warn"),
]
BEGIN = datetime.fromisoformat("2026-11-23T02:00:00+00:00")
CODES = (CHOLE, LIVER, "51.2301", "51.2302", "51.2303")
PLACES = st.integers(0, len(CODES) - 1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("replace"), PLACES, PLACES),
        st.tuples(st.just("merge"), PLACES, PLACES),
        st.tuples(st.just("split"), PLACES, PLACES),
        st.tuples(st.just("regrade"), PLACES, st.integers(1, 4)),
        st.tuples(st.just("suspend"), PLACES, PLACES),
        st.tuples(st.just("undo"), PLACES, PLACES),
        st.tuples(st.just("undo grade"), PLACES, PLACES),
    ),
    min_size=3,
    max_size=9,
)
UNDOS = [("undo grade", 0, 0), ("undo", 0, 0), ("undo grade", 0, 0)]


class Answers(NamedTuple):
    """Of one day: the grade of each code, and the rights of each doctor."""

    grades: tuple[int, ...]
    rights: tuple[tuple[str, ...], ...]


@pytest.fixture
def he(db: None) -> User:
    return make_user("2003", "何静宜", Role.OFFICE_HEAD)


@pytest.fixture
def doctors(lin: User) -> list[Practitioner]:
    with time_machine.travel(BEGIN, tick=False):
        one, other = make_practitioner(), make_practitioner("1102", "江月明")
        held(lin, one)
        held(lin, one, role="SUPERVISE")
        held(lin, one, "SG04", item=LIVER)
        held(lin, other, "SG04", item=LIVER)
    return [one, other]


def answers(
    doctors: list[Practitioner], day: date, known_at: datetime | None = None
) -> Answers:
    noon = start_of(day) + timedelta(hours=12)
    known = {one.code: one for one in Procedure.objects.order_by("pk")}
    return Answers(
        tuple(
            int(grade_of(known[code], day, known_at)) if code in known else 0
            for code in CODES
        ),
        tuple(
            tuple(
                sorted(
                    f"{one.item_code} {one.role}"
                    for one in privileges_of(person, noon, known_at)
                )
            )
            for person in doctors
        ),
    )


def act(step: tuple[str, int, int], lin: User, he: User, salt: int) -> None:
    name, first, second = step
    code, other = CODES[first], CODES[second]
    third = CODES[(second + 1) % len(CODES)]
    acts: dict[str, Callable[[], object]] = {
        "replace": lambda: decide(lin, he, pair(code, other, f"手术{salt}")),
        "merge": lambda: decide(
            lin, he, pair(code, third, f"手术{salt}"), pair(other, third)
        ),
        "split": lambda: decide(
            lin, he, pair(code, other, "左"), pair(code, third, "右")
        ),
        "regrade": lambda: _regrade(lin, he, code, second),
        "suspend": lambda: _suspend(lin, first),
        "undo": lambda: _undo(he),
        "undo grade": lambda: _undo_grade(he),
    }
    acts[name]()


def _regrade(lin: User, he: User, code: str, grade: int) -> None:
    if not Procedure.objects.filter(code=code).exists():
        return
    proposal = paper.propose(lin, code, grade)
    regrading.approve(
        proposals=[proposal], by=he, at=timezone.now(), reason=paper.DECIDED
    )


def _suspend(lin: User, place: int) -> None:
    states = list(GrantState.objects.filter(status="ACTIVE").order_by("pk"))
    if states:
        suspend(
            state=states[place % len(states)],
            by=lin,
            at=timezone.now(),
            reason_code=ReasonCode.R09,
            reason="并发症率偏高",
        )


def _undo(he: User) -> None:
    done = Recoding.objects.filter(state=RecodingState.APPLIED).order_by("-pk")
    if (last := done.first()) is not None:
        undo(last, he)


def _undo_grade(he: User) -> None:
    version = GradeVersion.objects.order_by("-pk").first()
    if version is not None:
        regrading.undo(version=version, by=he, at=timezone.now(), reason="级别有误撤销")


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(steps=[("replace", 0, 2), ("replace", 2, 3), ("undo", 0, 0), ("undo", 0, 0)])
@example(steps=[("replace", 0, 2), ("regrade", 2, 2), ("undo", 0, 0), *UNDOS])
@example(steps=[("regrade", 0, 2), ("replace", 0, 2), ("undo", 0, 0), *UNDOS])
@example(steps=[("split", 1, 2), ("undo", 0, 0), ("replace", 1, 4), ("undo", 0, 0)])
@example(steps=[("merge", 0, 1), ("regrade", 2, 4), *UNDOS, ("undo", 0, 0)])
@given(steps=STEPS)
def test_past_days_answer_as_they_did_whatever_follows(
    doctors: list[Practitioner],
    lin: User,
    he: User,
    steps: list[tuple[str, int, int]],
) -> None:
    with transaction.atomic():
        reviewed(doctors, lin)
        play(doctors, lin, he, steps)
        transaction.set_rollback(True)


def reviewed(doctors: list[Practitioner], lin: User) -> None:
    """Everything they hold is under review: the reviews go wherever the rights go."""
    with time_machine.travel(BEGIN, tick=False):
        for person in doctors:
            lines = GrantState.objects.filter(practitioner=person).order_by("pk")
            open_review(person, Trigger.TRANSFER, list(lines), why="调换科室", at=BEGIN)


def play(doctors: list[Practitioner], lin: User, he: User, steps: Any) -> None:
    """Each step a day of its own; a refused one changes nothing either."""
    seen: dict[date, Answers] = {}
    known: dict[tuple[date, datetime], Answers] = {}
    for number, step in enumerate(steps):
        with time_machine.travel(BEGIN + timedelta(days=number), tick=False):
            now = timezone.now()
            before = dict(seen)
            with suppress(ActRefused), transaction.atomic():
                act(step, lin, he, number)
            for day, told in before.items():
                found = answers(doctors, day)
                if step[0] == "undo grade":
                    # A grade taken back never was: known from now on, not before.
                    assert found.rights == told.rights, (step, day)
                    seen[day] = found
                else:
                    assert found == told, (step, day)
            for (day, known_at), told in known.items():
                assert answers(doctors, day, known_at) == told, (step, day, known_at)
            seen[day_of(now)] = answers(doctors, day_of(now))
            known[day_of(now), now] = answers(doctors, day_of(now), now)
    for state in GrantState.objects.order_by("pk").select_related("grant"):
        standing = standing_of_line(state.grant)
        assert standing is not None
        assert state.status == standing.status
    living = Q(status__in=("ACTIVE", "SUSPENDED"))
    waiting = ReviewLine.objects.filter(decision=LineDecision.NONE)
    assert set(waiting.values_list("state", flat=True)) == set(
        GrantState.objects.filter(living).values_list("pk", flat=True)
    )
    assert not GrantEvent.objects.filter(recorded_at__lt=BEGIN - timedelta(3)).exists()
