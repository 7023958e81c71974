"""Ways to break the contract, each with exactly the cases that must find it."""

from __future__ import annotations

from portal.his.contract.interfaces import FUNCTIONS
from portal.his.contract.shape import Function
from portal.his.ddl.rules import RULES, Rule
from tests.portal.his.conformance.planting import Fault

SLOW = (
    "WHERE (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 3000000) SELECT count(*) FROM n) > 0"
)
DOCTOR = "V_YW_DOCTOR"
# One line of a doctor's right, as nobody should keep it.
LINE = "INSERT INTO 人员权限 (人员ID, 权限编码, 场合, 项目编码, 权限值, 开始日期, 终止日期, 记录状态, 操作时间)"
APPLY = (
    "INSERT INTO 病人手术申请 (申请单号, 主页ID, 申请状态, 申请医师, 申请时间, 拟行手术, 主刀医生, 手术时间)"
    " VALUES ('SS1', 300201, 1, '1027', '2026-11-20 08:00:00', '54.9105', '{}', '2026-11-22 08:00:00');"
)


def first(
    column: str, value: str, key: str = "emp_no", is_it: str = "1027"
) -> dict[str, str]:
    """Another value in one row only."""
    return {column: f"CASE WHEN o.{key} = '{is_it}' THEN {value} ELSE o.{column} END"}


def on_update(table: str, when: str, do: str) -> str:
    """The vendor's own trigger, getting in the way."""
    return (
        f"CREATE TRIGGER vendor AFTER UPDATE ON {table} WHEN {when}"
        f" BEGIN UPDATE {table} SET {do} WHERE ID = NEW.ID; END;"
    )


def on_repeat(do: str) -> str:
    return (
        "CREATE TRIGGER vendor BEFORE INSERT ON YW_PRIV_SAVE WHEN EXISTS"
        " (SELECT 1 FROM YW_PRIV_SAVE WHERE request_id = NEW.request_id)"
        f" BEGIN {do}; END;"
    )


