"""处方和用血的规定，一行一条：谁、开什么、在哪里、判定为什么。"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from permissions.checks.blood import Approval, chain_of
from permissions.checks.codes import Code
from permissions.checks.engine import Verdict, check
from permissions.checks.facts import (
    DrugFacts,
    Line,
    PersonFacts,
    Practice,
    Setting,
    Standing,
    Status,
    Training,
    Urgency,
)
from permissions.checks.question import (
    BloodOrder,
    DrugOrder,
    Formulation,
    Member,
    NothingToCheck,
    Part,
    Question,
)
from permissions.checks.rules import Mode, RuleFixed, RuleMode
from permissions.checks.world import World
from tests.permissions.checks.cases import at, line

NOW = at("2026-11-25 08:30")
OUT, EMER, INP = Setting.OUTPATIENT, Setting.EMERGENCY, Setting.INPATIENT
RESIDENT, ATTENDING, CHIEF = 2, 3, 4
TRAINED = (Training("TR01"), Training("TR02"), Training("TR03"))
RX = line("RX01")
AB1, AB2, AB3 = line("AB01"), line("AB02"), line("AB03", setting=INP)
ND1, ND2 = line("ND01"), line("ND02")
DRUGS = {
    "头孢拉定": DrugFacts("a1", antibiotic=1),
    "头孢他啶": DrugFacts("a2", antibiotic=2),
    "美罗培南": DrugFacts("a3", antibiotic=3),
    "吗啡": DrugFacts("n1", is_narcotic=True),
    "氯胺酮": DrugFacts("p1", psychotropic=1),
    "地西泮": DrugFacts("p2", psychotropic=2),
    "阿托品原料": DrugFacts("t1", is_toxic=True),
    "碘131": DrugFacts("r1", is_radioactive=True),
    "环磷酰胺": DrugFacts("o1", antitumor=1),
    "曲妥珠单抗": DrugFacts("o2", antitumor=2),
    "银杏叶片": DrugFacts("c2", kind="2"),
    "黄芪饮片": DrugFacts("c3", kind="3"),
    "人血白蛋白": DrugFacts("b1", kind="5", is_albumin=True),
    "质谱停用药": DrugFacts("s1", is_stopped=True),
    "氨氯地平": DrugFacts("w1"),
    "脂肪乳": DrugFacts("u1", is_nutrition=True),
    "重点监控药": DrugFacts("k1", is_key_monitored=True),
}
EXPERT = PersonFacts("9", lines=(line("AB04"), RX), title_rank=5)
OFF_DUTY = PersonFacts("8", Standing.NOT_PRACTISING, (line("AB04"), RX))
PLAIN = PersonFacts("7", lines=(RX,))


def prescribed(
    drug: str,
    lines: list[Line],
    rank: int = CHIEF,
    *,
    person: PersonFacts | None = None,
    setting: Setting = INP,
    urgency: Urgency = Urgency.ROUTINE,
    modes: dict[str, RuleMode] | None = None,
    **order: Any,
) -> Verdict:
    facts = person or PersonFacts("1", trainings=TRAINED)
    facts = replace(facts, lines=tuple(lines), title_rank=rank)
    world = World(
        people=[facts, EXPERT, OFF_DUTY, PLAIN], drugs=DRUGS.values(), modes=modes or {}
    )
    question = Question(
        team=(Member("1", Part.PRESCRIBER),),
        moment=NOW,
        drug=DrugOrder(DRUGS[drug].code, **order),
        setting=setting,
        urgency=urgency,
    )
    return check(question, world)


Case = tuple[str, str, list[Line], int, dict[str, Any], str, list[str]]
UNTRAINED = PersonFacts("1", trainings=())
RAN_OUT = PersonFacts("1", trainings=(Training("TR01", valid_to=NOW),))
FAILED = PersonFacts("1", trainings=(Training("TR01", passed=False),))
NOT_KEPT = PersonFacts("1")
GONE = PersonFacts("1", registered_until=NOW)
STUDENT = PersonFacts("1", practice=Practice.TRAINEE, trainings=TRAINED)
AIDE = PersonFacts("1", practice=Practice.ASSISTANT, trainings=TRAINED)
CHINESE = PersonFacts("1", is_tcm=True)
TAKEN = line("AB02", end=None, status=Status.REVOKED, since="2026-08-01")
LONG_AGO = line("AB02", end=None, status=Status.REVOKED, since="2026-05-01")
AGAIN = line("AB02", start="2026-10-01")
RESCUE = {"urgency": Urgency.RESCUE}

PRESCRIPTIONS: list[Case] = [
    # 处方权（REG07）
    ("普通药，有处方权", "氨氯地平", [RX], RESIDENT, {}, "0", []),
    ("普通药，没有处方权", "氨氯地平", [], CHIEF, {}, "1", ["D01"]),
    ("处方权到期", "氨氯地平", [line("RX01", end="2026-10-01")], CHIEF, {}, "3", ["D01"]),
    ("处方权暂停", "氨氯地平", [line("RX01", status=Status.SUSPENDED)], CHIEF, {}, "4", ["D01"]),
    ("执业注册到期", "氨氯地平", [RX], CHIEF, {"person": GONE}, "7", ["P02"]),
    ("急诊处方权，在急诊", "氨氯地平", [line("RX02", setting=EMER)], RESIDENT, {"setting": EMER}, "0", []),
    ("急诊处方权，在门诊", "氨氯地平", [line("RX02", setting=EMER)], RESIDENT, {"setting": OUT}, "1", ["D01"]),
    ("规培医师，上级已审签", "氨氯地平", [line("RX05")], 0, {"person": STUDENT, "countersigned_by": "7"}, "0", []),
    ("规培医师，未审签", "氨氯地平", [line("RX05")], 0, {"person": STUDENT, "countersigned_by": ""}, "0", ["D02"]),
    ("规培医师，自己审签", "氨氯地平", [line("RX05"), RX], 0, {"person": STUDENT, "countersigned_by": "1"}, "0", ["D02"]),
    ("助理医师，审签人不在岗", "氨氯地平", [line("RX04")], 1, {"person": AIDE, "countersigned_by": "8"}, "0", ["D02"]),
    ("助理医师，没有问审签", "氨氯地平", [line("RX04")], 1, {"person": AIDE}, "0", []),
    ("药品已停用", "质谱停用药", [RX], CHIEF, {}, "6", ["D03"]),
    ("门诊 7 日量", "氨氯地平", [RX], CHIEF, {"setting": OUT, "days": 7}, "0", []),
    ("门诊 8 日量，只提醒", "氨氯地平", [RX], CHIEF, {"setting": OUT, "days": 8}, "0", ["D04"]),
    ("急诊 4 日量，只提醒", "氨氯地平", [RX], CHIEF, {"setting": EMER, "days": 4}, "0", ["D04"]),
    ("住院不限 7 日", "氨氯地平", [RX], CHIEF, {"days": 14}, "0", []),
    # 抗菌药物：级别、职称、场合、培训（REG06）
    ("非限制级，住院医师", "头孢拉定", [RX, AB1], RESIDENT, {}, "0", []),
    ("非限制级，没有抗菌药物权限", "头孢拉定", [RX], RESIDENT, {}, "1", ["A01"]),
    ("限制级，主治医师", "头孢他啶", [RX, AB2], ATTENDING, {"setting": OUT}, "0", []),
    ("限制级，只有非限制级权限", "头孢他啶", [RX, AB1], ATTENDING, {}, "1G", ["A01"]),
    ("限制级，住院医师误授", "头孢他啶", [RX, AB2], RESIDENT, {}, "1G", ["A02"]),
    ("限制级权限包含非限制级", "头孢拉定", [RX, AB2], ATTENDING, {}, "0", []),
    ("限制级权限到期", "头孢他啶", [RX, line("AB02", end="2026-10-01")], ATTENDING, {}, "3", ["A01"]),
    ("限制级权限暂停", "头孢他啶", [RX, line("AB02", status=Status.SUSPENDED)], ATTENDING, {}, "4", ["A01"]),
    ("特殊级，副主任医师，专家已会诊", "美罗培南", [RX, AB3], CHIEF, {"consulted_by": "9"}, "0", []),
    ("特殊级，未会诊", "美罗培南", [RX, AB3], CHIEF, {"consulted_by": ""}, "0", ["A05"]),
    ("特殊级，会诊者不是专家", "美罗培南", [RX, AB3], CHIEF, {"consulted_by": "7"}, "0", ["A05"]),
    ("特殊级，会诊专家已离岗", "美罗培南", [RX, AB3], CHIEF, {"consulted_by": "8"}, "0", ["A05"]),
    ("特殊级，自己会诊自己", "美罗培南", [RX, AB3, line("AB04")], CHIEF, {"consulted_by": "1"}, "0", ["A05"]),
    ("特殊级，主治医师误授", "美罗培南", [RX, AB3], ATTENDING, {}, "1G", ["A02"]),
    ("特殊级，门诊不得使用", "美罗培南", [RX, line("AB03")], CHIEF, {"setting": OUT}, "6", ["A04"]),
    ("特殊级，急诊，授权仅限住院", "美罗培南", [RX, AB2, AB3], CHIEF, {"setting": EMER}, "1G", ["A01"]),
    ("培训没有记录", "头孢拉定", [RX, AB1], RESIDENT, {"person": UNTRAINED}, "1", ["A03"]),
    ("培训恰在此刻过期", "头孢拉定", [RX, AB1], RESIDENT, {"person": RAN_OUT}, "1", ["A03"]),
    ("考核不合格", "头孢拉定", [RX, AB1], RESIDENT, {"person": FAILED}, "1", ["A03"]),
    ("医院未建培训档案，不问", "头孢拉定", [RX, AB1], RESIDENT, {"person": NOT_KEPT}, "0", []),
    ("培训规则设为提醒", "头孢拉定", [RX, AB1], RESIDENT, {"person": UNTRAINED, "modes": {"A03": RuleMode(Mode.SUGGEST)}}, "0", ["A03"]),
    ("抢救越级，一日量", "美罗培南", [RX, AB1], RESIDENT, {**RESCUE, "days": 1}, "8", ["A06", "A06"]),
    ("抢救越级，三日量", "美罗培南", [RX, AB1], ATTENDING, {**RESCUE, "days": 3}, "8", ["A06", "A06", "A06"]),
    ("抢救，权限已暂停，不放行", "头孢他啶", [RX, line("AB02", status=Status.SUSPENDED)], ATTENDING, RESCUE, "4", ["A01"]),
    ("抢救，没有处方权，不放行", "头孢拉定", [], RESIDENT, RESCUE, "1", ["D01", "A01"]),
    ("抢救，特殊级在门诊，不放行", "美罗培南", [RX, line("AB03")], CHIEF, {**RESCUE, "setting": OUT}, "6", ["A04"]),
    ("取消未满 6 个月又授予", "头孢他啶", [RX, TAKEN, AGAIN], ATTENDING, {}, "1", ["A07"]),
    ("取消满 6 个月后授予", "头孢他啶", [RX, LONG_AGO, line("AB02", start="2026-11-20")], ATTENDING, {}, "0", []),
    ("限制级被取消，原有非限制级仍可用", "头孢拉定", [RX, TAKEN, AB1], ATTENDING, {}, "0", []),
    ("取消未满 6 个月，抢救也不放行", "头孢他啶", [RX, TAKEN, AGAIN], ATTENDING, RESCUE, "1", ["A07"]),
    # 麻醉和精神药品（REG08）
    ("吗啡，有麻醉药品处方权", "吗啡", [RX, ND1], RESIDENT, {}, "0", []),
    ("吗啡，没有麻醉药品处方权", "吗啡", [RX], CHIEF, {}, "1", ["N01"]),
    ("吗啡，只有第一类精神药品处方权", "吗啡", [RX, ND2], CHIEF, {}, "1", ["N01"]),
    ("氯胺酮，有第一类精神药品处方权", "氯胺酮", [RX, ND2], CHIEF, {}, "0", []),
    ("氯胺酮，没有", "氯胺酮", [RX, ND1], CHIEF, {}, "1", ["N02"]),
    ("麻精未培训", "吗啡", [RX, ND1], CHIEF, {"person": UNTRAINED}, "1", ["N04"]),
    ("为自己开吗啡", "吗啡", [RX, ND1], CHIEF, {"is_for_self": True}, "1", ["N05"]),
    ("不是为自己开", "吗啡", [RX, ND1], CHIEF, {"is_for_self": False}, "0", []),
    ("门诊注射剂一次量", "吗啡", [RX, ND1], CHIEF, {"setting": OUT, "formulation": Formulation.INJECTION, "doses": 1}, "0", []),
    ("门诊注射剂两次量", "吗啡", [RX, ND1], CHIEF, {"setting": OUT, "formulation": Formulation.INJECTION, "doses": 2}, "0", ["N06"]),
    ("门诊缓释 7 日", "吗啡", [RX, ND1], CHIEF, {"setting": OUT, "formulation": Formulation.SUSTAINED_RELEASE, "days": 7}, "0", []),
    ("门诊缓释 8 日", "吗啡", [RX, ND1], CHIEF, {"setting": OUT, "formulation": Formulation.SUSTAINED_RELEASE, "days": 8}, "0", ["N06"]),
    ("门诊其他剂型 3 日", "吗啡", [RX, ND1], CHIEF, {"setting": OUT, "formulation": Formulation.OTHER, "days": 3}, "0", []),
    ("门诊其他剂型 4 日", "吗啡", [RX, ND1], CHIEF, {"setting": OUT, "formulation": Formulation.OTHER, "days": 4}, "0", ["N06"]),
    ("癌痛注射剂 3 日", "吗啡", [RX, ND1], CHIEF, {"setting": OUT, "formulation": Formulation.INJECTION, "days": 3, "is_severe_pain": True}, "0", []),
    ("癌痛注射剂 4 日", "吗啡", [RX, ND1], CHIEF, {"setting": OUT, "formulation": Formulation.INJECTION, "days": 4, "is_severe_pain": True}, "0", ["N06"]),
    ("癌痛缓释 15 日", "吗啡", [RX, ND1], CHIEF, {"setting": OUT, "formulation": Formulation.SUSTAINED_RELEASE, "days": 15, "is_severe_pain": True}, "0", []),
    ("癌痛缓释 16 日", "吗啡", [RX, ND1], CHIEF, {"setting": OUT, "formulation": Formulation.SUSTAINED_RELEASE, "days": 16, "is_severe_pain": True}, "0", ["N06"]),
    ("癌痛其他剂型 8 日", "吗啡", [RX, ND1], CHIEF, {"setting": OUT, "formulation": Formulation.OTHER, "days": 8, "is_severe_pain": True}, "0", ["N06"]),
    ("住院逐日开具", "吗啡", [RX, ND1], CHIEF, {"days": 1}, "0", []),
    ("住院一次开两日", "吗啡", [RX, ND1], CHIEF, {"days": 2}, "0", ["N06"]),
    ("二类精神药品 7 日，普通处方权即可", "地西泮", [RX], CHIEF, {"setting": OUT, "days": 7}, "0", []),
    ("二类精神药品 8 日", "地西泮", [RX], CHIEF, {"setting": OUT, "days": 8}, "0", ["N07"]),
    ("医院规定二类精神药品须单独授权", "地西泮", [RX], CHIEF, {"modes": {"N03": RuleMode(Mode.MUST)}}, "1", ["N03"]),
    ("毒性药品，有处方权", "阿托品原料", [RX, line("ND04")], CHIEF, {}, "0", []),
    ("毒性药品，没有", "阿托品原料", [RX], CHIEF, {}, "1", ["N08"]),
    ("放射性药品，没有", "碘131", [RX], CHIEF, {}, "1", ["N09"]),
    # 抗肿瘤药物（REG09）
    ("普通使用级", "环磷酰胺", [RX, line("ON01")], RESIDENT, {}, "0", []),
    ("普通使用级，没有权限", "环磷酰胺", [RX], CHIEF, {}, "1", ["O01"]),
    ("限制使用级", "曲妥珠单抗", [RX, line("ON02")], ATTENDING, {}, "0", []),
    ("限制使用级，只有普通级权限", "曲妥珠单抗", [RX, line("ON01")], ATTENDING, {}, "1G", ["O01"]),
    ("限制使用级，住院医师，只提醒", "曲妥珠单抗", [RX, line("ON02")], RESIDENT, {}, "0", ["O03"]),
    ("限制使用级，职称规则设为必须", "曲妥珠单抗", [RX, line("ON02")], RESIDENT, {"modes": {"O03": RuleMode(Mode.MUST)}}, "1G", ["O03"]),
    ("抗肿瘤未培训", "环磷酰胺", [RX, line("ON01")], CHIEF, {"person": UNTRAINED}, "1", ["O02"]),
    ("首次方案，没有制定权", "环磷酰胺", [RX, line("ON01")], CHIEF, {"is_first_regimen": True}, "1", ["O04"]),
    ("首次方案，有制定权", "环磷酰胺", [RX, line("ON01"), line("ON03")], CHIEF, {"is_first_regimen": True}, "0", []),
    # 中医药和专项
    ("中成药，中医类别医师", "银杏叶片", [RX], RESIDENT, {"person": CHINESE}, "0", []),
    ("中成药，西医无授权，只提醒", "银杏叶片", [RX], CHIEF, {}, "0", ["T01"]),
    ("中药饮片，西医无授权", "黄芪饮片", [RX], CHIEF, {}, "1", ["T02"]),
    ("中药饮片，西学中授权", "黄芪饮片", [RX, line("TC02")], CHIEF, {}, "0", []),
    ("白蛋白，无专项授权，只提醒", "人血白蛋白", [RX], CHIEF, {}, "0", ["K01"]),
    ("白蛋白，有专项授权", "人血白蛋白", [RX, line("SD04")], CHIEF, {}, "0", []),
    ("肠外营养，无专项授权，设为必须", "脂肪乳", [RX], CHIEF, {"modes": {"K01": RuleMode(Mode.MUST)}}, "1", ["K01"]),
    ("重点监控，设为不问", "重点监控药", [RX], CHIEF, {"modes": {"K01": RuleMode(Mode.OFF)}}, "0", []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("drug", "lines", "rank", "given", "code", "broken"),
    [row[1:] for row in PRESCRIPTIONS],
    ids=[row[0] for row in PRESCRIPTIONS],
)
def test_doctor_may_prescribe(
    drug: str,
    lines: list[Line],
    rank: int,
    given: dict[str, Any],
    code: str,
    broken: list[str],
) -> None:
    verdict = prescribed(drug, lines, rank, **given)

    assert verdict.code == Code(code)
    assert [finding.rule.id for finding in verdict.findings] == broken
    must = [one for one in verdict.findings if one.rule.mode is Mode.MUST]
    opened = [one for one in must if one.code is Code.OVERRIDE]
    assert verdict.passes is (must == opened)
    assert all(finding.remedy for finding in verdict.findings)


def test_drug_nobody_knows_is_not_let_through() -> None:
    world = World(people=[PLAIN])
    asked = Question((Member("7", Part.PRESCRIBER),), NOW, drug=DrugOrder("x"))

    verdict = check(asked, world)

    assert (verdict.code, verdict.passes) == (Code.NOT_DONE_HERE, False)


BL1, BL2 = line("BL01"), line("BL02")
HEAD = PersonFacts("20", lines=(line("BL03"),))
SENIOR = PersonFacts("21", lines=(BL2,), title_rank=4)
OFFICE = PersonFacts("22", lines=(line("BL04"),))
BLOOD: list[tuple[str, list[Line], int, int, dict[str, Any], str, list[str]]] = [
    ("主治医师申请 400 毫升", [BL1], ATTENDING, 400, {}, "0", []),
    ("没有用血申请权", [], ATTENDING, 400, {}, "1", ["B01"]),
    ("用血申请权到期", [line("BL01", end="2026-10-01")], ATTENDING, 400, {}, "3", ["B01"]),
    ("用血申请权暂停", [line("BL01", status=Status.SUSPENDED)], ATTENDING, 400, {}, "4", ["B01"]),
    ("住院医师误授", [BL1], RESIDENT, 400, {}, "1G", ["B02"]),
    ("799 毫升，上级已签", [BL1], ATTENDING, 799, {"SUPERIOR": "21"}, "0", []),
    ("799 毫升，上级未签", [BL1], ATTENDING, 799, {"SUPERIOR": ""}, "0", ["B03"]),
    ("800 毫升，只有上级签", [BL1], ATTENDING, 800, {"SUPERIOR": "21"}, "0", ["B03"]),
    ("800 毫升，上级和科主任已签", [BL1], ATTENDING, 800, {"SUPERIOR": "21", "DEPARTMENT_HEAD": "20"}, "0", []),
    ("1599 毫升，不须医务科", [BL1], ATTENDING, 1599, {"SUPERIOR": "21", "DEPARTMENT_HEAD": "20"}, "0", []),
    ("1600 毫升，缺医务科", [BL1], ATTENDING, 1600, {"SUPERIOR": "21", "DEPARTMENT_HEAD": "20"}, "0", ["B03"]),
    ("1600 毫升，科主任和医务科已批", [BL1], ATTENDING, 1600, {"DEPARTMENT_HEAD": "20", "MEDICAL_AFFAIRS": "22"}, "0", []),
    ("自己审核自己", [BL1, BL2], CHIEF, 400, {"SUPERIOR": "1"}, "0", ["B05"]),
    ("科主任签在医务科一栏", [BL1], ATTENDING, 1600, {"DEPARTMENT_HEAD": "20", "MEDICAL_AFFAIRS": "20"}, "0", ["B05"]),
]  # fmt: skip


def requested(
    lines: list[Line], rank: int, volume: int, approved_by: dict[str, str] | None, **more: Any
) -> Verdict:  # fmt: skip
    person = PersonFacts("1", lines=tuple(lines), title_rank=rank)
    asked = Question(
        team=(Member("1", Part.PRESCRIBER),),
        moment=NOW,
        blood=BloodOrder(volume, approved_by),
        **more,
    )
    return check(asked, World(people=[person, HEAD, SENIOR, OFFICE]))


@pytest.mark.parametrize(
    ("lines", "rank", "volume", "approved_by", "code", "broken"),
    [row[1:] for row in BLOOD],
    ids=[row[0] for row in BLOOD],
)
def test_doctor_may_request_blood(
    lines: list[Line],
    rank: int,
    volume: int,
    approved_by: dict[str, str],
    code: str,
    broken: list[str],
) -> None:
    verdict = requested(lines, rank, volume, approved_by or None)

    assert verdict.code == Code(code)
    assert [finding.rule.id for finding in verdict.findings] == broken
    assert verdict.passes is not bool(broken)


def test_blood_in_an_emergency_is_approved_afterwards() -> None:
    verdict = requested(
        [BL1], ATTENDING, 2000, {"SUPERIOR": ""}, urgency=Urgency.EMERGENCY
    )

    assert [one.rule.id for one in verdict.findings] == ["B04"]
    assert verdict.findings[0].missing == ("DEPARTMENT_HEAD", "MEDICAL_AFFAIRS")
    assert verdict.passes


@pytest.mark.parametrize(
    ("volume", "chain"),
    [
        (799, (Approval.SUPERIOR,)),
        (800, (Approval.SUPERIOR, Approval.DEPARTMENT_HEAD)),
        (1599, (Approval.SUPERIOR, Approval.DEPARTMENT_HEAD)),
        (1600, (Approval.DEPARTMENT_HEAD, Approval.MEDICAL_AFFAIRS)),
    ],
)
def test_chain_goes_by_the_volume_of_a_day(
    volume: int, chain: tuple[Approval, ...]
) -> None:
    assert chain_of(volume) == chain
    assert requested([BL1], ATTENDING, volume, None).chain == chain


def test_rule_of_law_cannot_be_switched_off() -> None:
    with pytest.raises(RuleFixed, match="A04"):
        World(modes={"A04": RuleMode(Mode.OFF)})


def test_question_about_nothing_is_refused() -> None:
    with pytest.raises(NothingToCheck):
        Question((Member("1"),), NOW)
    with pytest.raises(NothingToCheck):
        Question((), NOW, ("47.0901",))
    with pytest.raises(NothingToCheck):
        BloodOrder(0)


def test_next_step_for_who_is_not_in_post_names_no_surgeon() -> None:
    """The same rule speaks of surgeons, prescribers and whoever shall get a right."""
    told = prescribed(
        "氨氯地平", [RX], person=PersonFacts("1", Standing.NOT_PRACTISING)
    )
    [finding] = told.blocking
    assert (finding.rule.id, finding.remedy) == (
        "P01",
        "改由在岗的医师承担；在岗状态有误的先在 HIS 更正",
    )
