"""Changing a row of 人员权限 as a database administrator does: past the interface.

The log gets a row with the operator DBA and no request number, so that a comparison
can tell who it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from portal.demo_his.clock import now, now_text
from portal.demo_his.database import Database
from portal.demo_his.seeding import SET_BY_HAND
from portal.his.contract.codes import LINE_STATUS

OPERATOR = "DBA"
ROWS = """
SELECT r.ID AS id, p.编号 AS emp_no, r.权限编码 AS priv_code, d.名称 AS privilege,
  r.场合 AS setting, r.项目编码 AS item_code, r.权限值 AS his_value, r.开始日期 AS valid_from,
  r.终止日期 AS valid_to, r.记录状态 AS status, r.操作人员 AS operator, r.操作时间 AS changed_at
FROM 人员权限 r
JOIN 人员表 p ON p.ID = r.人员ID
JOIN 医生权限字典 d ON d.编码 = r.权限编码
"""
LOG = """
INSERT INTO 权限维护日志 (请求号, 操作, 工号, 权限编码, 场合, 项目编码, 原状态, 新状态, 操作人员, 操作时间)
VALUES (NULL, :op, :emp_no, :priv_code, :setting, :item_code, :before, :after, 'DBA', :moment)
"""


class CannotChange(Exception):
    """Why the row stays as it is, in one line."""


@dataclass(frozen=True)
class Change:
    """The new values of a row; ``valid_to`` empty is without an end."""

    status: str
    his_value: str
    valid_to: str


def rows_of(database: Database, emp_no: str) -> list[dict[str, Any]]:
    query = (
        f"{ROWS} WHERE p.编号 = :emp_no ORDER BY r.权限编码, r.场合, r.项目编码, r.ID"
    )
    return database.rows(query, emp_no=emp_no)


def change(database: Database, row_id: int, new: Change) -> str:
    """Write the values, whatever the rules say; whose row it was."""
    refuse_nonsense(new)
    row = the_row(database, row_id)
    statement = (
        "UPDATE 人员权限 SET 记录状态 = :status, 权限值 = :his_value, 终止日期 = :valid_to,"
        " 操作人员 = 'DBA', 操作时间 = :moment WHERE ID = :row_id"
    )
    database.run_all(
        (
            statement,
            {
                "status": int(new.status),
                "his_value": new.his_value.strip(),
                "valid_to": new.valid_to or None,
                "moment": now_text(),
                "row_id": row_id,
            },
        ),
        (LOG, logged(row, "UPDATE", new.status)),
    )
    return str(row["emp_no"])


def delete(database: Database, row_id: int) -> str:
    """Delete the row, as no interface would; whose row it was."""
    row = the_row(database, row_id)
    database.run_all(
        ("DELETE FROM 人员权限 WHERE ID = :row_id", {"row_id": row_id}),
        (LOG, logged(row, "DELETE", "")),
    )
    return str(row["emp_no"])


# A row of each kind that a comparison can find; the value is what the dictionary allows.
SOME_ROW = f"""
{ROWS} WHERE p.编号 = :emp_no AND r.记录状态 = 1 AND r.操作人员 <> 'DBA'
ORDER BY r.权限编码, r.场合, r.项目编码, r.ID
"""
ADDED = """
INSERT INTO 人员权限
  (人员ID, 权限编码, 场合, 项目编码, 权限值, 开始日期, 终止日期, 记录状态, 操作人员, 操作时间)
VALUES (:person, :priv_code, :setting, '', '1', :first, NULL, 1, 'DBA', :moment)
"""
# Rights nobody of these has by the ledger, in the order to look.
UNKNOWN_TO_US = ("TC01", "CN01", "BL01", "RX02", "TE01")


def disorder(database: Database, emp_no: str) -> list[str]:
    """One row lost, one prolonged, one added, as three hasty hands would; what was done.

    Needs two rows in force that came by the interface.
    """
    found = database.rows(SOME_ROW, emp_no=emp_no)
    if len(found) < 2:
        raise CannotChange("这名医生在 HIS 中的有效权限不足两条，换一名医生再试。")
    lost, prolonged = found[0], found[1]
    delete(database, lost["id"])
    never = Change(
        str(prolonged["status"]), str(prolonged["his_value"] or ""), "2039-12-31"
    )
    change(database, prolonged["id"], never)
    words = [
        f"删除 {lost['priv_code']}",
        f"{prolonged['priv_code']} 终止日期改为 2039-12-31",
    ]
    added = add_unknown(database, emp_no, str(prolonged["setting"]))
    return [*words, f"新增 {added}"] if added else words


def add_unknown(database: Database, emp_no: str, setting: str) -> str:
    """A right without a decision; empty when the doctor has all of them."""
    held = {row["priv_code"] for row in rows_of(database, emp_no)}
    known = {
        row["code"] for row in database.rows("SELECT 编码 AS code FROM 医生权限字典")
    }
    for code in UNKNOWN_TO_US:
        if code not in held and code in known:
            give(database, emp_no, code, setting)
            return code
    return ""


def give(database: Database, emp_no: str, priv_code: str, setting: str) -> None:
    """A right from today on, without an end, that no interface asked for."""
    person = database.row(
        "SELECT ID AS id FROM 人员表 WHERE 编号 = :emp_no", emp_no=emp_no
    )
    if person is None:
        raise CannotChange("HIS 中没有这名医生。")
    given = {"priv_code": priv_code, "setting": setting, "moment": now_text()}
    row = {**given, "person": person["id"], "first": given["moment"][:10]}
    line = {**given, "emp_no": emp_no, "item_code": "", "op": "ADD"}
    database.run_all((ADDED, row), (LOG, {**line, "before": None, "after": "1"}))


def the_row(database: Database, row_id: int) -> dict[str, Any]:
    row = database.row(f"{ROWS} WHERE r.ID = :row_id", row_id=row_id)
    if row is None:
        raise CannotChange("这一行已不存在，可能刚被删除。")
    return row


def refuse_nonsense(new: Change) -> None:
    if new.status not in LINE_STATUS:
        raise CannotChange("记录状态只能是 1 至 4。")
    if len(new.his_value.strip()) > 20:
        raise CannotChange("权限值最长 20 字。")
    if new.valid_to:
        try:
            date.fromisoformat(new.valid_to)
        except ValueError:
            raise CannotChange(f"终止日期不是日期：{new.valid_to}") from None


def logged(row: dict[str, Any], op: str, after: str) -> dict[str, Any]:
    same = {key: row[key] for key in ("emp_no", "priv_code", "setting", "item_code")}
    before = str(row["status"])
    return {**same, "op": op, "before": before, "after": after, "moment": now_text()}


# One of the grades the tables hold otherwise than the hospital decided.
GRADE_CODE, GRADE_BEFORE = "38.5901", "2"


def log_grade(database: Database) -> None:
    """The line of a grade somebody set nine days ago, for a comparison to find whose
    hand it was; of the others set otherwise the log is silent."""
    moment = now().replace(hour=16, minute=42, second=7) - timedelta(days=9)
    database.run(
        "INSERT INTO 权限维护日志 (请求号, 对象, 操作, 项目编码, 原状态, 新状态, 原因, 操作人员, 操作时间)"
        " VALUES (NULL, 'OPGRADE', 'UPDATE', :code, :before, :after, '科室电话申请', 'DBA', :moment)",
        code=GRADE_CODE,
        before=GRADE_BEFORE,
        after=SET_BY_HAND[GRADE_CODE],
        moment=f"{moment:%Y-%m-%d %H:%M:%S}",
    )