VIEW_FAULTS = (
    Fault("视图没有建", ("YW-DEPT-01",), sql="DROP VIEW V_YW_DEPT;"),
    Fault("缺一个必备列", ("YW-DEPT-02",), view="V_YW_DEPT", columns={"py": "-"}),
    Fault(
        "缺水位列", ("YW-DEPT-02",), view="V_YW_DEPT", columns={"last_modified": "-"}
    ),
    Fault(
        "缺键列",
        ("YW-OPRIGHT-DICT-02",),
        view="V_YW_OPRIGHT_DICT",
        columns={"right_code": "-"},
    ),
    Fault("多给一列", ("YW-DOCTOR-03",), view=DOCTOR, columns={"salary": "1"}),
    Fault(
        "拼音码超长",
        ("YW-DEPT-05",),
        view="V_YW_DEPT",
        columns={"py": "'ABCDEFGHIJKLMNOPQRSTU'"},
    ),
    Fault(
        "有效期不是日期",
        ("YW-DOCTOR-05",),
        view=DOCTOR,
        columns=first("prac_valid_to", "'2027年'"),
    ),
    Fault(
        "顺序不是数字",
        ("YW-GRADE-DICT-05",),
        view="V_YW_GRADE_DICT",
        columns={"sort_no": "'x'"},
    ),
    Fault(
        "必填列为 NULL",
        ("YW-PRIV-DICT-06",),
        view="V_YW_PRIV_DICT",
        columns=first("category", "NULL", "priv_code", "RX01"),
    ),
    Fault(
        "必填列为空串",
        ("YW-PRIV-DICT-06",),
        view="V_YW_PRIV_DICT",
        columns=first("name", "''", "priv_code", "RX01"),
    ),
    Fault(
        "必填列只有空格",
        ("YW-DOCTOR-06",),
        view=DOCTOR,
        columns=first("his_emp_id", "'  '"),
    ),
    Fault(
        "键为空",
        ("YW-OPRIGHT-DICT-07",),
        view="V_YW_OPRIGHT_DICT",
        columns=first("right_code", "NULL", "right_code", "2-ALL"),
    ),
    Fault(
        "键的一部分为空",
        ("YW-DOCTOR-DEPT-07",),
        view="V_YW_DOCTOR_DEPT",
        columns=first("dept_code", "''", "emp_no", "1188"),
        sql="DROP VIEW V_YW_DOCTOR;",
        plan={"only": "YW-DOCTOR-DEPT-07"},
    ),
    Fault(
        "同一键两行",
        ("YW-GRADE-DICT-08",),
        view="V_YW_GRADE_DICT",
        columns=first("grade_code", "'3'", "grade_code", "4"),
    ),
    Fault(
        "连接一对多，行成倍",
        ("YW-DOCTOR-DEPT-08",),
        view="V_YW_DOCTOR_DEPT",
        rest="CROSS JOIN (SELECT 1 AS a UNION ALL SELECT 2) b",
    ),
    Fault(
        "性别代码不在表内", ("YW-DOCTOR-09",), view=DOCTOR, columns=first("sex", "'3'")
    ),
    Fault(
        "一格两个性别代码，也超长",
        ("YW-DOCTOR-09",),
        view=DOCTOR,
        columns=first("sex", "'1、2'"),
    ),
    Fault(
        "医师状态不在表内",
        ("YW-DOCTOR-09",),
        view=DOCTOR,
        columns=first("status", "'77'"),
    ),
    Fault(
        "启用给 Y",
        ("YW-PRIV-DICT-09",),
        view="V_YW_PRIV_DICT",
        columns=first("enabled", "'Y'", "priv_code", "RX01"),
    ),
    Fault(
        "扩充列的代码不在表内",
        ("YW-SURGERY-APPLY-09",),
        sql=APPLY.format("1027"),
        view="V_YW_SURGERY_APPLY",
        columns={"incision_class": "'8'"},
    ),
    Fault(
        "一格两个代码",
        ("YW-DOCTOR-PRIV-09",),
        sql=f"{LINE} VALUES (5001, 'RX01', 'ALL', '', '1', '2026-01-01', NULL, 1, '2026-01-01 08:00:00');",
        view="V_YW_DOCTOR_PRIV",
        columns={"setting": "'1,2'"},
    ),
    Fault(
        "水位列为 NULL",
        ("YW-DEPT-10",),
        view="V_YW_DEPT",
        columns=first("last_modified", "NULL", "dept_code", "0401      "),
    ),
    Fault(
        "水位列是 0001 年",
        ("YW-PRIV-DICT-10",),
        view="V_YW_PRIV_DICT",
        columns={"last_modified": "'0001-01-01 00:00:00'"},
    ),
    Fault(
        "水位列在将来",
        ("YW-PRIV-DICT-11",),
        view="V_YW_PRIV_DICT",
        columns=first("last_modified", "'2031-01-01 00:00:00'", "priv_code", "RX01"),
    ),
    Fault(
        "日期是 0001-01-01",
        ("YW-DOCTOR-12",),
        view=DOCTOR,
        columns=first("prac_valid_to", "'0001-01-01'"),
    ),
    Fault(
        "长期写成 9999-12-31",
        ("YW-DOCTOR-12",),
        view=DOCTOR,
        columns=first("prac_valid_to", "'9999-12-31'"),
    ),
    Fault(
        "出生在将来",
        ("YW-DOCTOR-12",),
        view=DOCTOR,
        columns={"birth_date": "'2033-01-01'"},
    ),
    Fault(
        "离职早于入职",
        ("YW-DOCTOR-12",),
        view=DOCTOR,
        columns={"hire_date": "'2020-01-01'", "leave_date": "'2019-01-01'"},
    ),
    Fault(
        "到期早于生效",
        ("YW-DOCTOR-PRIV-12",),
        sql=f"{LINE} VALUES (5001, 'RX01', 'ALL', '', '1', '2026-02-01', '2026-01-01', 1, '2026-01-01 08:00:00');",
    ),
    Fault(
        "医生的科室不在科室字典",
        ("YW-DOCTOR-13",),
        view=DOCTOR,
        columns=first("dept_code", "'9999'"),
    ),
    Fault(
        "科室字典只给一部分",
        (
            *("YW-DOCTOR-13", "YW-DOCTOR-DEPT-13"),
            *("YW-OPERATION-13", "YW-SURGERY-APPLY-13"),
        ),
        view="V_YW_DEPT",
        rest="WHERE o.kind = '内科'",
    ),
    Fault(
        "医生字典不给离职的",
        ("YW-DOCTOR-DEPT-13", "YW-DOCTOR-SCOPE-13"),
        view=DOCTOR,
        rest="WHERE o.status <> '99'",
    ),
    Fault(
        "上级科室不存在",
        ("YW-DEPT-13",),
        view="V_YW_DEPT",
        columns={"parent_code": "'99'"},
    ),
    Fault("主刀不是本院医生", ("YW-SURGERY-APPLY-13",), sql=APPLY.format("ZZ01")),
    Fault(
        "一格两个科室",
        ("YW-DOCTOR-14",),
        view=DOCTOR,
        columns=first("dept_code", "'0401,0402'"),
    ),
    Fault(
        "一格两个取值",
        ("YW-DOCTOR-PRIV-14",),
        sql=f"{LINE} VALUES (5001, 'RX01', 'ALL', '', '1、2', '2026-01-01', NULL, 1, '2026-01-01 08:00:00');",
    ),
    Fault(
        "视图很慢", ("YW-DEPT-15",), view="V_YW_DEPT", rest=SLOW, plan={"limits": None}
    ),
)

