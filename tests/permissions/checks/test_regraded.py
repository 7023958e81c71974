"""A procedure that is regraded is judged by the grade of the asked moment's day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from permissions.checks.codes import Code
from permissions.checks.engine import check
from permissions.checks.facts import (
    Line,
    PersonFacts,
    ProcedureFacts,
    Regrading,
    Role,
    Standing,
    Terms,
)
from permissions.checks.question import Member, Part, Question
from permissions.checks.reverse import spans_of
from permissions.checks.world import World

RAISED = datetime(2027, 1, 1, tzinfo=UTC)
OVER = datetime(2027, 4, 1, tzinfo=UTC)
BEFORE, DURING, AFTER = (
    RAISED - timedelta(days=1),
    RAISED + timedelta(days=20),
    OVER + timedelta(days=1),
)
GIVEN = datetime(2026, 1, 1, tzinfo=UTC)
CHOLE = ProcedureFacts("51.2300", "腹腔镜下胆囊切除术", 3)
WITH_TRANSITION = replace(CHOLE, regradings=(Regrading(RAISED, 4, 3, OVER),))
AT_ONCE = replace(CHOLE, regradings=(Regrading(RAISED, 4),))
APPENDIX = ProcedureFacts(
    "47.0901", "阑尾切除术", 2, regradings=(Regrading(RAISED, 3, 2, OVER),)
)


def person(emp_no: str, *lines: Line) -> PersonFacts:
    return PersonFacts(emp_no, Standing.PRACTISING, lines)


def item(privilege: str, code: str = "51.2300", start: datetime = GIVEN) -> Line:
    return Line(code, Terms(privilege, start, role=Role.OPERATE))


def flag(privilege: str, start: datetime = GIVEN) -> Line:
    return Line("", Terms(privilege, start, role=Role.OPERATE))


def code_at(facts: PersonFacts, procedure: ProcedureFacts, at: datetime) -> Code:
    world = World(people=[facts], procedures=[procedure])
    question = Question((Member(facts.emp_no),), at, (procedure.code,))
    return check(question, world).code


@pytest.mark.parametrize(
    ("line", "procedure", "codes"),
    [
        # 3 → 4, older rights count until the end of the transition
        (item("SG03"), WITH_TRANSITION, ("0", "0", "1G")),
        (item("SG03", start=RAISED), WITH_TRANSITION, ("1", "1G", "1G")),
        (item("SG04"), WITH_TRANSITION, ("0", "0", "0")),
        (item("SG03"), AT_ONCE, ("0", "1G", "1G")),
        # 2 → 3: a class reaches it no more
        (flag("SG02"), APPENDIX, ("0", "0", "1G")),
        (flag("SG02", start=RAISED), APPENDIX, ("1", "1G", "1G")),
        (item("SG03", "47.0901"), APPENDIX, ("0", "0", "0")),
        # 4 → 3 and 3 → 2: nobody loses, a class gains
        (
            item("SG04"),
            replace(CHOLE, grade=4, regradings=(Regrading(RAISED, 3),)),
            ("0", "0", "0"),
        ),
        (
            flag("SG02"),
            replace(CHOLE, regradings=(Regrading(RAISED, 2),)),
            ("1G", "0", "0"),
        ),
        # withdrawn, and graded for the first time
        (
            item("SG03"),
            replace(CHOLE, regradings=(Regrading(RAISED, 0),)),
            ("0", "5", "5"),
        ),
        (
            item("SG03"),
            replace(CHOLE, grade=0, regradings=(Regrading(RAISED, 3),)),
            ("5", "0", "0"),
        ),
    ],
)
def test_code_follows_the_grade_of_the_day(
    line: Line, procedure: ProcedureFacts, codes: tuple[str, str, str]
) -> None:
    found = tuple(
        code_at(person("1", line), procedure, at).value
        for at in (BEFORE, DURING, AFTER)
    )
    assert found == codes


def test_a_second_regrading_ends_the_transition_of_the_first() -> None:
    again = RAISED + timedelta(days=10)
    procedure = replace(
        CHOLE, grade=2, regradings=(Regrading(RAISED, 3, 2, OVER), Regrading(again, 4))
    )
    holder = person("1", flag("SG02"))
    assert code_at(holder, procedure, RAISED) is Code.ALLOWED
    assert code_at(holder, procedure, again) is Code.ABOVE_CEILING


def test_a_right_says_it_ends_when_a_regrading_will_end_it() -> None:
    world = World(people=[person("1", item("SG03"))], procedures=[WITH_TRANSITION])
    question = Question((Member("1"),), BEFORE, ("51.2300",))
    assert check(question, world).rights[0].until == OVER


def test_of_two_lines_the_one_that_outlasts_the_regrading_counts() -> None:
    both = person("1", item("SG03"), item("SG04"))
    world = World(people=[both], procedures=[WITH_TRANSITION])
    question = Question((Member("1"),), BEFORE, ("51.2300",))
    assert check(question, world).rights[0].until is None


def test_grade_four_asks_for_a_discussion_only_from_its_day_on() -> None:
    world = World(people=[person("1", item("SG04"))], procedures=[AT_ONCE])
    asked = [
        Question((Member("1"),), at, ("51.2300",), mdt_id="") for at in (BEFORE, DURING)
    ]
    told = [[one.rule.id for one in check(each, world).conditions] for each in asked]
    assert ["S14" in one for one in told] == [False, True]


def test_who_may_sees_the_turn_within_the_days_asked_about() -> None:
    world = World(people=[person("1", item("SG03"))], procedures=[AT_ONCE])
    question = Question((Member("1", Part.SURGEON),), BEFORE, ("51.2300",))
    spans = list(spans_of(question, world, "1", days=30))
    assert [(one.starts_at, one.ends_at) for one in spans] == [(BEFORE, RAISED)]


def test_patching_in_a_regrading_counts_from_the_next_question_on() -> None:
    holder = person("1", item("SG03"))
    world = World(people=[holder], procedures=[CHOLE])
    question = Question((Member("1"),), DURING, ("51.2300",))
    assert [check(question, world).code, check(question, world).code] == [
        Code.ALLOWED,
        Code.ALLOWED,
    ]
    world.put_procedure(AT_ONCE)
    assert check(question, world).code is Code.ABOVE_CEILING
