"""What the stations read: doctors, patients, procedures, earlier applications."""

from __future__ import annotations

from typing import Any

from portal.demo_his.clock import age, day, minute
from portal.demo_his.database import Database

Row = dict[str, Any]

DOCTORS = """
SELECT emp_no, name, dept_code, dept_name, status, title_code FROM V_YW_DOCTOR
WHERE status NOT IN ('06', '99')
"""
STAYS = """
SELECT s.主页ID AS stay, s.病人ID AS patient, p.姓名 AS name, p.性别 AS sex, p.出生日期 AS born,
  p.费别 AS insurance, p.过敏史 AS allergy, s.住院号 AS record, d.编码 AS dept_code,
  d.名称 AS dept_name, s.当前床号 AS bed, s.入院日期 AS entered, s.入院诊断 AS diagnosis,
  s.护理等级 AS nursing
FROM 病案主页 s
JOIN 病人信息 p ON p.病人ID = s.病人ID
JOIN 部门表 d ON d.ID = s.科室ID
"""
VISITS = """
SELECT v.ID AS visit, v.病人ID AS patient, p.姓名 AS name, p.性别 AS sex, p.出生日期 AS born,
  p.费别 AS insurance, p.过敏史 AS allergy, v.门诊号 AS record, v.号序 AS queue, v.复诊 AS is_again,
  v.执行状态 AS state, v.诊断编码 AS code, v.诊断 AS diagnosis, v.体温 AS temperature
FROM 病人挂号记录 v
JOIN 病人信息 p ON p.病人ID = v.病人ID
"""
VISIT_STATES = {0: "候诊", 1: "就诊中", 2: "过号", 3: "诊毕"}
# As a queue is called: the one inside, those waiting, those who missed it, the rest.
VISIT_ORDER = {1: 0, 0: 1, 2: 2, 3: 3}
APPLICATIONS = """
SELECT a.申请单号 AS number, a.主页ID AS stay, a.申请状态 AS state, a.申请医师 AS operator, a.申请时间 AS made_at,
  a.拟行手术 AS "procedure", a.附加手术 AS procedure2, a.主刀医生 AS surgeon, a.第一助手 AS assistant1,
  a.第二助手 AS assistant2, a.手术时间 AS planned_at, a.麻醉方法 AS anesthesia, a.手术科室 AS room,
  a.术前诊断 AS diagnosis, a.切口类别 AS incision, a.预计时长 AS duration, a.备血 AS blood, a.体位 AS position,
  a.是否计划手术 AS is_planned, a.手术性质 AS nature, a.再次手术类型 AS reoperation,
  a.判定编码 AS verdict_code, a.申报编号 AS declaration,
  i.名称 AS procedure_name, s.姓名 AS surgeon_name
FROM 病人手术申请 a
LEFT JOIN 手术项目目录 i ON i.编码 = a.拟行手术
LEFT JOIN 人员表 s ON s.编号 = a.主刀医生
"""
CALLS = "SELECT * FROM V_YW_CALL_LOG ORDER BY received_at DESC, request_id LIMIT 20"
OP_RIGHTS = """
SELECT w.ID AS id, w.诊疗项目ID AS item, i.编码 AS code, i.名称 AS name, w.记录性质 AS kind, w.场合 AS setting,
  w.开始日期 AS valid_from, w.终止日期 AS valid_to, w.记录状态 AS status, w.操作人员 AS operator, w.操作时间 AS changed_at
FROM 人员手术权限 w
JOIN 人员表 p ON p.ID = w.人员ID
JOIN 手术项目目录 i ON i.ID = w.诊疗项目ID
WHERE p.编号 = :emp_no ORDER BY i.编码, w.记录性质, w.开始日期
"""
CHANGES = "SELECT * FROM V_YW_CHANGE_LOG ORDER BY seq DESC LIMIT 20"


def doctors(database: Database) -> list[Row]:
    """Those who practise, by number."""
    return database.rows(f"{DOCTORS} ORDER BY emp_no")


def doctor(database: Database, emp_no: str) -> Row | None:
    return database.row(f"{DOCTORS} AND emp_no = :emp_no", emp_no=emp_no)


def procedures(database: Database) -> list[Row]:
    return database.rows(
        "SELECT 编码 AS code, 名称 AS name FROM 手术项目目录 WHERE 是否停用 = 0 ORDER BY 编码"
    )


def stays(database: Database) -> list[Row]:
    """All who lie in, by department and bed."""
    rows = database.rows(f"{STAYS} ORDER BY d.编码, s.主页ID")
    return [with_age(row) | {"entered": day(row["entered"])} for row in rows]


def visits(database: Database) -> list[Row]:
    """Today's queue."""
    rows = [
        with_age(row) | {"state_text": VISIT_STATES.get(row["state"], "")}
        for row in database.rows(f"{VISITS} ORDER BY v.号序")
    ]
    return sorted(rows, key=lambda row: (VISIT_ORDER.get(row["state"], 9),))


def prescription(database: Database, visit: int) -> list[Row]:
    return database.rows(
        "SELECT 组号 AS line, 药品名称 AS drug, 规格 AS pack, 单次量 AS dose, 用法 AS route,"
        " 频次 AS frequency, 天数 AS days, 数量 AS quantity, 金额 AS price"
        " FROM 门诊处方明细 WHERE 挂号ID = :visit ORDER BY 组号",
        visit=visit,
    )


def applications(database: Database, stay: int) -> list[Row]:
    """Of one stay, the latest first."""
    query = f"{APPLICATIONS} WHERE a.主页ID = :stay ORDER BY a.申请时间 DESC, a.ID DESC"
    return [shown(row) for row in database.rows(query, stay=stay)]


def application(database: Database, number: str) -> Row | None:
    row = database.row(f"{APPLICATIONS} WHERE a.申请单号 = :number", number=number)
    return shown(row) if row else None


def shown(row: Row) -> Row:
    return row | {
        "made_at": minute(row["made_at"]),
        "planned_at": minute(row["planned_at"]),
        "state_text": "已提交" if row["state"] == 1 else "暂存",
    }


def with_age(row: Row) -> Row:
    return row | {"age": age(row["born"])}