LIFE_FAULTS = (
    Fault(
        "新增成功却不提交",
        ("YW-PRIV-SAVE-01",),
        sql="CREATE TRIGGER vendor AFTER INSERT ON 人员权限 BEGIN DELETE FROM 人员权限 WHERE ID = NEW.ID; END;",
    ),
    Fault(
        "重复时行号不同",
        ("YW-PRIV-SAVE-02", "YW-PRIV-SAVE-04"),
        sql=on_repeat(
            "UPDATE YW_PRIV_SAVE SET his_row_id = 'x' WHERE request_id = NEW.request_id"
        ),
    ),
    Fault(
        "重复又写日志",
        ("YW-PRIV-SAVE-03",),
        sql=on_repeat(
            "INSERT INTO YW_CHANGE_LOG (request_id, target, op, before_status, after_status, operator, changed_at) SELECT request_id, 'PRIV', op, before_status, after_status, operator, changed_at FROM YW_CHANGE_LOG WHERE request_id = NEW.request_id"
        ),
    ),
    Fault(
        "同号异文生效",
        ("YW-PRIV-SAVE-04",),
        sql=on_repeat(
            "UPDATE 人员权限 SET 终止日期 = NEW.valid_to WHERE 开始日期 = NEW.valid_from"
        ),
    ),
    Fault(
        "修改不改到期日",
        ("YW-PRIV-SAVE-05",),
        sql=on_update(
            "人员权限",
            "OLD.记录状态 = 1 AND NEW.记录状态 = 1 AND NEW.终止日期 <> OLD.终止日期",
            "终止日期 = OLD.终止日期",
        ),
    ),
    Fault(
        "暂停不生效",
        ("YW-PRIV-SAVE-06",),
        sql=on_update("人员权限", "NEW.记录状态 = 2", "记录状态 = 1"),
    ),
    Fault(
        "暂停清掉到期日",
        ("YW-PRIV-SAVE-06",),
        sql=on_update(
            "人员权限", "NEW.记录状态 = 2 AND OLD.记录状态 = 1", "终止日期 = NULL"
        ),
    ),
    Fault(
        "恢复不生效",
        ("YW-PRIV-SAVE-07",),
        sql=on_update(
            "人员权限", "OLD.记录状态 = 2 AND NEW.记录状态 = 1", "记录状态 = 2"
        ),
    ),
    Fault(
        "取消记成作废",
        ("YW-PRIV-SAVE-08",),
        sql=on_update("人员权限", "NEW.记录状态 = 3", "记录状态 = 4"),
    ),
    Fault(
        "取消不写到期日",
        ("YW-PRIV-SAVE-08",),
        sql=on_update(
            "人员权限",
            "NEW.记录状态 = 3 AND OLD.记录状态 <> 3",
            "终止日期 = OLD.终止日期",
        ),
    ),
    Fault(
        "作废记成取消",
        ("YW-PRIV-SAVE-09",),
        sql=on_update("人员权限", "NEW.记录状态 = 4", "记录状态 = 3"),
    ),
    Fault(
        "修改时间不变",
        ("YW-PRIV-SAVE-10",),
        sql=on_update(
            "人员权限", "NEW.操作时间 > OLD.操作时间", "操作时间 = OLD.操作时间"
        ),
    ),
    Fault(
        "日志漏记暂停",
        ("YW-PRIV-SAVE-11",),
        view="V_YW_CHANGE_LOG",
        rest="WHERE NOT (o.target = 'PRIV' AND o.op = 'SUSPEND')",
    ),
    Fault(
        "日志没有原状态",
        ("YW-PRIV-SAVE-11",),
        view="V_YW_CHANGE_LOG",
        columns={
            "before_status": "CASE WHEN o.target <> 'PRIV' THEN o.before_status END"
        },
    ),
    Fault(
        "日志没有操作人",
        ("YW-OPGRADE-SAVE-08",),
        view="V_YW_CHANGE_LOG",
        columns={"operator": "CASE WHEN o.target <> 'OPGRADE' THEN o.operator END"},
    ),
    Fault(
        "日志的时间在将来",
        ("YW-CHANGE-LOG-11",),
        view="V_YW_CHANGE_LOG",
        columns={"changed_at": "'2031-01-01 00:00:00'"},
    ),
    Fault(
        "视图不给作废的",
        ("YW-PRIV-SAVE-12",),
        view="V_YW_DOCTOR_PRIV",
        rest="WHERE o.status <> '4'",
    ),
    Fault(
        "视图不给已取消的",
        ("YW-DOCTOR-OP-SAVE-13",),
        view="V_YW_DOCTOR_OP",
        rest="WHERE o.status <> '3'",
    ),
    Fault("等级维护没有建", ("YW-OPGRADE-SAVE-01",), sql="DROP TABLE YW_OPGRADE_SAVE;"),
    Fault(
        "等级作废不生效",
        ("YW-OPGRADE-SAVE-05",),
        sql=on_update(
            "诊疗项目目录", "NEW.手术等级 IS NULL", "手术等级 = OLD.手术等级"
        ),
    ),
    Fault(
        "等级修改时间不变",
        ("YW-OPGRADE-SAVE-07",),
        sql=on_update(
            "诊疗项目目录",
            "NEW.最后修改时间 > OLD.最后修改时间",
            "最后修改时间 = OLD.最后修改时间",
        ),
    ),
    Fault(
        "整批替换不收尾",
        ("YW-DOCTOR-OP-SAVE-10",),
        sql=on_update(
            "人员手术权限",
            "OLD.记录状态 = 1 AND NEW.记录状态 = 3 AND NEW.批次号 IS NULL AND NEW.操作人员 = OLD.操作人员 AND NEW.终止日期 = OLD.终止日期",
            "记录状态 = 1",
        ),
    ),
)

