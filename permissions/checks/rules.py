"""The rules a check knows, as a table: what each says, where it is written, how strict.

The hospital may change mode and wording of a rule (``RuleMode`` of the world); what
follows from it stands in the code that names the rule. ``docs/check-engine.md`` is
generated from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from permissions.checks.codes import Code, gettext_noop
from permissions.checks.words import Word


class Mode(Word):
    """OFF: not asked. SUGGEST: told, lets through. MUST: decides."""

    OFF = "OFF"
    SUGGEST = "SUGGEST"
    MUST = "MUST"


class About(Word):
    PERSON = "PERSON"
    SURGERY = "SURGERY"
    DRUG = "DRUG"
    BLOOD = "BLOOD"
    # Asked when a right is applied for or given, not when it is used.
    GRANTING = "GRANTING"


@dataclass(frozen=True, slots=True)
class Rule:
    """``code`` is what a broken rule answers; None: a condition beside the right."""

    id: str
    about: About
    text: str
    remedy: str
    source: str
    mode: Mode = Mode.MUST
    code: Code | None = None
    # A rule of law the hospital can not switch off.
    is_fixed: bool = False


@dataclass(frozen=True, slots=True)
class RuleMode:
    """What the hospital made of a rule; an empty text or next step keeps the table's."""

    mode: Mode
    text: str = ""
    remedy: str = ""


PERSON, SURGERY, DRUG, BLOOD = About.PERSON, About.SURGERY, About.DRUG, About.BLOOD
GRANTING = About.GRANTING
OTHER_SURGEON: str = gettext_noop("改由有该项主刀权的医师主刀")
ASK_OFFICE: str = gettext_noop("请联系医务科")
APPLY: str = gettext_noop(
    "改由有权限的医师主刀；或由科室提出授权申请，医务科审批后再提交"
)
OTHER_PRESCRIBER: str = gettext_noop("改由有该项处方权的医师开具；或由科室提出授权申请")
TRAIN: str = gettext_noop("参加本院培训并考核合格后，由科室提出授权申请")
SHORTEN: str = gettext_noop("减少处方量后再开具，或住院逐日开具")


def _fixed(
    id: str, about: About, code: Code | None, source: str, text: str, remedy: str
) -> Rule:
    return Rule(id, about, text, remedy, source, Mode.MUST, code, is_fixed=True)


def _rule(
    id: str,
    about: About,
    code: Code | None,
    source: str,
    text: str,
    remedy: str,
    mode: Mode = Mode.MUST,
) -> Rule:
    return Rule(id, about, text, remedy, source, mode, code)


