"""The inpatient front page, in long form; columns are named by their A-codes (T15)."""

from __future__ import annotations

from portal.his.contract.codes import national
from portal.his.contract.codes.front_page import DIAGNOSIS_KINDS, FEES
from portal.his.contract.columns import (
    code,
    count,
    day,
    modified,
    moment,
    money,
    must,
    number,
    text,
)
from portal.his.contract.shape import Column, View


def page() -> tuple[Column, Column]:
    """What every row of the page begins with, and what it is found by."""
    return (
        must(text("a48", "病案号", 50, "0026118430", "A48")),
        must(count("a49", "住院次数", "1", "次", "A49；不小于 1")),
    )


V_YW_FRONT_PAGE = View(
    name="V_YW_FRONT_PAGE",
    title="病案首页数据查询",
    rows=("T15",),
    purpose="住院病案首页；诊断、手术、费用在各自的视图中，一行一项。",
    key=("a48", "a49"),
    watermark="last_modified",
    columns=(
        *page(),
        text("a01", "组织机构代码", 22, "12110000400000000A", "A01"),
        text("a02", "医疗机构名称", 80, "本院", "A02"),
        text("a46c", "医疗付费方式", 3, "01", "A46C，RC032"),
        must(text("a11", "姓名", 50, "王建平", "A11")),
        must(code("a12c", "性别", 1, national.SEX, "A12C，RC001")),
        must(day("a13", "出生日期", "A13", "1969-03-14")),
        count("a14", "年龄", "57", "岁", "A14；满 1 周岁填写"),
        count("a16", "不足 1 周岁年龄", "200", "天", "A16"),
        text("a15c", "国籍", 3, "156", "A15C，RC040"),
        code("a21c", "婚姻", 1, national.MARITAL, "A21C，RC002"),
        code("a38c", "职业", 2, national.OCCUPATIONS, "A38C，RC003"),
        text("a19c", "民族", 2, "01", "A19C，RC035"),
        text("a20", "身份证号", 18, "110101196903140011", "A20；本系统加密保存"),
        code("b11c", "入院途径", 1, national.ADMISSION_WAYS, "B11C，RC026"),
        must(moment("b12", "入院时间", "B12")),
        text("b13c", "入院科别", 6, "0401", "B13C，RC023"),
        must(moment("b15", "出院时间", "B15")),
        text("b16c", "出院科别", 6, "0401", "B16C，RC023"),
        must(count("b20", "实际住院天数", "9", "天", "B20；不小于 1")),
        must(code("b34c", "离院方式", 1, national.DISCHARGE, "B34C，RC019")),
        text("b22", "科主任", 40, "陈景行", "B22"),
        text("b23", "主任（副主任）医师", 40, "陈景行", "B23"),
        text("b24", "主治医师", 40, "罗景文", "B24"),
        text("b25", "住院医师", 40, "方若谷", "B25"),
        modified(),
    ),
    further=(
        text("a47", "健康卡号", 50, "JK0026118430", "A47"),
        text("a22", "出生地址", 200, "本省本市", "A22"),
        text("a23c", "籍贯省", 2, "01", "A23C，RC036；顺序号，不是行政区划代码"),
        text("a24", "户口地址", 200, "本市某区", "A24"),
        text("a25c", "户口地址邮编", 6, "100000", "A25C"),
        text("a26", "现住址", 200, "本市某区", "A26"),
        text("a27", "现住址电话", 40, "13800000000", "A27"),
        text("a28c", "现住址邮编", 6, "100000", "A28C"),
        text("a29", "工作单位及地址", 200, "某公司", "A29"),
        text("a30", "工作单位电话", 40, "01000000000", "A30"),
        text("a31c", "工作单位邮编", 6, "100000", "A31C"),
        text("a32", "联系人姓名", 50, "王某", "A32"),
        text("a33c", "联系人关系", 1, "1", "A33C，RC033"),
        text("a34", "联系人地址", 200, "本市某区", "A34"),
        text("a35", "联系人电话", 40, "13800000000", "A35"),
        number("a17", "新生儿入院体重", (6, 0), "g", "3250", "A17；10 g 为一级"),
        number("a18x01", "新生儿出生体重 1", (6, 0), "g", "3200", "A18x01"),
        number("a18x02", "新生儿出生体重 2", (6, 0), "g", "3100", "A18x02"),
        number("a18x03", "新生儿出生体重 3", (6, 0), "g", "3000", "A18x03"),
        number("a18x04", "新生儿出生体重 4", (6, 0), "g", "2900", "A18x04"),
        number("a18x05", "新生儿出生体重 5", (6, 0), "g", "2800", "A18x05"),
        text("b14", "入院病房", 30, "8A", "B14"),
        text("b21c", "转科科别", 6, "0301", "B21C，RC023；末次转入"),
        text("b17", "出院病房", 30, "8A", "B17"),
        text("c11", "病理号", 50, "BL2026-0211", "C11"),
        code("c24c", "有无药物过敏", 1, national.ALLERGY, "C24C，RC037"),
        text("c25", "过敏药物", 200, "青霉素", "C25"),
        code("c26c", "ABO 血型", 1, national.ABO, "C26C，RC030"),
        code("c27c", "Rh 血型", 1, national.RH, "C27C，RC031"),
        code("c34c", "死亡患者尸检", 1, national.AUTOPSY, "C34C，RC016"),
        count("c28", "入院前昏迷天数", "0", "天", "C28"),
        count("c29", "入院前昏迷小时数", "2", "小时", "C29"),
        count("c30", "入院前昏迷分钟数", "30", "分钟", "C30"),
        count("c31", "入院后昏迷天数", "0", "天", "C31"),
        count("c32", "入院后昏迷小时数", "0", "小时", "C32"),
        count("c33", "入院后昏迷分钟数", "0", "分钟", "C33"),
        code("b36c", "31 天再住院计划", 1, national.READMISSION, "B36C，RC028"),
        text("b37", "31 天再住院目的", 100, "拔管", "B37"),
        text("b35", "拟接收机构", 100, "某社区卫生服务中心", "B35"),
        text("b26", "责任护士", 40, "李护士", "B26"),
        text("b27", "进修医师", 40, "周医师", "B27"),
        text("b28", "实习医师", 40, "吴同学", "B28"),
        text("b29", "编码员", 40, "郑编码", "B29"),
        code("b30c", "病案质量", 1, national.RECORD_QUALITY, "B30C，RC011"),
        text("b31", "质控医师", 40, "季云舒", "B31"),
        text("b32", "质控护士", 40, "何护士", "B32"),
        day("b33", "质控日期", "B33"),
    ),
)

