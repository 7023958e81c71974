"""Finds in a HIS what the maintenance functions can be tried with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Any

from portal.his.conformance.door import Door
from portal.his.conformance.trials import YEARS_AHEAD, Ground, Writing
from portal.his.contract.interfaces import V_YW_DOCTOR, V_YW_DOCTOR_PRIV, V_YW_PRIV_DICT
from portal.his.contract.interfaces.surgery import (
    V_YW_DOCTOR_OP,
    V_YW_OP_DICT,
    V_YW_OP_GRADE,
)
from portal.his.contract.shape import Function, View

GONE = ("06", "99")
IN_FORCE = "1"
LAST_YEAR = 2095  # later days are not sane, and the check itself would say so


class NoGround(Exception):
    """The functions cannot be tried; the text says why and what to do."""


def ground_of(
    door: Door,
    function: Function,
    writing: Writing,
    today: date,
    lacking: set[str],
    rows: int,
) -> Ground:
    """What there is to try the function with.

    At most ``rows`` rows of a view are read, none of the ``lacking`` ones. Raises
    NoGround when the doctor cannot be a test doctor.
    """
    emp_no = writing.emp_no
    # The grade of a real procedure is touched only where one was named.
    procedure = "" if "emp_no" in function.key else writing.procedure

    def read(view: View) -> Iterator[dict[str, Any]]:
        if view.name in lacking:
            return
        names = view.column_names
        for _, row in islice(door.rows(view, names), rows):
            yield dict(zip(names, row, strict=True))

    def of_doctor(view: View) -> list[dict[str, Any]]:
        if view.name in lacking:
            return []
        return door.matching(view, {"emp_no": emp_no})

    doctors = list(read(V_YW_DOCTOR))
    mine = [one for one in doctors if one["emp_no"] == emp_no]
    if not mine or mine[0]["status"] in GONE:
        raise NoGround(f"{V_YW_DOCTOR.name} 中没有在岗的 {emp_no}，请换一个测试医生")
    gone = [one for one in doctors if one["status"] in GONE]
    lines, operations = of_doctor(V_YW_DOCTOR_PRIV), of_doctor(V_YW_DOCTOR_OP)
    shown = lines if function.shows == V_YW_DOCTOR_PRIV.name else operations
    privileges = list(read(V_YW_PRIV_DICT))
    open_ones = [one for one in privileges if one["enabled"] == "1"]
    flags = [one for one in open_ones if one["value_kind"] == "FLAG"]
    items = [one for one in open_ones if one["value_kind"] == "ITEM"]
    stopped = [one for one in privileges if one["enabled"] == "0"]
    item = chosen_item(read(V_YW_OP_DICT), procedure)
    graded = grade_of(door, item, lacking) if procedure else {}
    return Ground(
        emp_no=emp_no,
        first_day=free_day(shown, today),
        grade_from=graded.get("effective_from") or today,
        gone_emp_no=first(gone, "emp_no"),
        priv_code=first(flags, "priv_code", lambda one: is_open(one, lines)),
        his_value="1",
        stopped_priv_code=first(stopped, "priv_code"),
        item_priv_code=first(items, "priv_code"),
        his_item_id=item.get("his_item_id", ""),
        proc_code=item.get("code_clinical", ""),
        grade=graded.get("grade", ""),
        names=tuple(one["name"] for one in (*mine, *gone[:1]) if one["name"]),
        is_free=all(one["status"] != IN_FORCE for one in operations),
    )


def first(rows: list[dict[str, Any]], column: str, fits: Any = lambda one: True) -> str:
    return next((one[column] for one in rows if fits(one)), "")


def is_open(privilege: dict[str, Any], lines: list[dict[str, Any]]) -> bool:
    """A right without an end would cross every line we try."""
    return not any(
        line["priv_code"] == privilege["priv_code"]
        and line["valid_to"] is None
        and line["status"] in {"1", "2"}
        for line in lines
    )


def free_day(lines: list[dict[str, Any]], today: date) -> date:
    """Behind every line of an earlier run: lines are voided, never deleted."""
    begins = date(today.year + YEARS_AHEAD, 1, 1)
    taken = [line["valid_to"] or line["valid_from"] for line in lines]
    days = [day for day in taken if isinstance(day, date)]
    day = max([begins, *(day + timedelta(days=1) for day in days)])
    if day.year > LAST_YEAR:
        raise NoGround(f"测试医生的测试日期已用到 {day}，请换一个测试医生")
    return day


def chosen_item(rows: Iterator[dict[str, Any]], procedure: str) -> dict[str, Any]:
    for row in rows:
        is_it = row["his_item_id"] == procedure if procedure else row["enabled"] == "1"
        if is_it:
            return row
    if procedure:
        raise NoGround(
            f"{V_YW_OP_DICT.name} 中没有项目 {procedure}，请改正 --procedure"
        )
    return {}


def grade_of(door: Door, item: dict[str, Any], lacking: set[str]) -> dict[str, Any]:
    if V_YW_OP_GRADE.name in lacking:
        return {}
    found = door.matching(V_YW_OP_GRADE, {"proc_code": item["code_clinical"]})
    return found[0] if found else {}
