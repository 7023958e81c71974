"""急诊值班主刀、麻醉分级、新技术项目的规定，一行一条；另有执业范围和地点的止期。"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from permissions.checks.codes import Code
from permissions.checks.engine import Verdict, check
from permissions.checks.facts import Line, PersonFacts, ProcedureFacts, Role, Status
from permissions.checks.facts import Urgency as U
from permissions.checks.findings import ReasonKey
from permissions.checks.question import Member, Part, Question, surgeon
from permissions.checks.reverse import who_may
from permissions.checks.rules import Mode, RuleMode
from permissions.checks.world import World
from tests.permissions.checks.cases import at, line

APPENDIX = ProcedureFacts("47.0901", "阑尾切除术", 2)
CHOLE = ProcedureFacts("51.2300", "腹腔镜下胆囊切除术", 3)
BREAST = ProcedureFacts("85.4301", "单侧乳腺改良根治术", 3)
LOBE = ProcedureFacts("50.3x00", "肝叶切除术", 4)
ECMO = ProcedureFacts("39.6500", "体外膜氧合[ECMO]", 4, is_restricted=True)
DENTAL = ProcedureFacts("23.1900", "拔牙术", 1, scopes=frozenset({"口腔"}))
LISTED = [APPENDIX, CHOLE, BREAST, LOBE, ECMO, DENTAL]
PLANNED = at("2026-11-25 08:30")
SUSPENDED = Status.SUSPENDED
DUTY, SG02, HAND = line("SG08"), line("SG02"), line("SG07")
CHOLE_LINE, LOBE_LINE = line("SG03", "51.2300"), line("SG04", "50.3x00")
LEARNING = line("SG03", "85.4301", role=Role.OPERATE_SUPERVISED)
OFF, SUGGEST = RuleMode(Mode.OFF), RuleMode(Mode.SUGGEST)


def asked(
    lines: list[Line],
    procedure: ProcedureFacts,
    *,
    person: PersonFacts | None = None,
    part: Part = Part.SURGEON,
    modes: dict[str, RuleMode] | None = None,
    **question: Any,
) -> Verdict:
    facts = replace(person or PersonFacts("1"), lines=tuple(lines))
    world = World(people=[facts], procedures=LISTED, modes=modes or {})
    given: dict[str, Any] = {"moment": PLANNED, **question}
    team = (Member("1", part),)
    return check(Question(team=team, procedures=(procedure.code,), **given), world)


ON_DUTY: list[tuple[str, list[Line], ProcedureFacts, U, dict[str, RuleMode], str, str]] = [
    ("急诊三级，值班权，另有一项三级", [DUTY, CHOLE_LINE], BREAST, U.EMERGENCY, {}, "0", "S20"),
    ("抢救三级，值班权，另有一项三级", [DUTY, CHOLE_LINE], BREAST, U.RESCUE, {}, "0", "S20"),
    ("择期三级，值班权不算", [DUTY, CHOLE_LINE], BREAST, U.ROUTINE, {}, "1", "S06"),
    ("急诊四级，最高只有三级", [DUTY, CHOLE_LINE], LOBE, U.EMERGENCY, {}, "1G", "S07"),
    ("急诊三级，另有一项四级", [DUTY, LOBE_LINE], BREAST, U.EMERGENCY, {}, "0", "S20"),
    ("只有值班权，没有任何级别", [DUTY], APPENDIX, U.EMERGENCY, {}, "1", "S06"),
    ("有助手权和值班权，另有一项三级", [DUTY, HAND, CHOLE_LINE], BREAST, U.EMERGENCY, {}, "0", "S20"),
    ("该项授权到期，值班权补上", [DUTY, CHOLE_LINE, line("SG03", "85.4301", end="2026-10-01")], BREAST, U.EMERGENCY, {}, "0", "S20"),
    ("该项授权已暂停，值班权不能代替", [DUTY, CHOLE_LINE, line("SG03", "85.4301", status=SUSPENDED)], BREAST, U.EMERGENCY, {}, "4", "S09"),
    ("该项只在带教下，值班权不能代替", [DUTY, CHOLE_LINE, LEARNING], BREAST, U.EMERGENCY, {}, "2S", "S10"),
    ("限制类技术，值班权不能代替", [DUTY, LOBE_LINE], ECMO, U.EMERGENCY, {}, "6", "S05"),
    ("有该项授权，说该项", [DUTY, CHOLE_LINE], CHOLE, U.EMERGENCY, {}, "0", "S06"),
    ("值班权到期", [line("SG08", end="2026-10-01"), CHOLE_LINE], BREAST, U.EMERGENCY, {}, "1", "S06"),
    ("值班权暂停", [line("SG08", status=SUSPENDED), CHOLE_LINE], BREAST, U.EMERGENCY, {}, "1", "S06"),
    ("唯一的三级授权已暂停，没有级别", [DUTY, line("SG03", "51.2300", status=SUSPENDED)], BREAST, U.EMERGENCY, {}, "1", "S06"),
    ("医院不用值班权", [DUTY, CHOLE_LINE], BREAST, U.EMERGENCY, {"S20": OFF}, "1", "S06"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "procedure", "urgency", "modes", "code", "rule"), [row[1:] for row in ON_DUTY], ids=[row[0] for row in ON_DUTY]
)  # fmt: skip
def test_surgeon_on_duty_may(
    lines: list[Line],
    procedure: ProcedureFacts,
    urgency: U,
    modes: dict[str, RuleMode],
    code: str,
    rule: str,
) -> None:
    verdict = asked(lines, procedure, urgency=urgency, modes=modes)

    assert (verdict.code, verdict.rights[0].rule.id) == (code, rule)


AN01 = line("AN01")
ANESTHESIA: list[tuple[str, int, int | None, dict[str, Any], str, str]] = [
    ("ASA Ⅱ 级，医师", 2, 2, {}, "0", "S06"),
    ("ASA Ⅲ 级，医师", 2, 3, {}, "1G", "S21"),
    ("ASA Ⅲ 级，主治医师", 3, 3, {}, "0", "S06"),
    ("ASA Ⅳ 级，主治医师", 3, 4, {}, "1G", "S21"),
    ("ASA Ⅳ 级，副主任医师", 4, 4, {}, "0", "S06"),
    ("ASA Ⅴ 级，主任医师", 5, 5, {}, "0", "S06"),
    ("ASA Ⅰ 级，医士", 1, 1, {}, "1G", "S21"),
    ("没有问 ASA", 2, None, {}, "0", "S06"),
    ("ASA Ⅳ 级，主治医师，抢救", 3, 4, {"urgency": U.RESCUE}, "8", "S21"),
    ("ASA Ⅳ 级，主治医师，医院设为提醒", 3, 4, {"modes": {"S21": SUGGEST}}, "0", "S06"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rank", "asa", "given", "code", "rule"), [row[1:] for row in ANESTHESIA], ids=[row[0] for row in ANESTHESIA]
)  # fmt: skip
def test_anesthetist_may(
    rank: int, asa: int | None, given: dict[str, Any], code: str, rule: str
) -> None:
    person = PersonFacts("1", title_rank=rank)
    verdict = asked([AN01], LOBE, person=person, part=Part.ANESTHETIST, asa=asa, **given)  # fmt: skip

    assert (verdict.code, verdict.rights[0].rule.id) == (code, rule)


def test_title_too_low_for_the_asa_class_says_which_title_and_asks_for_no_line() -> (
    None
):
    person = PersonFacts("1", title_rank=3)
    verdict = asked([AN01], LOBE, person=person, part=Part.ANESTHETIST, asa=4)
    [finding] = verdict.rights

    assert [(one.key, dict(one.params)) for one in finding.reasons] == [
        (ReasonKey.ASA, {"asa": 4, "rank": 4})
    ]
    assert finding.missing == ()
    assert finding.remedy == "改由职称相符的麻醉医师承担"


def test_asa_as_advice_is_told_beside_the_code() -> None:
    person = PersonFacts("1", title_rank=3)
    given: dict[str, Any] = {"part": Part.ANESTHETIST, "asa": 4}
    verdict = asked([AN01], LOBE, person=person, modes={"S21": SUGGEST}, **given)

    [told] = verdict.conditions
    assert (told.rule.id, told.needed, told.held) == ("S21", 4, 3)
    assert verdict.passes


def test_no_such_asa_class_is_refused() -> None:
    with pytest.raises(ValueError, match="ASA class 7"):
        asked([AN01], LOBE, part=Part.ANESTHETIST, asa=7)


TRIALS: list[tuple[str, list[Line], str, list[str], bool]] = [
    ("项目成员，试用期内", [line("RT02", "50.3x00", end="2026-12-01")], "0", [], True),
    ("项目成员，试用期已过", [line("RT02", "50.3x00", end="2026-11-01")], "3", [], False),
    ("项目成员授权没有止期", [line("RT02", "50.3x00", end=None)], "0", ["S22"], False),
    ("另一项目的成员", [line("RT02", "51.2300")], "1", [], False),
    ("项目中的带教下主刀", [line("RT02", "50.3x00", role=Role.OPERATE_SUPERVISED)], "2S", [], False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "code", "broken", "passes"), [row[1:] for row in TRIALS], ids=[row[0] for row in TRIALS]
)  # fmt: skip
def test_member_of_a_new_technology_project_may(
    lines: list[Line], code: str, broken: list[str], passes: bool
) -> None:
    verdict = asked(lines, LOBE)

    assert (verdict.code, verdict.passes) == (code, passes)
    assert [one.rule.id for one in verdict.conditions] == broken


ENDING = (("口腔", at("2026-11-25 08:30")),)
LATER = (("口腔", at("2026-11-25 08:31")),)
HERE = frozenset({"E"})
REGISTERED: list[tuple[str, dict[str, Any], ProcedureFacts, str, str]] = [
    ("执业范围恰在此刻到期", {"scopes": frozenset({"口腔"}), "scope_ends": ENDING}, DENTAL, "", "7"),
    ("执业范围一分钟后到期", {"scopes": frozenset({"口腔"}), "scope_ends": LATER}, DENTAL, "", "0"),
    ("另一执业范围到期", {"scopes": frozenset({"口腔", "外科"}), "scope_ends": (("外科", at("2026-11-01")),)}, DENTAL, "", "0"),
    ("多机构备案恰在此刻到期", {"campuses": HERE, "campus_ends": (("E", PLANNED),)}, APPENDIX, "E", "7"),
    ("多机构备案下月到期", {"campuses": HERE, "campus_ends": (("E", at("2026-12-01")),)}, APPENDIX, "E", "0"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "procedure", "campus", "code"), [row[1:] for row in REGISTERED], ids=[row[0] for row in REGISTERED]
)  # fmt: skip
def test_registration_counts_to_its_end(
    facts: dict[str, Any], procedure: ProcedureFacts, campus: str, code: str
) -> None:
    person = PersonFacts("1", **facts)
    assert asked([SG02], procedure, person=person, campus=campus).code == code


def test_campus_of_an_institution_nobody_knows_is_not_asked_about() -> None:
    person = PersonFacts("1", lines=(SG02,), campuses=HERE)
    question = surgeon("1", [APPENDIX.code], PLANNED, campus="N")
    known = World(people=[person], procedures=LISTED, placed=frozenset({"E", "N"}))
    unknown = World(people=[person], procedures=LISTED, placed=frozenset({"E"}))

    assert check(question, known).code is Code.OUT_OF_SCOPE
    verdict = check(question, unknown)
    assert verdict.code is Code.ALLOWED
    assert [step.holds for step in verdict.trace if step.rule == "P04"] == [None]


def test_who_may_in_an_emergency_lists_the_surgeon_on_duty_while_the_grade_holds() -> (
    None
):
    duty = PersonFacts("1", lines=(DUTY, line("SG03", "51.2300", end="2026-12-01")))
    world = World(people=[duty], procedures=LISTED)
    question = surgeon("", [BREAST.code], PLANNED, urgency=U.EMERGENCY)

    [found] = who_may(question, world, days=30)

    assert [(one.code, one.ends_at) for one in found.spans] == [
        (Code.ALLOWED, at("2026-12-01"))
    ]
