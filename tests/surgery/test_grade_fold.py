"""As-of answers against a painter who repaints a calendar and keeps every picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from surgery.ledger import Stretch, grade_on, standing, stretches

FIRST = date(2026, 1, 1)
DAYS = 24
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Change:
    """A line of the ledger as the fold reads it."""

    pk: int
    grade: int
    grade_before: int
    effective_from: date
    recorded_at: datetime
    transition_until: date | None = None
    undoes_id: int | None = None


@dataclass(frozen=True)
class Act:
    """A regrading for a day, or (``undo``) the taking back of an earlier act."""

    grade: int
    day: int
    undo: int


ACTS = st.lists(
    st.builds(
        Act,
        grade=st.integers(0, 4),
        day=st.integers(0, DAYS - 1),
        undo=st.integers(-3, 9),
    ),
    max_size=10,
)


def moment(number: int) -> datetime:
    return BEGAN + timedelta(days=number * 2)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


class Painter:
    """Sticks each change on every day it counts for; an undo peels its stickers off."""

    def __init__(self, base: int) -> None:
        self.base = base
        self.days: list[dict[int, tuple[int, int]]] = [{} for _ in range(DAYS)]

    def stick(self, pk: int, first: int, grade: int) -> None:
        for number in range(first, DAYS):
            self.days[number][pk] = (first, grade)

    def peel(self, pk: int) -> None:
        for stickers in self.days:
            stickers.pop(pk, None)

    def picture(self) -> list[int]:
        found = []
        for stickers in self.days:
            top, grade = (-1, -1), self.base
            for pk, (first, stuck) in stickers.items():
                if (first, pk) > top:
                    top, grade = (first, pk), stuck
            found.append(grade)
        return found


def written(acts: list[Act], base: int) -> tuple[list[Change], list[list[int]]]:
    """The ledger, and the picture as it was after each of its lines."""
    painter = Painter(base)
    changes: list[Change] = []
    pictures: list[list[int]] = []
    open_ones: list[int] = []
    for number, act in enumerate(acts):
        now = painter.picture()[act.day]
        undoes = None
        if 0 <= act.undo < len(open_ones):
            undoes = open_ones.pop(act.undo)
            painter.peel(undoes)
        else:
            painter.stick(number, act.day, act.grade)
            open_ones.append(number)
        before = base if not changes else now
        changes.append(
            Change(
                number, act.grade, before, day(act.day), moment(number), None, undoes
            )
        )
        pictures.append(painter.picture())
    return changes, pictures


@given(acts=ACTS, base=st.integers(0, 4))
@settings(max_examples=300)
def test_every_day_as_then_known_stays_what_it_was_whatever_is_recorded_later(
    acts: list[Act], base: int
) -> None:
    changes, pictures = written(acts, base)
    for number, picture in enumerate(pictures):
        told = [
            grade_on(day(at), changes, present=9, known_at=moment(number))
            for at in range(DAYS)
        ]
        assert told == picture
    told_now = [grade_on(day(at), changes, present=base) for at in range(DAYS)]
    assert told_now == (pictures[-1] if pictures else [base] * DAYS)
    assert grade_on(day(3), changes, present=base, known_at=BEGAN - timedelta(1)) == (
        base
    )


@given(acts=ACTS, base=st.integers(0, 4))
@settings(max_examples=200)
def test_stretches_say_the_same_as_asking_day_by_day(
    acts: list[Act], base: int
) -> None:
    changes, _pictures = written(acts, base)
    found = stretches(changes, present=base)
    for at in range(DAYS):
        current = [one for one in found if one.starts <= day(at)][-1]
        assert current.grade == grade_on(day(at), changes, present=base)
    starts = [one.starts for one in found]
    assert starts == sorted(set(starts))


def test_of_two_changes_for_one_day_the_later_recorded_counts() -> None:
    first = Change(1, 3, 2, day(5), moment(0))
    second = Change(2, 4, 3, day(5), moment(1))
    assert standing([first, second]) == [first, second]
    assert grade_on(day(5), [first, second], present=2) == 4
    assert grade_on(day(5), [first, second], present=2, known_at=moment(0)) == 3


def test_a_raise_with_a_transition_eases_until_its_last_day() -> None:
    raised = Change(1, 4, 3, day(5), moment(0), transition_until=day(9))
    assert stretches([raised], present=3) == [
        Stretch(date.min, 3),
        Stretch(day(5), 4, 3, day(9), moment(0)),
    ]


def test_first_grades_and_lowered_grades_have_no_transition() -> None:
    first = Change(1, 3, 0, day(5), moment(0), transition_until=day(9))
    lowered = Change(2, 2, 3, day(7), moment(1), transition_until=day(9))
    assert stretches([first, lowered], present=0) == [
        Stretch(date.min, 0),
        Stretch(day(5), 3, None, None, moment(0)),
        Stretch(day(7), 2, None, None, moment(1)),
    ]
