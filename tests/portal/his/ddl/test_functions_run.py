"""The three generated functions do the same on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

from typing import Any

import pytest

from tests.portal.his.ddl.conftest import typical_script
from tests.portal.his.ddl.peers import Engine

pytestmark = [pytest.mark.integration, pytest.mark.slow]

BECAUSE = {"reason": "年度授权", "doc_no": None, "operator": "009001"}
DAYS = {"valid_from": "2026-12-01", "valid_to": "2027-11-30"}
PRIV: dict[str, Any] = {
    "request_id": "r1",
    "op": "ADD",
    "emp_no": "001188",
    "priv_code": "AB02",
    "setting": "ALL",
    "item_code": "",
    "his_value": "2",
    **DAYS,
    **BECAUSE,
}
GRADE: dict[str, Any] = {
    "request_id": "g1",
    "op": "UPDATE",
    "his_item_id": "9002",
    "proc_code": "50.3x00",
    "old_grade": "0",
    "new_grade": "4",
    "effective_from": "2026-12-01",
    "grade_version": "2026-1",
    **BECAUSE,
}
RIGHT: dict[str, Any] = {
    "request_id": "o1",
    "save_mode": "INCREMENT",
    "batch_key": None,
    "line_no": None,
    "line_count": None,
    "op": "ADD",
    "emp_no": "001188",
    "his_item_id": "9001",
    "right_kind": "2",
    "setting": "ALL",
    **DAYS,
    **BECAUSE,
}
LINES = (
    "SELECT emp_no, priv_code, item_code, his_value, valid_from, valid_to, status"
    " FROM V_YW_DOCTOR_PRIV ORDER BY emp_no, priv_code, valid_from"
)
RIGHTS = (
    "SELECT emp_no, his_item_id, right_kind, status, batch_key FROM V_YW_DOCTOR_OP"
    " ORDER BY emp_no, his_item_id, right_kind"
)
LOG = (
    "SELECT request_id, target, op, emp_no, item_code, before_status, after_status"
    " FROM V_YW_CHANGE_LOG ORDER BY seq"
)


def priv(his: Engine, number: int = 1, **changes: Any) -> tuple[str, ...]:
    return his.call("YW_PRIV_SAVE", PRIV | {"request_id": f"r{number}"} | changes)


def right(his: Engine, number: int = 1, **changes: Any) -> tuple[str, ...]:
    return his.call("YW_DOCTOR_OP_SAVE", RIGHT | {"request_id": f"o{number}"} | changes)


def test_add_is_seen_in_the_view_and_in_the_log(his: Engine) -> None:
    assert priv(his) == ("0", "成功", "1")

    line = ("001188", "AB02", "", "2", "2026-12-01", "2027-11-30", "1")
    assert his.rows(LINES) == [line]
    assert his.rows(LOG) == [("r1", "PRIV", "ADD", "001188", "", "", "1")]


def test_repeat_gets_the_first_answer_and_does_nothing(his: Engine) -> None:
    first = priv(his)
    again = priv(his, op="REVOKE")  # the same number: whatever else it says is not read

    assert again == first
    assert [row[-1] for row in his.rows(LINES)] == ["1"]
    assert len(his.rows(LOG)) == 1


def test_refused_repeat_gets_the_same_refusal(his: Engine) -> None:
    first = priv(his, emp_no="nobody")
    assert first[:2] == ("2001", "医生不存在")
    assert priv(his, emp_no="nobody") == first
    assert his.rows(LINES) == []
    assert his.rows(LOG) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"op": "GRANT"}, "2005"),
        ({"op": None}, "2005"),
        ({"emp_no": None}, "2001"),
        ({"emp_no": "000771"}, "2002"),
        ({"priv_code": "NONE"}, "2003"),
        ({"priv_code": "RX09", "his_value": "1"}, "2003"),
        ({"item_code": "51.2300"}, "2004"),
        ({"priv_code": "SG03", "item_code": "00.0000", "his_value": "1"}, "2004"),
        ({"priv_code": "SG03", "item_code": "51.2300", "his_value": "1"}, "0"),
        ({"setting": "XX"}, "2005"),
        ({"valid_to": "2026-11-30"}, "2005"),
        ({"valid_to": None}, "0"),
        ({"his_value": "3"}, "2005"),
        ({"his_value": None}, "2005"),
        ({"his_value": "%"}, "2005"),
        ({"op": "SUSPEND"}, "9999"),
    ],
)
def test_privilege_is_judged_by_the_rules_of_the_contract(
    his: Engine, changes: dict[str, Any], code: str
) -> None:
    assert priv(his, **changes)[0] == code
    assert len(his.rows(LINES)) == (1 if code == "0" else 0)


def test_whole_life_of_a_line_keeps_what_an_operation_does_not_speak_of(
    his: Engine,
) -> None:
    priv(his, 1)
    priv(his, 2, op="SUSPEND", his_value=None, valid_to=None)
    assert his.rows(LINES)[0][3:] == ("2", "2026-12-01", "2027-11-30", "2")
    priv(his, 3, op="RESTORE")
    priv(his, 4, op="REVOKE", valid_to="2026-12-31")
    assert his.rows(LINES)[0][3:] == ("2", "2026-12-01", "2026-12-31", "3")

    assert [row[5:] for row in his.rows(LOG)] == [
        ("", "1"),
        ("1", "2"),
        ("2", "1"),
        ("1", "3"),
    ]


def test_overlap_is_refused(his: Engine) -> None:
    priv(his, 1)
    assert priv(his, 2, valid_from="2027-11-30", valid_to=None)[0] == "2006"
    assert priv(his, 3, valid_from="2027-12-01", valid_to=None)[0] == "0"


def test_grade_is_changed_only_from_the_grade_we_know(his: Engine) -> None:
    grades = "SELECT grade FROM V_YW_OP_GRADE WHERE proc_code = '50.3x00'"

    wrong = his.call("YW_OPGRADE_SAVE", GRADE | {"old_grade": "3"})
    assert wrong[:2] == ("2005", "原等级与 HIS 不符")
    done = his.call("YW_OPGRADE_SAVE", GRADE | {"request_id": "g2"})

    assert done == ("0", "成功", "9002")
    assert his.rows(grades) == [("4",)]
    assert his.rows(LOG) == [("g2", "OPGRADE", "UPDATE", "", "50.3x00", "0", "4")]


def test_grade_of_an_unknown_procedure_is_refused(his: Engine) -> None:
    answer = his.call("YW_OPGRADE_SAVE", GRADE | {"his_item_id": "9001"})
    assert answer[0] == "2004"
    assert his.rows(LOG) == []


def test_voided_grade_is_none(his: Engine) -> None:
    his.call("YW_OPGRADE_SAVE", GRADE | {"op": "VOID", "old_grade": None})
    found = his.rows("SELECT grade FROM V_YW_OP_GRADE WHERE proc_code = '50.3x00'")
    assert found == [("0",)]


def test_single_surgical_right_leaves_the_others(his: Engine) -> None:
    right(his, 1)
    right(his, 2, his_item_id="9003")
    assert right(his, 3, op="REVOKE")[0] == "0"

    assert his.rows(RIGHTS) == [
        ("001188", "9001", "2", "3", ""),
        ("001188", "9003", "2", "1", ""),
    ]


def batch(his: Engine, number: int, line: int, **changes: Any) -> tuple[str, ...]:
    words = {"save_mode": "REPLACE", "batch_key": "B1", "line_no": line}
    return right(his, number, **(words | {"line_count": 2} | changes))


def test_batch_revokes_what_it_does_not_name_only_when_it_is_complete(
    his: Engine,
) -> None:
    right(his, 1)
    right(his, 2, his_item_id="9003")
    right(his, 3, emp_no="001027")

    assert batch(his, 4, 1, his_item_id="9002")[0] == "0"
    assert [row[3] for row in his.rows(RIGHTS)] == ["1", "1", "1", "1"]
    assert batch(his, 5, 2, his_item_id="9003")[0] == "0"

    assert his.rows(RIGHTS) == [
        ("001027", "9001", "2", "1", ""),
        ("001188", "9001", "2", "3", ""),
        ("001188", "9002", "2", "1", "B1"),
        ("001188", "9003", "2", "1", "B1"),
    ]
    closed = ("o5", "DOCTOR_OP", "REVOKE", "001188", "9001", "1", "3")
    assert his.rows(LOG)[-1] == closed


def test_batch_with_a_missing_line_takes_nothing_away(his: Engine) -> None:
    right(his, 1)
    answer = batch(his, 2, 2, his_item_id="9003")

    assert answer[:2] == ("2005", "批次还缺行")
    assert his.rows(RIGHTS) == [("001188", "9001", "2", "1", "")]


def test_empty_batch_takes_everything_away(his: Engine) -> None:
    right(his, 1)
    assert batch(his, 2, 0, line_count=0, his_item_id="")[:2] == ("0", "成功")

    assert his.rows(RIGHTS) == [("001188", "9001", "2", "3", "")]


def test_log_refuses_to_be_changed(his: Engine) -> None:
    priv(his)
    for statement in ("UPDATE YW_CHANGE_LOG SET op = 'X'", "DELETE FROM YW_CHANGE_LOG"):
        with pytest.raises(Exception, match="只增不改"):
            his.run(f"{statement};")
    assert len(his.rows(LOG)) == 1


def test_script_run_again_keeps_what_is_there(his: Engine) -> None:
    priv(his)
    before = [his.rows(query) for query in (LINES, LOG)]

    his.run(typical_script(his.name))

    assert [his.rows(query) for query in (LINES, LOG)] == before
    assert priv(his) == ("0", "成功", "1")
    assert len(his.rows(LOG)) == 1
