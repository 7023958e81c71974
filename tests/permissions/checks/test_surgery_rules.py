"""手术授权的规定，一行一条：有什么权限、问什么手术、判定为什么。"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from permissions.checks.codes import Code
from permissions.checks.engine import Verdict, check
from permissions.checks.facts import (
    Line,
    PersonFacts,
    ProcedureFacts,
    Role,
    Setting,
    Side,
    Standing,
    Status,
    Urgency,
)
from permissions.checks.question import Booking, Member, Part, Question
from permissions.checks.rules import Mode, RuleMode
from permissions.checks.world import World
from tests.permissions.checks.cases import at, line

PUNCTURE = ProcedureFacts("03.3101", "腰椎穿刺术", 1)
APPENDIX = ProcedureFacts("47.0901", "阑尾切除术", 2)
CHOLE = ProcedureFacts("51.2300", "腹腔镜下胆囊切除术", 3, is_day_surgery=True)
BREAST = ProcedureFacts("85.4301", "单侧乳腺改良根治术", 3, is_day_surgery=False)
LOBE = ProcedureFacts("50.3x00", "肝叶切除术", 4)
ECMO = ProcedureFacts("39.6500", "体外膜氧合[ECMO]", 4, is_restricted=True)
UNFILED = replace(ECMO, code="41.0800", is_filed=False)
UNGRADED = ProcedureFacts("86.0100", "皮肤抽吸术", 0)
STOPPED = replace(APPENDIX, code="47.0100", is_enabled=False)
DENTAL = ProcedureFacts("23.1900", "拔牙术", 1, scopes=frozenset({"口腔"}))
POLYP = ProcedureFacts("45.4200", "内镜下结肠息肉切除术", 3)
UNLISTED = ProcedureFacts("99.9999", "目录外", 1)
LISTED = [PUNCTURE, APPENDIX, CHOLE, BREAST, LOBE, ECMO, UNFILED, UNGRADED, STOPPED]
LISTED += [DENTAL, POLYP]

PLANNED = at("2026-11-25 08:30")
SUSPENDED, REVOKED, VOID = Status.SUSPENDED, Status.REVOKED, Status.VOID
SG01, SG02, HAND = line("SG01"), line("SG02"), line("SG07")
CHOLE_LINE, LOBE_LINE = line("SG03", "51.2300"), line("SG04", "50.3x00")
LEARNING = line("SG03", "51.2300", role=Role.OPERATE_SUPERVISED)


def asked(
    lines: list[Line],
    procedure: ProcedureFacts,
    *,
    person: PersonFacts | None = None,
    others: tuple[tuple[str, Part, list[Line]], ...] = (),
    part: Part = Part.SURGEON,
    modes: dict[str, RuleMode] | None = None,
    implies: bool = True,
    **question: Any,
) -> Verdict:
    """One person with these lines, and whoever else is in the team."""
    facts = replace(person or PersonFacts("1"), lines=tuple(lines))
    more = [PersonFacts(name, lines=tuple(held)) for name, _part, held in others]
    world = World(
        people=[facts, *more],
        procedures=LISTED,
        modes=modes or {},
        operate_implies_order=implies,
    )
    team = (Member("1", part), *(Member(name, its) for name, its, _held in others))
    given: dict[str, Any] = {"moment": PLANNED, **question}
    return check(Question(team=team, procedures=(procedure.code,), **given), world)


REGULATION = [
    # 一、二级手术按级别授权，二级权包含一级（GR06）
    ("一级手术，有一级权", [SG01], PUNCTURE, "0"),
    ("一级手术，有二级权", [SG02], PUNCTURE, "0"),
    ("二级手术，有二级权", [SG02], APPENDIX, "0"),
    ("二级手术，只有一级权", [SG01], APPENDIX, "1G"),
    # 三、四级手术逐项授权（GR06）
    ("三级手术，有该项", [CHOLE_LINE], CHOLE, "0"),
    ("四级手术，有该项", [LOBE_LINE], LOBE, "0"),
    ("三级手术，只有另一项", [CHOLE_LINE], BREAST, "1"),
    ("三级手术，只有二级权", [SG01, SG02], CHOLE, "1G"),
    ("四级手术，只有三级项目", [SG02, CHOLE_LINE], LOBE, "1G"),
    ("三级手术，按四级逐项授权", [line("SG04", "51.2300")], CHOLE, "0"),
    ("升为四级，仍是三级的授权", [line("SG03", "50.3x00")], LOBE, "1G"),
    ("降为二级，原有三级逐项授权", [line("SG03", "47.0901")], APPENDIX, "0"),
    ("二级手术，只有另一项四级授权", [LOBE_LINE], APPENDIX, "1"),
    ("逐项授权没有写项目", [line("SG03")], CHOLE, "1"),
    ("按级别的授权误写了项目", [line("SG02", "47.0901")], APPENDIX, "1"),
    # 按技术目录逐项授权
    ("内镜项目，有内镜逐项授权", [line("DS04", "45.4200")], POLYP, "0"),
    ("内镜项目，内镜授权是另一项", [line("DS04", "45.4300")], POLYP, "1"),
    ("主刀目录中的项目", [line("SG06", "50.3x00")], LOBE, "0"),
    ("开单权不是主刀权", [line("SG05", "50.3x00")], LOBE, "1"),
    # 没有权限或不够
    ("没有任何权限", [], APPENDIX, "1"),
    ("只有别类权限", [line("RX01"), line("AB03")], APPENDIX, "1"),
    ("只有助手权", [HAND], LOBE, "2A"),
    ("有助手权和另一项主刀权", [CHOLE_LINE, HAND], BREAST, "2A"),
    ("级别不够，有助手权", [SG02, HAND], LOBE, "1G"),
    ("该项只授予助手", [line("SG04", "50.3x00", role=Role.ASSIST)], LOBE, "2A"),
    ("该项只授予助手，另有二级权", [SG02, line("SG04", "50.3x00", role=Role.ASSIST)], LOBE, "2A"),
    # 带教下主刀（1.3）
    ("带教下主刀，未写带教医师", [LEARNING], CHOLE, "2S"),
    ("带教期满转为主刀", [LEARNING, CHOLE_LINE], CHOLE, "0"),
    ("带教资格暂停", [line("SG03", "51.2300", role=Role.OPERATE_SUPERVISED, status=SUSPENDED)], CHOLE, "4"),
    ("只有带教指导角色，不能主刀", [line("SG03", "51.2300", role=Role.SUPERVISE)], CHOLE, "1"),
    ("主刀权到期，带教授权有效", [line("SG03", "51.2300", end="2026-10-01"), LEARNING], CHOLE, "2S"),
    # 到期即失效，止期不含当刻（1.4）
    ("上月到期", [line("SG02", end="2026-10-01")], APPENDIX, "3"),
    ("恰在此刻到期", [line("SG02", end="2026-11-25 08:30")], APPENDIX, "3"),
    ("一分钟后到期", [line("SG02", end="2026-11-25 08:31")], APPENDIX, "0"),
    ("恰在此刻生效", [line("SG02", start="2026-11-25 08:30")], APPENDIX, "0"),
    ("一分钟后生效", [line("SG02", start="2026-11-25 08:31")], APPENDIX, "1"),
    ("长期有效", [line("SG02", end=None)], APPENDIX, "0"),
    ("到期后已续", [line("SG02", end="2026-10-01"), line("SG02", start="2026-10-01")], APPENDIX, "0"),
    ("二级权到期，一级权有效", [SG01, line("SG02", end="2026-10-01")], APPENDIX, "3"),
    ("助手权到期", [line("SG07", end="2026-10-01")], LOBE, "1"),
    # 暂停、恢复、取消、作废（1.4）
    ("已暂停", [line("SG02", status=SUSPENDED, since="2026-11-01")], APPENDIX, "4"),
    ("暂停到本月 1 日，已自行恢复", [line("SG02", status=SUSPENDED, since="2026-10-01", until="2026-11-01")], APPENDIX, "0"),
    ("暂停到下月 1 日，仍在暂停", [line("SG02", status=SUSPENDED, since="2026-11-01", until="2026-12-01")], APPENDIX, "4"),
    ("下月起暂停", [line("SG02", status=SUSPENDED, since="2026-12-01")], APPENDIX, "0"),
    ("暂停期间到期", [line("SG02", end="2026-11-20", status=SUSPENDED, since="2026-11-01")], APPENDIX, "3"),
    ("级别权暂停，该项授权有效", [line("SG02", status=SUSPENDED, since="2026-11-01"), line("SG03", "47.0901")], APPENDIX, "0"),
    ("一条暂停，一条到期", [line("SG02", status=SUSPENDED, since="2026-11-01"), line("SG02", end="2026-10-01")], APPENDIX, "4"),
    ("已取消", [line("SG02", status=REVOKED, since="2026-11-01")], APPENDIX, "1"),
    ("下月起取消", [line("SG02", status=REVOKED, since="2026-12-01")], APPENDIX, "0"),
    ("取消后过了止期，仍算取消", [line("SG02", end="2026-11-20", status=REVOKED, since="2026-11-01")], APPENDIX, "1"),
    ("作废的从未有效", [line("SG02", status=VOID)], APPENDIX, "1"),
    ("作废的过了止期", [line("SG02", end="2026-10-01", status=VOID)], APPENDIX, "1"),
    # 目录先行（GR02、GR18）
    ("不在本院目录", [SG02], UNLISTED, "5"),
    ("尚未定级", [SG02, LOBE_LINE], UNGRADED, "5"),
    ("本院已停止开展", [SG02], STOPPED, "6"),
    ("已停止开展，有逐项授权", [line("SG03", "47.0100")], STOPPED, "6"),
    # 限制类技术（GR09）
    ("限制类技术，有单独授权", [line("RT01", "39.6500")], ECMO, "0"),
    ("限制类技术，只有四级逐项", [line("SG04", "39.6500")], ECMO, "6"),
    ("限制类技术，授权是另一项", [line("RT01", "41.0800")], ECMO, "6"),
    ("限制类技术，授权到期", [line("RT01", "39.6500", end="2026-10-01")], ECMO, "3"),
    ("限制类技术，授权暂停", [line("RT01", "39.6500", status=SUSPENDED, since="2026-11-01")], ECMO, "4"),
    ("限制类技术，未备案", [line("RT01", "41.0800")], UNFILED, "6"),
    ("限制类授权不能用于一般手术", [line("RT01", "50.3x00")], LOBE, "1"),
    ("限制类技术，带教下", [line("RT01", "39.6500", role=Role.OPERATE_SUPERVISED)], ECMO, "2S"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "procedure", "code"), [row[1:] for row in REGULATION], ids=[row[0] for row in REGULATION]
)  # fmt: skip
def test_surgeon_may(lines: list[Line], procedure: ProcedureFacts, code: str) -> None:
    verdict = asked(lines, procedure)

    assert verdict.code == Code(code)
    assert verdict.passes is (code == "0")


RESCUE = [
    ("抢救：没有权限", [], LOBE, "8", "1"),
    ("抢救：级别不够", [SG02], LOBE, "8", "1G"),
    ("抢救：权限到期", [line("SG02", end="2026-10-01")], APPENDIX, "8", "3"),
    ("抢救：只有助手权", [HAND], LOBE, "8", "2A"),
    ("抢救：带教医师不在场", [LEARNING], CHOLE, "8", "2S"),
    ("抢救：本来就有权限", [LOBE_LINE], LOBE, "0", None),
    ("抢救：权限已暂停，不放行", [line("SG02", status=SUSPENDED)], APPENDIX, "4", None),
    ("抢救：不在目录，不放行", [], UNLISTED, "5", None),
    ("抢救：本院停止开展，不放行", [SG02], STOPPED, "6", None),
    ("抢救：限制类无授权，不放行", [], ECMO, "6", None),
]


@pytest.mark.parametrize(
    ("lines", "procedure", "code", "instead_of"), [row[1:] for row in RESCUE], ids=[row[0] for row in RESCUE]
)  # fmt: skip
def test_rescue_opens_only_what_was_not_shut_on_purpose(
    lines: list[Line], procedure: ProcedureFacts, code: str, instead_of: str | None
) -> None:
    verdict = asked(lines, procedure, urgency=Urgency.RESCUE)

    assert (verdict.code, verdict.rights[0].instead_of) == (code, instead_of)
    if code == "8":
        assert verdict.rights[0].remedy == "术后 24 小时内补办越级手术登记"
        assert verdict.passes


def test_emergency_that_is_no_rescue_opens_nothing() -> None:
    assert asked([], LOBE, urgency=Urgency.EMERGENCY).code is Code.NO_RIGHT


PERSON = PersonFacts("1")
PEOPLE: list[tuple[str, PersonFacts, ProcedureFacts, dict[str, Any], str, str]] = [
    ("不在岗", replace(PERSON, standing=Standing.NOT_PRACTISING), APPENDIX, {}, "7", "P01"),
    ("不在岗，抢救也不放行", replace(PERSON, standing=Standing.NOT_PRACTISING), APPENDIX, {"urgency": Urgency.RESCUE}, "7", "P01"),
    ("名册里没有", replace(PERSON, standing=Standing.UNKNOWN_PERSON), APPENDIX, {}, "7", "P01"),
    ("不在岗，手术也不在目录：先问人", replace(PERSON, standing=Standing.NOT_PRACTISING), UNLISTED, {}, "7", "P01"),
    ("执业注册恰在此刻到期", replace(PERSON, registered_until=PLANNED), APPENDIX, {}, "7", "P02"),
    ("执业注册一分钟后到期", replace(PERSON, registered_until=at("2026-11-25 08:31")), APPENDIX, {}, "0", "S06"),
    ("口腔手术，执业范围为外科", replace(PERSON, scopes=frozenset({"外科"})), DENTAL, {}, "7", "P03"),
    ("口腔手术，执业范围含口腔", replace(PERSON, scopes=frozenset({"外科", "口腔"})), DENTAL, {}, "0", "S06"),
    ("口腔手术，执业范围未建档", PERSON, DENTAL, {}, "0", "S06"),
    ("手术未限执业范围", replace(PERSON, scopes=frozenset({"外科"})), APPENDIX, {}, "0", "S06"),
    ("助手不问执业范围", replace(PERSON, scopes=frozenset({"外科"})), DENTAL, {"part": Part.FIRST_ASSISTANT}, "0", "S06"),
    ("执业地点不含东院区", replace(PERSON, campuses=frozenset({"W"})), APPENDIX, {"campus": "E"}, "7", "P04"),
    ("执业地点含东院区", replace(PERSON, campuses=frozenset({"E"})), APPENDIX, {"campus": "E"}, "0", "S06"),
    ("没有问院区", replace(PERSON, campuses=frozenset({"W"})), APPENDIX, {}, "0", "S06"),
    ("执业范围规则设为提醒", replace(PERSON, scopes=frozenset({"外科"})), DENTAL, {"modes": {"P03": RuleMode(Mode.SUGGEST)}}, "0", "S06"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("person", "procedure", "given", "code", "rule"), [row[1:] for row in PEOPLE], ids=[row[0] for row in PEOPLE]
)  # fmt: skip
def test_person_may_practise(
    person: PersonFacts, procedure: ProcedureFacts, given: Any, code: str, rule: str
) -> None:
    verdict = asked([SG02], procedure, person=person, **given)

    assert (verdict.code, verdict.rights[0].rule.id) == (code, rule)


PLACES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("授权不限场合", {}, {}, "0"),
    ("住院授权，住院开单", {"setting": Setting.INPATIENT}, {}, "0"),
    ("手术室授权，门诊开单", {"setting": Setting.OPERATING_ROOM}, {"setting": Setting.OUTPATIENT}, "0"),
    ("门诊授权，门诊开单", {"setting": Setting.OUTPATIENT}, {"setting": Setting.OUTPATIENT}, "0"),
    ("门诊授权，住院开单", {"setting": Setting.OUTPATIENT}, {}, "1"),
    ("住院授权，门诊开单", {"setting": Setting.INPATIENT}, {"setting": Setting.OUTPATIENT}, "1"),
    ("急诊授权，择期手术", {"setting": Setting.EMERGENCY}, {}, "1"),
    ("急诊授权，急诊手术", {"setting": Setting.EMERGENCY}, {"urgency": Urgency.EMERGENCY}, "0"),
    ("东院区授权，东院区手术", {"campus": "E"}, {"campus": "E"}, "0"),
    ("东院区授权，西院区手术", {"campus": "E"}, {"campus": "W"}, "1"),
    ("东院区授权，没有问院区", {"campus": "E"}, {}, "0"),
    ("仅限单侧，左侧手术", {"side": Side.UNILATERAL}, {"side": Side.LEFT}, "0"),
    ("仅限单侧，双侧手术", {"side": Side.UNILATERAL}, {"side": Side.BILATERAL}, "1"),
    ("仅限左侧，右侧手术", {"side": Side.LEFT}, {"side": Side.RIGHT}, "1"),
    ("仅限单侧，没有问侧别", {"side": Side.UNILATERAL}, {}, "0"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "given", "code"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES]
)  # fmt: skip
def test_line_counts_where_it_was_granted_for(
    limits: dict[str, Any], given: dict[str, Any], code: str
) -> None:
    assert asked([line("SG03", "51.2300", **limits)], CHOLE, **given).code == code


PARTS: list[tuple[str, list[Line], ProcedureFacts, dict[str, Any], str]] = [
    ("一助：有助手权", [HAND], LOBE, {"part": Part.FIRST_ASSISTANT}, "0"),
    ("二助：有该项主刀权", [LOBE_LINE], LOBE, {"part": Part.SECOND_ASSISTANT}, "0"),
    ("三助：没有权限", [], LOBE, {"part": Part.THIRD_ASSISTANT}, "1"),
    ("一助：助手权暂停", [line("SG07", status=SUSPENDED)], LOBE, {"part": Part.FIRST_ASSISTANT}, "4"),
    ("一助：助手权到期", [line("SG07", end="2026-10-01")], LOBE, {"part": Part.FIRST_ASSISTANT}, "3"),
    ("一助：限制类技术有助手权", [HAND], ECMO, {"part": Part.FIRST_ASSISTANT}, "0"),
    ("带教：有该项主刀权", [LOBE_LINE], LOBE, {"part": Part.SUPERVISOR}, "0"),
    ("带教：只有带教下主刀", [LEARNING], CHOLE, {"part": Part.SUPERVISOR}, "1"),
    ("带教：有该项指导角色", [line("SG04", "50.3x00", role=Role.SUPERVISE)], LOBE, {"part": Part.SUPERVISOR}, "0"),
    ("麻醉：有麻醉权限", [line("AN01")], LOBE, {"part": Part.ANESTHETIST}, "0"),
    ("麻醉：没有麻醉权限", [LOBE_LINE], LOBE, {"part": Part.ANESTHETIST}, "1"),
    ("麻醉：麻醉权限到期", [line("AN01", end="2026-10-01")], LOBE, {"part": Part.ANESTHETIST}, "3"),
    ("麻醉：麻醉权限暂停", [line("AN01", status=SUSPENDED)], LOBE, {"part": Part.ANESTHETIST}, "4"),
    ("开单：有开单权", [line("SG05", "50.3x00")], LOBE, {"part": Part.ORDERER}, "0"),
    ("开单：主刀权包含开单权", [LOBE_LINE], LOBE, {"part": Part.ORDERER}, "0"),
    ("开单：医院参数规定主刀权不含开单权", [LOBE_LINE], LOBE, {"part": Part.ORDERER, "implies": False}, "1"),
    ("开单：按角色授予开单", [line("SG04", "50.3x00", role=Role.ORDER)], LOBE, {"part": Part.ORDERER, "implies": False}, "0"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "procedure", "given", "code"), [row[1:] for row in PARTS], ids=[row[0] for row in PARTS]
)  # fmt: skip
def test_person_may_take_this_part(
    lines: list[Line], procedure: ProcedureFacts, given: dict[str, Any], code: str
) -> None:
    assert asked(lines, procedure, **given).code == code


LED = [
    ("带教医师有该项主刀权", [CHOLE_LINE], True),
    ("带教医师没有该项主刀权", [SG02], False),
    ("带教医师自己也在带教下", [LEARNING], False),
    ("带教医师的权限已暂停", [line("SG03", "51.2300", status=SUSPENDED)], False),
]


@pytest.mark.parametrize(
    ("lines", "passes"), [row[1:] for row in LED], ids=[row[0] for row in LED]
)
def test_learner_operates_under_a_supervisor_who_holds_the_right(
    lines: list[Line], passes: bool
) -> None:
    verdict = asked([LEARNING], CHOLE, others=(("2", Part.SUPERVISOR, lines),))

    assert verdict.codes[0] is Code.SUPERVISED
    assert verdict.passes is passes
    assert verdict.rights[0].missing == (() if passes else ("SUPERVISOR",))


def test_nobody_is_their_own_supervisor() -> None:
    learner = PersonFacts("1", lines=(LEARNING,))
    world = World(people=[learner], procedures=[CHOLE])
    team = (Member("1"), Member("1", Part.SUPERVISOR))

    assert not check(Question(team, PLANNED, (CHOLE.code,)), world).passes


def test_rescue_under_a_supervisor_is_no_override() -> None:
    led = (("2", Part.SUPERVISOR, [CHOLE_LINE]),)
    verdict = asked([LEARNING], CHOLE, others=led, urgency=Urgency.RESCUE)

    assert (verdict.codes[0], verdict.passes) == (Code.SUPERVISED, True)


EARLIER, LATER = at("2026-11-25 07:00"), at("2026-11-25 09:30")
MUST = {"S13": RuleMode(Mode.MUST)}
DUE = line("SG04", "50.3x00", due="2026-11-01")
IN_TIME = line("SG04", "50.3x00", due="2026-12-01")
BUSY = Booking("1", Part.SURGEON, EARLIER, LATER, "3 号间", "SQ0001")
CONDITIONS: list[tuple[str, list[Line], ProcedureFacts, dict[str, Any], list[str], bool]] = [
    ("四级手术，有讨论编号", [LOBE_LINE], LOBE, {"mdt_id": "MDT-2026-118"}, [], True),
    ("四级手术，没有讨论", [LOBE_LINE], LOBE, {"mdt_id": ""}, ["S14"], False),
    ("四级手术，没有问讨论", [LOBE_LINE], LOBE, {}, [], True),
    ("四级急诊手术，没有讨论", [LOBE_LINE], LOBE, {"mdt_id": "", "urgency": Urgency.EMERGENCY}, [], True),
    ("三级手术不须多学科讨论", [CHOLE_LINE], CHOLE, {"mdt_id": ""}, [], True),
    ("多学科讨论设为提醒", [LOBE_LINE], LOBE, {"mdt_id": "", "modes": {"S14": RuleMode(Mode.SUGGEST)}}, ["S14"], True),
    ("多学科讨论设为不问", [LOBE_LINE], LOBE, {"mdt_id": "", "modes": {"S14": RuleMode(Mode.OFF)}}, [], True),
    ("医嘱前完成术前讨论", [SG02], APPENDIX, {"discussed_at": EARLIER, "ordered_at": PLANNED}, [], True),
    ("医嘱之后才讨论", [SG02], APPENDIX, {"discussed_at": LATER, "ordered_at": PLANNED}, ["S15"], False),
    ("没有术前讨论", [SG02], APPENDIX, {"discussed_at": False}, ["S15"], False),
    ("急诊也须术前讨论", [SG02], APPENDIX, {"discussed_at": False, "urgency": Urgency.EMERGENCY}, ["S15"], False),
    ("抢救不须术前讨论", [SG02], APPENDIX, {"discussed_at": False, "urgency": Urgency.RESCUE}, [], True),
    ("四级评估超期，只提醒", [DUE], LOBE, {}, ["S13"], True),
    ("四级评估未到期", [IN_TIME], LOBE, {}, [], True),
    ("三级不问评估", [line("SG03", "51.2300", due="2026-11-01")], CHOLE, {}, [], True),
    ("日间手术，有日间权限", [CHOLE_LINE, line("DS01", "51.2300")], CHOLE, {"is_day": True}, [], True),
    ("日间手术，没有日间权限", [CHOLE_LINE], CHOLE, {"is_day": True}, ["S17"], False),
    ("日间手术，日间权限到期", [CHOLE_LINE, line("DS01", "51.2300", end="2026-10-01")], CHOLE, {"is_day": True}, ["S17"], False),
    ("不在日间手术目录", [line("SG03", "85.4301"), line("DS01", "85.4301")], BREAST, {"is_day": True}, ["S16"], False),
    ("日间权限不是主刀权", [line("DS01", "51.2300")], CHOLE, {"is_day": True}, [], False),
    ("同时在另一间主刀", [SG02], APPENDIX, {"booked": [BUSY], "ends_at": LATER, "room": "5 号间"}, ["S18"], False),
    ("同一间的接台", [SG02], APPENDIX, {"booked": [BUSY], "ends_at": LATER, "room": "3 号间"}, [], True),
    ("前一台恰好结束", [SG02], APPENDIX, {"booked": [replace(BUSY, ends_at=PLANNED)], "ends_at": LATER}, [], True),
    ("另一间只是助手", [SG02], APPENDIX, {"booked": [replace(BUSY, part=Part.FIRST_ASSISTANT)], "ends_at": LATER}, [], True),
    ("另一间是别人", [SG02], APPENDIX, {"booked": [replace(BUSY, emp_no="2")], "ends_at": LATER}, [], True),
    ("不知何时结束，不问重台", [SG02], APPENDIX, {"booked": [BUSY]}, [], True),
    ("授权附有限定条件", [line("SG03", "51.2300", conditions="须有副高以上在场")], CHOLE, {}, ["S19"], True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "procedure", "given", "broken", "passes"),
    [row[1:] for row in CONDITIONS],
    ids=[row[0] for row in CONDITIONS],
)
def test_condition_beside_the_right(
    lines: list[Line],
    procedure: ProcedureFacts,
    given: dict[str, Any],
    broken: list[str],
    passes: bool,
) -> None:
    verdict = asked(lines, procedure, **given)

    assert [finding.rule.id for finding in verdict.conditions] == broken
    assert verdict.passes is passes
    assert all(finding.code is None for finding in verdict.conditions)


def test_overdue_assessment_suspends_where_the_hospital_says_so() -> None:
    verdict = asked([DUE], LOBE, modes=MUST)

    assert (verdict.code, verdict.rights[0].rule.id) == (Code.SUSPENDED, "S13")
    assert asked([IN_TIME], LOBE, modes=MUST).code is Code.ALLOWED