# fmt: off
TABLE = (
    # --- who may practise here at all
    _fixed("P01", PERSON, Code.OUT_OF_SCOPE, "REG11 执业注册；2.5-1", gettext_noop("医师须在岗，且在本院医师名册内"), gettext_noop("改由在岗的医师承担；在岗状态有误的先在 HIS 更正")),
    _fixed("P02", PERSON, Code.OUT_OF_SCOPE, "REG11、REG12；2.5-1", gettext_noop("执业注册须在有效期内"), gettext_noop("先办理执业注册延续；或改由其他医师承担")),
    _rule("P03", PERSON, Code.OUT_OF_SCOPE, "REG11 执业范围；2.5-2", gettext_noop("执业范围须与手术相符"), gettext_noop("改由执业范围相符的医师主刀，或办理执业范围变更")),
    _rule("P04", PERSON, Code.OUT_OF_SCOPE, "REG12 执业地点；2.5-3", gettext_noop("执业地点须含本院区，或已办多机构备案"), gettext_noop("办理多机构执业备案，或改由本院区医师承担")),
    # --- surgery: the catalogue decides first
    _fixed("S01", SURGERY, Code.NOT_IN_CATALOGUE, "REG01 GR02", gettext_noop("手术须在本院手术分级管理目录内"), ASK_OFFICE),
    _fixed("S02", SURGERY, Code.NOT_IN_CATALOGUE, "REG01 GR01", gettext_noop("手术须已定级"), ASK_OFFICE),
    _fixed("S03", SURGERY, Code.NOT_DONE_HERE, "REG01 GR18", gettext_noop("手术未被本院停止开展"), gettext_noop("改选本院开展的手术")),
    _fixed("S04", SURGERY, Code.NOT_DONE_HERE, "REG02 GR09", gettext_noop("限制类技术须已备案"), gettext_noop("由医务科办理限制类技术备案后再开展")),
    # --- surgery: the right of the person
    _fixed("S05", SURGERY, Code.NOT_DONE_HERE, "REG02 GR09", gettext_noop("限制类技术须有单独授权，手术级别权不能代替"), ASK_OFFICE),
    _fixed("S06", SURGERY, Code.NO_RIGHT, "REG01 GR06", gettext_noop("一、二级手术按级别授权，三、四级手术逐项授权"), APPLY),
    _fixed("S07", SURGERY, Code.ABOVE_CEILING, "REG01 GR06；1.3", gettext_noop("手术级别不得高于已授权的最高级别"), APPLY),
    _fixed("S08", SURGERY, Code.EXPIRED, "REG01 GR07；1.4", gettext_noop("授权须在有效期内"), gettext_noop("请科室或医务科办理续期；或改由有权限的医师主刀")),
    _fixed("S09", SURGERY, Code.SUSPENDED, "REG01 GR07；1.4", gettext_noop("授权未被暂停"), OTHER_SURGEON),
    _fixed("S10", SURGERY, Code.SUPERVISED, "REG01 GR06；1.3", gettext_noop("带教下主刀须指定一名有该项主刀权的带教医师"), gettext_noop("在手术团队中写明有该项主刀权的带教医师")),
    _fixed("S11", SURGERY, Code.ASSIST_ONLY, "REG01 GR06；1.3", gettext_noop("只有助手权的不得主刀"), OTHER_SURGEON),
    _fixed("S12", SURGERY, Code.OVERRIDE, "REG01 GR10；1.3", gettext_noop("抢救生命且现场无人有权时可以越级，术后补办"), gettext_noop("术后 24 小时内补办越级手术登记")),
    _rule("S13", SURGERY, Code.SUSPENDED, "REG01 GR07", gettext_noop("四级手术能力评估间隔不超过一年"), gettext_noop("请科室完成能力评估，结果报医务科"), Mode.SUGGEST),
    # --- surgery: conditions beside the right
    _rule("S14", SURGERY, None, "REG01 GR11", gettext_noop("四级手术术前须完成多学科讨论"), gettext_noop("先完成多学科讨论并填写讨论编号")),
    _rule("S15", SURGERY, None, "REG04 GR15", gettext_noop("术前讨论须在开具手术医嘱之前完成"), gettext_noop("先完成术前讨论再开具手术医嘱")),
    _rule("S16", SURGERY, None, "REG14；1.10", gettext_noop("日间手术须在本院日间手术目录内"), gettext_noop("改按住院手术办理，或申请列入日间手术目录")),
    _rule("S17", SURGERY, None, "REG14；1.10", gettext_noop("日间手术主刀须有日间手术授权"), gettext_noop("改由有日间手术权限的医师主刀，或申请日间手术权限")),
    _rule("S18", SURGERY, None, "REG01 GR17", gettext_noop("同一人不得同时在两间手术室主刀或麻醉"), gettext_noop("调整手术时间，或改由其他医师承担")),
    _rule("S19", SURGERY, None, "REG01 GR06；2.6", gettext_noop("授权附有限定条件的须遵守"), gettext_noop("核对授权限定条件"), Mode.SUGGEST),
    _rule("S20", SURGERY, Code.NO_RIGHT, "REG01 GR06；2.3 SG08", gettext_noop("急诊手术主刀权只用于急诊，不超过本人已授权的最高级别"), APPLY),
    _rule("S21", SURGERY, Code.ABOVE_CEILING, "REG04；2.3 AN01", gettext_noop("麻醉医师职称须与 ASA 分级相符：Ⅰ、Ⅱ 级医师，Ⅲ 级主治医师，Ⅳ 级及以上副主任医师"), gettext_noop("改由职称相符的麻醉医师承担")),
    _rule("S22", SURGERY, None, "REG02、REG04；1.8、2.3 RT02", gettext_noop("院内新技术项目只在试用期内开展，成员授权须写明止期"), gettext_noop("由医务科按试用期补写成员授权的止期")),
    _rule("S23", SURGERY, None, "权限字典；2.5-7", gettext_noop("主刀权所要求的证书须在有效期内"), gettext_noop("先办理换证并由医务科登记；或改由持证的医师主刀")),
    # --- prescriptions
    _fixed("D01", DRUG, Code.NO_RIGHT, "REG07 处方权；1.6", gettext_noop("开药须有处方权"), OTHER_PRESCRIBER),
    _rule("D02", DRUG, None, "REG07；REG11；1.6", gettext_noop("助理医师、试用期和规培医师的处方须由有处方权的医师审签"), gettext_noop("请有处方权的医师审签")),
    _fixed("D03", DRUG, Code.NOT_DONE_HERE, "药品目录；5", gettext_noop("药品未停用"), gettext_noop("改用在用药品")),
    _rule("D04", DRUG, None, "REG07 处方限量；1.6", gettext_noop("普通处方不超过 7 日用量，急诊不超过 3 日"), SHORTEN, Mode.SUGGEST),
    _rule("D05", DRUG, None, "权限字典；2.5-7", gettext_noop("处方权、用血权所要求的证书须在有效期内"), gettext_noop("先办理换证并由医务科登记；或改由持证的医师开具")),
    _fixed("A01", DRUG, Code.NO_RIGHT, "REG06；1.5", gettext_noop("抗菌药物按级别授权：非限制、限制、特殊使用级"), OTHER_PRESCRIBER),
    _rule("A02", DRUG, Code.ABOVE_CEILING, "REG06；1.5", gettext_noop("限制使用级须中级及以上职称，特殊使用级须高级职称"), gettext_noop("请职称相符的医师开具")),
    _rule("A03", DRUG, Code.NO_RIGHT, "REG06；1.5", gettext_noop("抗菌药物处方权须培训并考核合格"), TRAIN),
    _fixed("A04", DRUG, Code.NOT_DONE_HERE, "REG06；1.5", gettext_noop("特殊使用级抗菌药物不得在门诊使用"), gettext_noop("改用其他级别，或收住院后会诊使用")),
    _rule("A05", DRUG, None, "REG06；1.5", gettext_noop("特殊使用级抗菌药物须经指定专家会诊同意"), gettext_noop("请抗菌药物会诊专家会诊并签名")),
    _fixed("A06", DRUG, Code.OVERRIDE, "REG06；1.5", gettext_noop("抢救生命可越级使用抗菌药物，限一日量，24 小时内补办"), gettext_noop("限开一日量，24 小时内补办越级使用手续")),
    _fixed("A07", DRUG, Code.NO_RIGHT, "REG06；1.5", gettext_noop("抗菌药物处方权取消后 6 个月内不得恢复"), OTHER_PRESCRIBER),
    _fixed("N01", DRUG, Code.NO_RIGHT, "REG08；1.6", gettext_noop("麻醉药品须有麻醉药品处方权"), OTHER_PRESCRIBER),
    _fixed("N02", DRUG, Code.NO_RIGHT, "REG08；1.6", gettext_noop("第一类精神药品须有第一类精神药品处方权"), OTHER_PRESCRIBER),
    _rule("N03", DRUG, Code.NO_RIGHT, "REG08；1.6", gettext_noop("第二类精神药品须有单独授权"), OTHER_PRESCRIBER, Mode.OFF),
    _rule("N04", DRUG, Code.NO_RIGHT, "REG07、REG08；1.6", gettext_noop("麻醉和第一类精神药品处方权须培训并考核合格"), TRAIN),
    _fixed("N05", DRUG, Code.NO_RIGHT, "REG07；1.6", gettext_noop("不得为自己开具麻醉和第一类精神药品"), gettext_noop("请其他有处方权的医师开具")),
    _rule("N06", DRUG, None, "REG07；1.6", gettext_noop("麻醉和第一类精神药品按剂型和诊断限量"), SHORTEN),
    _rule("N07", DRUG, None, "REG07；1.6", gettext_noop("第二类精神药品不超过 7 日用量"), SHORTEN),
    _fixed("N08", DRUG, Code.NO_RIGHT, "1.6", gettext_noop("医疗用毒性药品须有处方权"), OTHER_PRESCRIBER),
    _fixed("N09", DRUG, Code.NO_RIGHT, "1.6", gettext_noop("放射性药品须有使用权"), OTHER_PRESCRIBER),
    _fixed("O01", DRUG, Code.NO_RIGHT, "REG09；1.6", gettext_noop("抗肿瘤药物按级别授权：普通、限制使用级"), OTHER_PRESCRIBER),
    _rule("O02", DRUG, Code.NO_RIGHT, "REG09；1.6", gettext_noop("抗肿瘤药物处方权须培训并考核合格"), TRAIN),
    _rule("O03", DRUG, Code.ABOVE_CEILING, "REG09；1.6", gettext_noop("限制使用级抗肿瘤药物须中级及以上职称"), gettext_noop("请职称相符的医师开具"), Mode.SUGGEST),
    _rule("O04", DRUG, Code.NO_RIGHT, "REG09；1.6", gettext_noop("抗肿瘤首次治疗方案须由有资质的医师制定"), gettext_noop("请有首次治疗方案制定权的医师制定")),
    _rule("T01", DRUG, Code.NO_RIGHT, "1.6", gettext_noop("非中医类别医师开中成药须有单独授权"), TRAIN, Mode.SUGGEST),
    _rule("T02", DRUG, Code.NO_RIGHT, "1.6", gettext_noop("非中医类别医师开中药饮片须有单独授权"), TRAIN),
    _rule("K01", DRUG, Code.NO_RIGHT, "1.6；2.3", gettext_noop("重点监控、白蛋白、生物制剂、肠外营养等须有本院专项授权"), OTHER_PRESCRIBER, Mode.SUGGEST),
    # --- blood
    _fixed("B01", BLOOD, Code.NO_RIGHT, "REG10；1.7", gettext_noop("申请用血须有用血申请权"), gettext_noop("请有用血申请权的医师申请")),
    _rule("B02", BLOOD, Code.ABOVE_CEILING, "REG10；1.7", gettext_noop("申请用血须中级及以上职称"), gettext_noop("请中级及以上职称的医师申请")),
    _rule("B03", BLOOD, None, "REG10；1.7", gettext_noop("备血按 24 小时用量逐级审批：不足 800、800 至 1600、1600 毫升及以上"), gettext_noop("按审批链请上级医师、科主任或医务科审批")),
    _rule("B04", BLOOD, None, "REG10；1.7", gettext_noop("急诊用血可先用后补审批"), gettext_noop("事后按审批链补办"), Mode.SUGGEST),
    _rule("B05", BLOOD, None, "REG10；1.7", gettext_noop("审批人须有相应的用血审核、审批权"), gettext_noop("请有相应审批权的人审批")),
    # --- granting: what must be so before a right is given
    _fixed("G01", GRANTING, None, "权限字典；2.5-4", gettext_noop("职称须达到权限字典的要求"), gettext_noop("取得相应职称并聘任后再申请")),
    _rule("G02", GRANTING, None, "权限字典；2.5-6", gettext_noop("须先有前提权限"), gettext_noop("先申请并取得前提权限，再办理这一项")),
    _rule("G03", GRANTING, None, "权限字典；2.5-5", gettext_noop("须在有效期内完成规定的培训并考核合格"), gettext_noop("参加培训考核，登记合格记录后再办理")),
    _rule("G04", GRANTING, None, "权限字典；2.5-7", gettext_noop("须持有权限字典规定的证书，且在有效期内"), gettext_noop("取得或延续证书，登记后再办理")),
)
# fmt: on
RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in TABLE})


class RuleFixed(Exception):
    """A rule of law cannot be switched off or made a suggestion."""


def with_defaults(given: Mapping[str, RuleMode]) -> Mapping[str, Mode]:
    """The mode of every rule: the hospital's word, else the table's."""
    for id, set_to in given.items():
        if RULES[id].is_fixed and set_to.mode is not Mode.MUST:
            raise RuleFixed(id)
    return {
        id: given[id].mode if id in given else rule.mode for id, rule in RULES.items()
    }
