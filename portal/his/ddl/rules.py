"""The rules of the three maintenance functions, written once for all engines.

Conditions speak of the contract's views only, so they fit every vendor; ``{emp_no}``
is an argument. The first rule that applies gives the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portal.his.contract import codes
from portal.his.contract.codes import clinical


def listed(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


GIVES = "{op} IN ('ADD', 'UPDATE', 'RESTORE')"
TAKES = "{op} IN ('SUSPEND', 'REVOKE', 'VOID')"


def status_after(mark: str) -> str:
    """The line's status once the operation has taken effect; ``mark`` quotes it."""
    whens = (
        f"WHEN '{op}' THEN {mark}{status}{mark}"
        for op, status in codes.STATUS_AFTER.items()
    )
    return f"CASE {{op}} {' '.join(whens)} END"


STATUS = status_after("'")
STATUS_NUMBER = status_after("")
# A value or an end changes only where the operation says so.
CHANGED_BY = {
    "his_value": ("ADD", "UPDATE"),
    "valid_to": ("ADD", "UPDATE", "REVOKE"),
}


@dataclass(frozen=True)
class Rule:
    """``needs`` is a view without which the rule cannot be asked."""

    code: str
    words: str
    when: str
    needs: str = ""


@dataclass(frozen=True)
class Rules:
    """How one function judges and what it writes down."""

    rules: tuple[Rule, ...]
    line: str  # FROM … WHERE of the line in its view, alias v
    before: str  # the state of that line before, over alias v
    status: str = STATUS
    status_number: str = STATUS_NUMBER
    log: tuple[tuple[str, str], ...] = ()  # column of the change log, template
    target: str = ""
    acts_when: str = ""  # otherwise the line itself is not written
    closes_when: str = ""
    operations: tuple[str, ...] = tuple(codes.OPERATIONS)


def known_op(allowed: Iterable[str] = codes.OPERATIONS) -> Rule:
    unknown = f"{{op}} IS NULL OR {{op}} NOT IN ({listed(allowed)})"
    return Rule("2005", "操作不允许", unknown)


DOCTOR_UNKNOWN = Rule(
    "2001",
    "医生不存在",
    "NOT EXISTS (SELECT 1 FROM V_YW_DOCTOR v WHERE v.emp_no = {emp_no})",
)
DOCTOR_GONE = Rule(
    "2002",
    "医生已停用",
    f"{GIVES} AND EXISTS (SELECT 1 FROM V_YW_DOCTOR v"
    " WHERE v.emp_no = {emp_no} AND v.status IN ('06', '99'))",
)
SETTING_OR_DAYS = Rule(
    "2005",
    "场合或日期不允许",
    f"{{setting}} IS NULL OR {{setting}} NOT IN ({listed(codes.SETTINGS)})"
    " OR {valid_from} IS NULL OR {valid_to} < {valid_from}",
)


def no_line(line: str, only: str = "") -> Rule:
    """Taking away must always work, but there must be something to take away."""
    extra = f" AND {only}" if only else ""
    return Rule(
        "9999",
        "没有这条权限记录",
        f"{{op}} <> 'ADD'{extra} AND NOT EXISTS (SELECT 1 {line})",
    )


def overlap(line: str, only: str = "") -> Rule:
    extra = f" AND {only}" if only else ""
    others = line.replace("v.valid_from = {valid_from}", "v.valid_from <> {valid_from}")
    return Rule(
        "2006",
        "与已有记录重叠",
        f"{{op}} = 'ADD'{extra} AND EXISTS (SELECT 1 {others} AND v.status IN ('1', '2')"
        " AND (v.valid_to IS NULL OR v.valid_to >= {valid_from})"
        " AND ({valid_to} IS NULL OR v.valid_from <= {valid_to}))",
    )


PRIV_LINE = (
    "FROM V_YW_DOCTOR_PRIV v WHERE v.emp_no = {emp_no} AND v.priv_code = {priv_code}"
    " AND v.setting = {setting} AND v.item_code = {item_code}"
    " AND v.valid_from = {valid_from}"
)
OF_PRIVILEGE = "EXISTS (SELECT 1 FROM V_YW_PRIV_DICT v WHERE v.priv_code = {priv_code}"
PRIV_SAVE = Rules(
    rules=(
        known_op(),
        DOCTOR_UNKNOWN,
        DOCTOR_GONE,
        Rule(
            "2003",
            "权限不存在或已停用",
            f"NOT {OF_PRIVILEGE} AND (v.enabled = '1' OR {TAKES}))",
        ),
        Rule(
            "2004",
            "项目不存在",
            f"{GIVES} AND {OF_PRIVILEGE} AND v.value_kind = 'ITEM')"
            " AND NOT EXISTS (SELECT 1 FROM V_YW_OP_DICT i"
            " WHERE i.code_clinical = {item_code} AND i.enabled = '1')",
            needs="V_YW_OP_DICT",
        ),
        Rule(
            "2004",
            "这项权限不分项目",
            f"{GIVES} AND {OF_PRIVILEGE} AND v.value_kind <> 'ITEM')"
            " AND ({item_code} IS NULL OR NOT ({blank:item_code}))",
        ),
        SETTING_OR_DAYS,
        Rule(
            "2005",
            "取值不允许",
            f"{GIVES} AND ({{his_value}} IS NULL OR {{his_value}} LIKE '%,%'"
            " OR {his_value} LIKE '%!%%' ESCAPE '!'"
            " OR {his_value} LIKE '%!_%' ESCAPE '!' OR NOT ({allowed}))",
        ),
        no_line(PRIV_LINE),
        overlap(PRIV_LINE),
    ),
    line=PRIV_LINE,
    before="v.status",
    target="PRIV",
    log=(
        ("emp_no", "{emp_no}"),
        ("priv_code", "{priv_code}"),
        ("setting", "{setting}"),
        ("item_code", "{item_code}"),
    ),
)

