"""What is tried on each maintenance function: values that must work, and that must not.

All of it concerns one test doctor and days ten years ahead, so that nothing tried ever
gives a right to anybody. Plain Python.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from portal.his.contract.interfaces import (
    YW_DOCTOR_OP_SAVE,
    YW_OPGRADE_SAVE,
    YW_PRIV_SAVE,
)
from portal.his.contract.shape import Function
from portal.his.ddl.rules import RULES

NOBODY = "YW-NOBODY"
NOTHING = "YW-NOTHING"
REASON = "接口约定检查"
NO_PROCEDURE = "没有给出 --procedure（等级会改动片刻再改回的手术项目）"
YEARS_AHEAD = 10
DAYS_LONG = 12
DAYS_APART = 14
FIRST_PROBE = 10  # behind the lines that are meant to succeed
Values = dict[str, Any]


@dataclass(frozen=True)
class Writing:
    """Leave to call the maintenance functions, for a test doctor only.

    ``procedure`` is the his_item_id whose grade may be touched; empty: none.
    """

    emp_no: str
    procedure: str = ""


@dataclass(frozen=True)
class Ground:
    """What the HIS has that can be tried with; empty where it has no such thing."""

    emp_no: str
    first_day: date  # from here on no line of the doctor stands in the way
    grade_from: date  # since when the procedure has its grade; today where not known
    gone_emp_no: str = ""
    priv_code: str = ""
    his_value: str = ""
    stopped_priv_code: str = ""
    item_priv_code: str = ""
    his_item_id: str = ""
    proc_code: str = ""
    grade: str = ""
    is_free: bool = True  # the doctor has no surgical right in force
    names: tuple[str, ...] = ()  # of the doctors concerned, to be kept off the sheet

    def day(self, place: int) -> date:
        """The first day of the ``place``-th line; lines do not touch."""
        return self.first_day + timedelta(days=place * DAYS_APART)


class Lacks(Exception):
    """The HIS has nothing this can be tried with; the text says what."""


def needed(value: str, what: str) -> str:
    if not value:
        raise Lacks(what)
    return value


def base(function: Function, ground: Ground) -> Values:
    """Arguments of a call that must succeed, all but ``request_id`` and ``op``."""
    values = dict.fromkeys(item.name for item in function.arguments)
    return values | BASES[function.name](ground)


def because(ground: Ground) -> Values:
    return {"reason": REASON, "doc_no": "", "operator": ground.emp_no}


def days(ground: Ground, place: int) -> Values:
    begins = ground.day(place)
    return {"valid_from": begins, "valid_to": begins + timedelta(days=DAYS_LONG)}


def priv_base(ground: Ground) -> Values:
    return {
        "emp_no": ground.emp_no,
        "priv_code": needed(ground.priv_code, "权限字典中没有可用的标志类权限"),
        "setting": "ALL",
        "item_code": "",
        "his_value": ground.his_value,
        **days(ground, 0),
        **because(ground),
    }


def op_base(ground: Ground) -> Values:
    return {
        "save_mode": "INCREMENT",
        "emp_no": ground.emp_no,
        "his_item_id": needed(ground.his_item_id, "手术字典中没有启用的项目"),
        "right_kind": "1",
        "setting": "ALL",
        **days(ground, 0),
        **because(ground),
    }


def grade_base(ground: Ground) -> Values:
    return {
        "his_item_id": needed(ground.grade and ground.his_item_id, NO_PROCEDURE),
        "proc_code": ground.proc_code,
        "new_grade": other_grade(ground),
        "effective_from": ground.grade_from,
        **because(ground),
    }


def other_grade(ground: Ground) -> str:
    return "2" if ground.grade != "2" else "3"


BASES: dict[str, Callable[[Ground], Values]] = {
    YW_PRIV_SAVE.name: priv_base,
    YW_DOCTOR_OP_SAVE.name: op_base,
    YW_OPGRADE_SAVE.name: grade_base,
}


def changed(function: Function, op: str, ground: Ground) -> Values:
    """What an operation of the life of one line says otherwise than ``base``."""
    if function.name == YW_OPGRADE_SAVE.name:
        return {"new_grade": ground.grade} if op == "ADD" else {}
    if op == "VOID":  # a line of its own: what was revoked is not voided
        return days(ground, 1)
    begins = ground.day(0)
    ends = {"UPDATE": 10, "REVOKE": 5}.get(op, DAYS_LONG)
    return {"valid_to": begins + timedelta(days=ends)}


def wrong_days(ground: Ground) -> Values:
    begins = ground.day(2)
    return {"valid_from": begins, "valid_to": begins - timedelta(days=1)}


def crossing(ground: Ground) -> Values:
    """A line that begins inside the one in force."""
    begins = ground.day(0) + timedelta(days=1)
    return {"valid_from": begins, "valid_to": begins + timedelta(days=DAYS_LONG)}


Probe = Callable[[Ground], list[Values]]


def only(**changes: Any) -> Probe:
    """The same for every ground."""
    return lambda ground: [changes]


GONE = "没有已停用的医生可试"
NO_SUCH_LINE = only(op="SUSPEND")
COMMON: dict[str, Probe] = {
    "操作不允许": only(op="DELETE"),
    "医生不存在": only(emp_no=NOBODY),
    "医生已停用": lambda ground: [{"emp_no": needed(ground.gone_emp_no, GONE)}],
    "场合或日期不允许": lambda ground: [{"setting": "XX"}, wrong_days(ground)],
    "没有这条权限记录": NO_SUCH_LINE,
    "与已有记录重叠": lambda ground: [crossing(ground)],
}


def stopped(ground: Ground) -> list[Values]:
    found: list[Values] = [{"priv_code": NOTHING}]
    if ground.stopped_priv_code:
        found.append({"priv_code": ground.stopped_priv_code})
    return found


def item_unknown(ground: Ground) -> list[Values]:
    code = needed(ground.item_priv_code, "权限字典中没有逐项的权限可试")
    return [{"priv_code": code, "item_code": NOTHING}]


def unfinished(ground: Ground) -> list[Values]:
    """The last line of a batch whose first was never sent."""
    if not ground.is_free:
        raise Lacks("医生已有有效的手术权限，整批替换会取消它们")
    batch = {"batch_key": f"YW-{ground.first_day}", "line_no": 2, "line_count": 2}
    return [{"save_mode": "REPLACE", **batch}]


PROBES: dict[str, dict[str, Probe]] = {
    YW_PRIV_SAVE.name: {
        **COMMON,
        "权限不存在或已停用": stopped,
        "项目不存在": item_unknown,
        "这项权限不分项目": only(item_code=NOTHING),
        "取值不允许": only(his_value="1,2"),
    },
    YW_DOCTOR_OP_SAVE.name: {
        **COMMON,
        "方式不允许": only(save_mode="XX"),
        "批次不完整": only(save_mode="REPLACE"),
        "项目不存在": only(his_item_id=NOTHING),
        "权限种类不允许": only(right_kind="9"),
        "批次还缺行": unfinished,
    },
    YW_OPGRADE_SAVE.name: {
        "操作不允许": only(op="SUSPEND"),
        "项目不存在": only(proc_code=NOTHING),
        "等级或日期不允许": only(new_grade="9"),
        # It has been changed by then.
        "原等级与 HIS 不符": lambda ground: [{"old_grade": ground.grade}],
    },
}


def probes(function: Function, place: int, ground: Ground) -> list[Values]:
    """Changes of ``base`` the rule at this place must refuse, ``op`` included.

    Each rule has days of its own: a call wrongly accepted must not mislead another.
    """
    rule = RULES[function.name].rules[place]
    if function.name == YW_OPGRADE_SAVE.name:
        given: Values = {"op": "UPDATE"}
    else:
        given = days(ground, FIRST_PROBE + place) | {"op": "ADD"}
    return [given | changes for changes in PROBES[function.name][rule.words](ground)]
