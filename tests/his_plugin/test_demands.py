"""Each row reads like the regulation: an operation, and what its application needs."""

from __future__ import annotations

from typing import Any

import pytest

from his_plugin.field.demands import Circumstances, Need, PlannedProcedure, demands
from his_plugin.field.parts import PARTS
from surgery.enums import Nature, Reoperation

MUST, MAY, NO = Need.MUST, Need.MAY, Need.NO
DISCUSSED = {"preop_discussion", "preop_discussed_at"}
ROUTINE, EMERGENCY = Nature.ELECTIVE, Nature.EMERGENCY
AGAIN = {"reoperation_cause", "reoperation_reason", "first_operation"}


def grade(number: int, **more: Any) -> PlannedProcedure:
    return PlannedProcedure(f"{number}0.0000", number, **more)


def now(nature: Nature = ROUTINE, **more: Any) -> Circumstances:
    return Circumstances(nature, **more)


RULES: list[tuple[str, list[PlannedProcedure], Circumstances, set[str], Need]] = [
    ("every application says planned or not", [grade(1)], now(), {"is_planned"}, MUST),
    ("every application says its nature", [grade(1)], now(), {"nature"}, MUST),
    ("every application says again or not", [grade(1)], now(), {"reoperation"}, MUST),
    ("an emergency may save a life", [grade(1)], now(EMERGENCY), {"is_rescue"}, MAY),
    ("nothing else does", [grade(1)], now(Nature.DEADLINE), {"is_rescue"}, NO),
    (
        "an unplanned second operation says why, and which was the first",
        [grade(2)],
        now(reoperation=Reoperation.UNPLANNED),
        AGAIN,
        MUST,
    ),
    (
        "a planned second one may name the first",
        [grade(2)],
        now(reoperation=Reoperation.PLANNED),
        {"first_operation"},
        MAY,
    ),
    (
        "a planned second one gives no cause",
        [grade(2)],
        now(reoperation=Reoperation.PLANNED),
        AGAIN - {"first_operation"},
        NO,
    ),
    ("a first one has none before it", [grade(2)], now(), AGAIN, NO),
    (
        "day surgery is what the hospital lists",
        [grade(2, is_day_surgery=True)],
        now(),
        {"is_day"},
        MAY,
    ),
    (
        "one that is not listed keeps all from it",
        [grade(2, is_day_surgery=True), grade(2)],
        now(),
        {"is_day"},
        NO,
    ),
    (
        "nor does a surgeon who may not by day",
        [grade(2, is_day_surgery=True)],
        now(holds_day=False),
        {"is_day"},
        NO,
    ),
    ("of nothing there is no day surgery", [], now(), {"is_day"}, NO),
    (
        "paired organs have a side",
        [grade(2), grade(2, needs_side=True)],
        now(),
        {"side"},
        MUST,
    ),
    ("others may have one", [grade(2)], now(), {"side", "site", "is_mini"}, MAY),
    (
        "a restricted technique is declared as one",
        [grade(2, is_restricted=True)],
        now(),
        {"technique"},
        MUST,
    ),
    ("others may be new", [grade(4)], now(), {"technique"}, MAY),
    (
        "a restricted technique has a name",
        [grade(2)],
        now(technique="1"),
        {"technique_text"},
        MUST,
    ),
    ("so has a new one", [grade(2)], now(technique="2"), {"technique_text"}, MUST),
    (
        "an ordinary one needs none",
        [grade(2)],
        now(technique="0"),
        {"technique_text"},
        NO,
    ),
    ("grade 2 may be discussed before", [grade(2)], now(), DISCUSSED, MAY),
    ("grade 3 is discussed before (GR15)", [grade(3)], now(), DISCUSSED, MUST),
    ("grade 4 is discussed before", [grade(1), grade(4)], now(), DISCUSSED, MUST),
    ("an emergency is too", [grade(3)], now(EMERGENCY), DISCUSSED, MUST),
    (
        "who saves a life does not wait for it",
        [grade(4)],
        now(EMERGENCY, is_rescue=True),
        DISCUSSED,
        MAY,
    ),
    ("outside the wards may be", [grade(3)], now(is_inpatient=False), DISCUSSED, MAY),
    ("grade 4 is discussed by many (GR11)", [grade(4)], now(), {"mdt"}, MUST),
    (
        "a restricted technique counts as grade 4 (GR09)",
        [grade(2, is_restricted=True)],
        now(),
        {"mdt"},
        MUST,
    ),
    (
        "who saves a life does not wait for the many",
        [grade(4)],
        now(EMERGENCY, is_rescue=True),
        {"mdt"},
        MAY,
    ),
    ("grade 3 may be discussed by many", [grade(3)], now(), {"mdt"}, MAY),
    ("grade 2 is not", [grade(2)], now(), {"mdt"}, NO),
    ("what no catalogue knows is not", [PlannedProcedure("X")], now(), {"mdt"}, NO),
]


@pytest.mark.parametrize(
    ("rule", "procedures", "circumstances", "parts", "need"),
    RULES,
    ids=[row[0] for row in RULES],
)
def test_planned_operation_needs_what_the_regulation_says(
    rule: str,
    procedures: list[PlannedProcedure],
    circumstances: Circumstances,
    parts: set[str],
    need: Need,
) -> None:
    found = demands(procedures, circumstances)
    assert {name: found[name].need for name in parts} == dict.fromkeys(parts, need)


def test_every_part_has_its_demand_and_says_why_it_must() -> None:
    everything = grade(4, needs_side=True, is_restricted=True)
    again = now(reoperation=Reoperation.UNPLANNED, technique="1")
    found = demands([everything], again)
    assert set(found) == {part.name for part in PARTS}
    unsaid = [name for name, one in found.items() if one.need is MUST and not one.why]
    assert unsaid == []


def test_reason_of_grade_four_is_the_one_of_grade_four() -> None:
    found = demands([grade(4, is_restricted=True)], now())
    assert str(found["mdt"].why) == "四级手术须先完成多学科讨论"