GRADE_LINE = "FROM V_YW_OP_GRADE v WHERE v.proc_code = {proc_code}"
GRADE_AFTER = "CASE {op} WHEN 'VOID' THEN '0' ELSE {new_grade} END"
GRADE_OPERATIONS = ("ADD", "UPDATE", "VOID")
OPGRADE_SAVE = Rules(
    rules=(
        known_op(GRADE_OPERATIONS),
        Rule(
            "2004",
            "项目不存在",
            "NOT EXISTS (SELECT 1 FROM V_YW_OP_DICT v WHERE"
            " v.his_item_id = {his_item_id} AND v.code_clinical = {proc_code})",
            needs="V_YW_OP_DICT",
        ),
        Rule(
            "2005",
            "等级或日期不允许",
            f"{{new_grade}} IS NULL OR {{new_grade}} NOT IN ({listed(clinical.GRADES)})"
            " OR {effective_from} IS NULL",
        ),
        Rule(
            "2005",
            "原等级与 HIS 不符",
            "{old_grade} IS NOT NULL AND NOT EXISTS"
            f" (SELECT 1 {GRADE_LINE} AND v.grade = {{old_grade}})",
        ),
    ),
    line=GRADE_LINE,
    before="v.grade",
    target="OPGRADE",
    status=GRADE_AFTER,
    status_number="CASE {op} WHEN 'VOID' THEN 0 ELSE {number:new_grade} END",
    log=(("item_code", "{proc_code}"),),
    operations=GRADE_OPERATIONS,
)

OP_LINE = (
    "FROM V_YW_DOCTOR_OP v WHERE v.emp_no = {emp_no} AND v.his_item_id = {his_item_id}"
    " AND v.right_kind = {right_kind} AND v.setting = {setting}"
    " AND v.valid_from = {valid_from}"
)
HAS_LINE = "COALESCE({line_count}, 1) > 0"
CLOSES = "{save_mode} = 'REPLACE' AND {line_no} = {line_count}"
DOCTOR_OP_SAVE = Rules(
    rules=(
        known_op(),
        DOCTOR_UNKNOWN,
        DOCTOR_GONE,
        Rule(
            "2005",
            "方式不允许",
            f"{{save_mode}} IS NULL OR {{save_mode}} NOT IN ({listed(clinical.SAVE_MODES)})",
        ),
        Rule(
            "2005",
            "批次不完整",
            "{save_mode} = 'REPLACE' AND ({op} NOT IN ('ADD', 'UPDATE')"
            " OR {batch_key} IS NULL OR {line_no} IS NULL OR {line_count} IS NULL"
            " OR {line_no} > {line_count} OR {line_no} < 0"
            " OR ({line_no} = 0 AND {line_count} > 0))",
        ),
        Rule(
            "2004",
            "项目不存在",
            f"{GIVES} AND {HAS_LINE} AND NOT EXISTS (SELECT 1 FROM V_YW_OP_DICT v WHERE"
            " v.his_item_id = {his_item_id} AND v.enabled = '1')",
            needs="V_YW_OP_DICT",
        ),
        Rule(
            "2005",
            "权限种类不允许",
            f"{{right_kind}} IS NULL OR {{right_kind}} NOT IN ({listed(clinical.RIGHT_KINDS)})",
        ),
        SETTING_OR_DAYS,
        no_line(OP_LINE, "{save_mode} = 'INCREMENT'"),
        # In a batch the old lines are revoked when it closes.
        overlap(OP_LINE, "{save_mode} = 'INCREMENT'"),
        Rule(
            "2005",
            "批次还缺行",
            f"{CLOSES} AND {{line_count}} > 1 AND {{line_count}} - 1 >"
            " (SELECT COUNT(DISTINCT c.line_no) FROM {calls} c"
            " WHERE c.batch_key = {batch_key} AND c.emp_no = {emp_no}"
            " AND c.code = '0' AND c.line_no < {line_count})",
        ),
    ),
    line=OP_LINE,
    before="v.status",
    target="DOCTOR_OP",
    log=(
        ("emp_no", "{emp_no}"),
        ("priv_code", "{right_kind}"),
        ("setting", "{setting}"),
        ("item_code", "{his_item_id}"),
    ),
    acts_when=HAS_LINE,
    closes_when=CLOSES,
)

RULES = {
    "YW_PRIV_SAVE": PRIV_SAVE,
    "YW_OPGRADE_SAVE": OPGRADE_SAVE,
    "YW_DOCTOR_OP_SAVE": DOCTOR_OP_SAVE,
}