IDLE = "IF NOT FOUND THEN"
SERVER_FAULTS = (
    Fault("视图没有授权", ("YW-DEPT-01",), sql="REVOKE SELECT ON v_yw_dept FROM yiwu;"),
    Fault(
        "视图读到一半出错",
        ("YW-DEPT-05",),
        view="V_YW_DEPT",
        columns={"py": "(1 / (length(o.py) - length(o.py)))::text"},
    ),
    Fault("拼音码是整数", ("YW-DEPT-04",), view="V_YW_DEPT", columns={"py": "1"}),
    Fault(
        "修改时间是文本",
        ("YW-DEPT-04",),
        view="V_YW_DEPT",
        columns={"last_modified": "o.last_modified::text"},
    ),
    Fault(
        "修改时间带时区",
        ("YW-PRIV-DICT-04",),
        view="V_YW_PRIV_DICT",
        columns={"last_modified": "o.last_modified AT TIME ZONE 'Asia/Shanghai'"},
    ),
    Fault(
        "日期带时间",
        ("YW-DOCTOR-04",),
        view=DOCTOR,
        columns={"prac_valid_to": "o.prac_valid_to::timestamp"},
    ),
    Fault(
        "顺序带小数",
        ("YW-GRADE-DICT-04",),
        view="V_YW_GRADE_DICT",
        columns={"sort_no": "o.sort_no::numeric(4, 2)"},
    ),
    Fault(
        "顺序是浮点数",
        ("YW-GRADE-DICT-04", "YW-GRADE-DICT-05"),
        view="V_YW_GRADE_DICT",
        columns={"sort_no": "o.sort_no::float"},
    ),
    Fault("账号可读人员表", ("YW-ACCESS-02",), sql="GRANT SELECT ON 人员表 TO yiwu;"),
    Fault(
        "账号可读其他模式的表",
        ("YW-ACCESS-02",),
        sql="CREATE SCHEMA pay; GRANT USAGE ON SCHEMA pay TO yiwu; CREATE TABLE pay.wages (a INTEGER); GRANT SELECT ON pay.wages TO yiwu;",
    ),
    Fault(
        "账号可删权限表",
        ("YW-ACCESS-03",),
        sql="GRANT DELETE ON 人员权限 TO yiwu;",
        write=True,
    ),
    Fault(
        "账号可经视图删除",
        ("YW-ACCESS-03",),
        sql="GRANT DELETE ON v_yw_priv_dict TO yiwu;",
        write=True,
    ),
    Fault(
        "医生不存在给了 2003",
        ("YW-PRIV-SAVE-14",),
        rewrites=(
            (
                "yw_priv_save",
                "WHEN person.ID IS NULL THEN '2001'",
                "WHEN person.ID IS NULL THEN '2003'",
            ),
        ),
        write=True,
    ),
    Fault(
        "不认重复的请求号",
        ("YW-PRIV-SAVE-03", "YW-PRIV-SAVE-04"),
        rewrites=(("yw_priv_save", IDLE, "IF FALSE THEN"),),
        write=True,
    ),
    Fault(
        "函数没有授权",
        ("YW-PRIV-SAVE-01",),
        sql="REVOKE EXECUTE ON FUNCTION yw_priv_save FROM yiwu;",
        write=True,
    ),
    Fault(
        "日志没有原状态",
        ("YW-PRIV-SAVE-11",),
        rewrites=(("yw_priv_save", "coalesce(line.记录状态::VARCHAR, '')", "''"),),
        write=True,
    ),
    Fault(
        "项目编码为 NULL",
        ("YW-PRIV-SAVE-01", "YW-DOCTOR-PRIV-07"),
        view="V_YW_DOCTOR_PRIV",
        columns={"item_code": "NULLIF(o.item_code, '')"},
        write=True,
    ),
    Fault(
        "视图很慢",
        ("YW-DEPT-15",),
        view="V_YW_DEPT",
        rest=", (SELECT pg_sleep(0.8)) s",
        plan={"limits": None},
    ),
)


