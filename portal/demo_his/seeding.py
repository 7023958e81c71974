"""What the tables of the demo HIS hold at first: deterministic, invented."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from portal.demo_his.clock import now
from portal.demo_his.roster import SCOPES, Doctor, doctors, read
from portal.demo_his.theatre import Theatre, ahead
from portal.his.contract.codes import TITLES

MOMENT = "2026-11-01 08:30:00"
GRADES = {"1": "一级", "2": "二级", "3": "三级", "4": "四级"}
ITEM_VALUE = "1"
ANTIBIOTIC_LEVELS = {"0": None, "1": "非限制", "2": "限制", "3": "特殊"}
MAKERS = ("云溪制药", "溪山药业", "青川生物制药", "北岭药业", "临港制药", "石门药业")
HERE, BESIDE = "云溪市人民医院", "云溪市第二人民医院"
ROLES = ((1, "主刀"), (2, "第一助手"), (3, "第二助手"), (5, "麻醉医师"))
EVERY = 23  # so many doctors there is one who also practises at another hospital
# What somebody once set in the HIS alone, so that there is something to compare.
SET_BY_HAND = {"38.5901": "3", "13.4100x001": "2", "28.6x00x002": "0"}
GRADED_FROM = "2026-01-01"
Row = Mapping[str, Any]


def tables() -> Iterator[tuple[str, Sequence[Row]]]:
    """Table names with their rows, in an order that keeps the foreign keys."""
    departments = list(department_rows())
    department_ids = {row["编码"].strip(): row["ID"] for row in departments}
    kinds = {row["code"]: row["kind"] for row in read("departments")}
    people = doctors()
    yield "部门表", departments
    yield "技术职务", list(title_rows())
    yield "人员表", list(person_rows(people, kinds))
    yield "部门人员", list(membership_rows(people, department_ids))
    yield "人员执业范围", list(scope_rows(people))
    yield "药品目录", list(drug_rows())
    yield "医生权限字典", list(privilege_rows())
    yield "手术项目目录", list(procedure_rows())
    yield "接口故障", [{"名称": "refuse", "启用": 0, "结果码": "", "结果说明": ""}]
    inpatients, outpatients = read("inpatients"), read("outpatients")
    yield "病人信息", [patient_row(row) for row in [*inpatients, *outpatients]]
    yield "病案主页", list(stay_rows(inpatients, department_ids))
    yield "病人挂号记录", list(visit_rows(outpatients))
    yield "门诊处方明细", list(prescription_rows(outpatients))
    yield "手术人员角色", [{"编码": code, "名称": name} for code, name in ROLES]
    theatre = Theatre(now().date(), people, department_ids)
    theatre.play()
    yield "病人手术记录", theatre.cases
    yield "病人手术明细", theatre.items
    yield from ahead(theatre)


def department_rows() -> Iterator[Row]:
    for number, row in enumerate(read("departments"), start=101):
        yield {
            "ID": number,
            "编码": row["code"].ljust(10),
            "名称": row["name"],
            "简码": initials(row["name"]),
            "诊疗科目": row["national"],
            "部门性质": row["kind"],
            "位置": row["place"],
            "最后修改时间": MOMENT,
        }


def title_rows() -> Iterator[Row]:
    for number, (code, name) in enumerate(TITLES.items(), start=1):
        yield {"编码": number, "名称": name, "国标码": code}


def person_rows(people: Sequence[Doctor], kinds: Mapping[str, str]) -> Iterator[Row]:
    dice = random.Random(20261102)  # noqa: S311  # the same rows each time
    titles = {code: number for number, code in enumerate(TITLES, start=1)}
    for number, doctor in enumerate(people, start=5001):
        began = doctor.born + timedelta(days=dice.randint(25 * 365, 28 * 365))
        licensed_to = date(2027, 1, 1) + timedelta(days=dice.randint(0, 4 * 365))
        has_left = doctor.status == "99"
        yield {
            "ID": number,
            "编号": doctor.number,
            "姓名": doctor.name,
            "简码": initials(doctor.name),
            "性别": doctor.sex,
            "出生日期": doctor.born.isoformat(),
            "学历": dice.choice(("大学本科", "硕士研究生", "硕士研究生", "博士研究生")),
            "执业类别": "口腔" if doctor.department == "1201" else "临床",
            "执业范围": SCOPES[kinds[doctor.department]],
            "执业证号": f"1104{dice.randint(10**10, 10**11 - 1)}",
            "资格证书号": f"{began.year}1104{dice.randint(10**18, 10**19 - 1)}",
            "执业开始日期": began.isoformat(),
            "执业有效期": licensed_to.isoformat(),
            "管理职务": doctor.post or None,
            "聘任技术职务": titles[doctor.title],
            "人员状态": doctor.status,
            "建档时间": began.isoformat(),
            "撤档时间": "2026-09-30" if has_left else None,
            "撤档原因": "调离" if has_left else None,
            "最后修改时间": MOMENT,
        }


def membership_rows(
    people: Sequence[Doctor], department_ids: Mapping[str, int]
) -> Iterator[Row]:
    for number, doctor in enumerate(people, start=5001):
        department = department_ids[doctor.department]
        yield {"部门ID": department, "人员ID": number, "缺省": 1}


def scope_rows(people: Sequence[Doctor]) -> Iterator[Row]:
    scopes = {row["department"]: row for row in read("scopes")}
    for number, doctor in enumerate(people, start=5001):
        scope = scopes.get(doctor.department, scopes[""])
        is_beside = number % EVERY == 0 and doctor.title in {"231", "232"}
        for place in (HERE, BESIDE) if is_beside else (HERE,):
            yield {
                "人员ID": number,
                "范围编码": scope["code"],
                "范围名称": scope["name"],
                "执业机构": place,
                "主要机构": int(place == HERE),
                "备案日期": None if place == HERE else "2026-01-05",
                "有效期": None if place == HERE else "2027-12-31",
                "最后修改时间": MOMENT,
            }


def drug_rows() -> Iterator[Row]:
    """Each drug of as many makers as it says; the names of the makers are invented."""
    number = 30000
    for place, row in enumerate(read("drugs")):
        for turn in range(int(row["makers"])):
            number += 1
            yield {
                "药品ID": number,
                "编码": f"YP{number}",
                "通用名": row["name"],
                "规格": row["spec"],
                "剂型": row["form"],
                "厂家": f"{MAKERS[(place + turn) % len(MAKERS)]}有限公司",
                "药品类别": int(row["type"]),
                "抗菌级别": ANTIBIOTIC_LEVELS[row["level"]],
                "抗菌分类": int(row["class"]) if row["class"] else None,
                "毒理分类": row["poison"] or None,
                "肿瘤级别": int(row["tumor"] or 0),
                "是否停用": int(number % 40 == 0),
                "最后修改时间": MOMENT,
            }


def privilege_rows() -> Iterator[Row]:
    for row in read("privileges"):
        yield {
            "编码": row["code"],
            "名称": row["name"],
            "类别": row["category"],
            "取值方式": row["kind"],
            "级别": row["level"],
            "允许值": f",{','.join(allowed_values(row))},",
            "是否启用": 1,
            "最后修改时间": MOMENT,
        }


def allowed_values(row: Mapping[str, str]) -> list[str]:
    """What may stand in a line: its level, one out of a span of levels, or just 1."""
    level = row["level"]
    if not level:
        return [ITEM_VALUE]
    first, _, last = level.partition("-")
    if not last:
        return [level]
    return [str(value) for value in range(int(first), int(last) + 1)] + [level]


def procedure_rows() -> Iterator[Row]:
    for number, row in enumerate(read("procedures"), start=9001):
        grade = SET_BY_HAND.get(row["code"], row["grade"])
        yield {
            "ID": number,
            "编码": row["code"],
            "名称": row["name"],
            "简码": initials(row["name"])[:30],
            "手术操作类型": int(row["category"]),
            "手术类型": GRADES.get(grade),
            "等级生效日期": GRADED_FROM if grade in GRADES else None,
            "专科": row["specialty"],
            "是否停用": 0,
            "最后修改时间": MOMENT,
        }


def patient_row(row: Mapping[str, str]) -> Row:
    return {
        "病人ID": int(row["patient"]),
        "姓名": row["name"],
        "性别": row["sex"],
        "出生日期": row["birth"],
        "费别": row["insurance"],
        "过敏史": row["allergy"],
    }


def stay_rows(
    patients: Sequence[Mapping[str, str]], department_ids: Mapping[str, int]
) -> Iterator[Row]:
    for number, row in enumerate(patients, start=300201):
        entered = date(2026, 11, 24) - timedelta(days=int(row["days"]))
        yield {
            "主页ID": number,
            "病人ID": int(row["patient"]),
            "住院号": row["record"],
            "科室ID": department_ids[row["department"]],
            "当前床号": row["bed"],
            "入院日期": entered.isoformat(),
            "入院诊断": row["diagnosis"],
            "护理等级": row["nursing"],
        }


def visit_rows(patients: Sequence[Mapping[str, str]]) -> Iterator[Row]:
    for number, row in enumerate(patients, start=400101):
        yield {
            "ID": number,
            "病人ID": int(row["patient"]),
            "门诊号": row["visit"],
            "号序": int(row["queue"]),
            "复诊": int(row["again"]),
            "执行状态": int(row["state"]),
            "诊断编码": row["code"],
            "诊断": row["diagnosis"],
            "体温": row["temperature"],
        }


def prescription_rows(patients: Sequence[Mapping[str, str]]) -> Iterator[Row]:
    visits = {row["visit"]: number for number, row in enumerate(patients, start=400101)}
    for row in read("prescriptions"):
        yield {
            "挂号ID": visits[row["visit"]],
            "组号": int(row["line"]),
            "药品名称": row["drug"],
            "规格": row["pack"],
            "单次量": row["dose"],
            "用法": row["route"],
            "频次": row["frequency"],
            "天数": int(row["days"]),
            "数量": row["quantity"],
            "金额": row["price"],
        }


def initials(name: str) -> str:
    """``陈景行`` → ``CJX``; imported here because only the first start needs it."""
    from pypinyin import Style, lazy_pinyin

    letters = lazy_pinyin(name, style=Style.FIRST_LETTER, errors="ignore")
    return "".join(letters).upper()[:20]