V_YW_FRONT_PAGE_DIAG = View(
    name="V_YW_FRONT_PAGE_DIAG",
    title="病案首页诊断",
    purpose="首页的每一个诊断，一行一个。",
    key=("a48", "a49", "diag_kind", "diag_no"),
    watermark="last_modified",
    columns=(
        *page(),
        must(code("diag_kind", "诊断种类", 1, DIAGNOSIS_KINDS)),
        must(count("diag_no", "诊断序号", "1", note="同一种类内从 1 起，至多 40")),
        must(
            text("c06c", "诊断编码", 20, "D18.013", "C01C、C03C、C06xNNC、C09C、C12C")
        ),
        text("c07n", "诊断名称", 100, "肝血管瘤", "C02N、C04N、C07xNNN、C10N、C13N"),
        code("c08c", "入院病情", 1, national.ADMISSION_STATE, "C05C、C08xNNC，RC027"),
        modified(),
    ),
)

V_YW_FRONT_PAGE_OPER = View(
    name="V_YW_FRONT_PAGE_OPER",
    title="病案首页手术",
    purpose="首页的每一项手术操作，一行一项；第 1 项为主要手术（C14x01C 等）。",
    key=("a48", "a49", "oper_no"),
    watermark="last_modified",
    columns=(
        *page(),
        must(count("oper_no", "手术序号", "1", note="1 为主要手术，至多 41")),
        must(text("c35c", "手术操作编码", 20, "50.3x00", "C14x01C、C35xNNC")),
        text("c36n", "手术操作名称", 100, "肝叶切除术", "C15x01N、C36xNNN"),
        moment("c37", "手术操作日期", "C16x01、C37xNN"),
        code("c38", "手术级别", 1, national.FRONT_PAGE_GRADES, "C17x01、C38xNN，RC029"),
        count("f14", "手术持续时间", "185", "分钟", "F13、F14xNN"),
        text("c39", "术者", 40, "陈景行", "C18x01、C39xNN"),
        text("c40", "Ⅰ助", 40, "罗景文", "C19x01、C40xNN"),
        text("c41", "Ⅱ助", 40, "方若谷", "C20x01、C41xNN"),
        code("c42c", "切口愈合等级", 2, national.HEALING, "C21x01C、C42xNNC，RC014"),
        code("c43c", "麻醉方式", 6, national.ANESTHESIA, "C22x01C、C43xNNC，RC013"),
        code("f16", "麻醉分级", 1, national.ASA, "F15、F16xNN，RC024"),
        text("c44", "麻醉医师", 40, "周麻醉", "C23x01、C44xNN"),
        modified(),
    ),
)

V_YW_FRONT_PAGE_FEE = View(
    name="V_YW_FRONT_PAGE_FEE",
    title="病案首页费用",
    purpose="首页的每一项费用，一行一项；各项之和与总费用相差不超过 1 元。",
    key=("a48", "a49", "fee_code"),
    watermark="last_modified",
    columns=(
        *page(),
        must(code("fee_code", "费用项目", 6, FEES)),
        must(money("amount", "金额", "36218.50")),
        modified(),
    ),
)