def rule_faults() -> list[Fault]:
    """Each rule of each function left out."""
    return [
        Fault(
            f"{function.name} 不查：{rule.words}",
            (case, *CONSEQUENCES.get((function.name, rule.words), ())),
            rewrites=((f"{function.name}_JUDGE", verdict(rule), "'0    成功'"),),
        )
        for function in FUNCTIONS
        for case, rule in rule_cases(function)
    ]


def code_faults() -> list[Fault]:
    """Each function keeps all its rules, but gives other codes."""
    return [
        Fault(
            f"{function.name} 的结果码都是 3002",
            tuple(case for case, _ in rule_cases(function)),
            rewrites=tuple(
                (f"{function.name}_JUDGE", verdict(rule), f"'3002 {rule.words}'")
                for _, rule in rule_cases(function)
            ),
        )
        for function in FUNCTIONS
    ]


def rule_cases(function: Function) -> list[tuple[str, Rule]]:
    """The numbers, written down here: a case must not move without anybody noticing."""
    short = function.name.replace("_", "-")
    first_number = NUMBER_OF_FIRST_RULE[function.name]
    rules = RULES[function.name].rules
    return [
        (f"{short}-{number:02d}", rule)
        for number, rule in enumerate(rules, start=first_number)
    ]


def verdict(rule: Rule) -> str:
    return f"'{rule.code} {rule.words}'"


# What a HIS wrongly accepts, its views then show.
CONSEQUENCES = {
    ("YW_PRIV_SAVE", "权限不存在或已停用"): ("YW-DOCTOR-PRIV-13",),
    ("YW_PRIV_SAVE", "场合或日期不允许"): (
        "YW-DOCTOR-PRIV-09",
        "YW-DOCTOR-PRIV-12",
        "YW-CHANGE-LOG-09",
    ),
    ("YW_PRIV_SAVE", "取值不允许"): ("YW-DOCTOR-PRIV-14",),
    ("YW_DOCTOR_OP_SAVE", "权限种类不允许"): ("YW-DOCTOR-OP-09",),
    ("YW_DOCTOR_OP_SAVE", "场合或日期不允许"): (
        "YW-DOCTOR-OP-09",
        "YW-DOCTOR-OP-12",
        "YW-CHANGE-LOG-09",
    ),
}
NUMBER_OF_FIRST_RULE = {
    "YW_PRIV_SAVE": 13,
    "YW_OPGRADE_SAVE": 9,
    "YW_DOCTOR_OP_SAVE": 14,
}
