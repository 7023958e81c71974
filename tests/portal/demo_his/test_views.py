"""The generated views: what was written by hand before, and what came with them."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from portal.demo_his.database import Database
from portal.his.contract.interfaces import VIEWS
from portal.his.contract.shape import View
from portal.his.ddl.engines import ENGINES
from portal.his.ddl.script import view_script
from portal.his.mapping.loader import DEMO, load
from portal.his.pull.quarantine import RowCheck
from portal.his.sql.statements import converter

pytestmark = pytest.mark.slow

SHANGHAI = ZoneInfo("Asia/Shanghai")
BY_HAND = Path(__file__).with_name("views_by_hand.sql")
WRITTEN_BEFORE = (
    "V_YW_DOCTOR",
    "V_YW_PRIV_DICT",
    "V_YW_DOCTOR_PRIV",
    "V_YW_CHANGE_LOG",
)
OFFERED = [view for view in VIEWS if view.name in load(DEMO).views]
SAVED = (
    "INSERT INTO YW_PRIV_SAVE (request_id, op, emp_no, priv_code, setting, item_code,"
    " his_value, valid_from, valid_to, reason, doc_no, operator) VALUES ('r1', 'ADD',"
    " '1188', 'RX01', 'ALL', '', '1', '2026-12-01', NULL, '年度授权', NULL, '009001')"
)
OP_SAVED = (
    "INSERT INTO YW_DOCTOR_OP_SAVE (request_id, save_mode, op, emp_no, his_item_id,"
    " right_kind, setting, valid_from, operator) SELECT 'o1', 'INCREMENT', 'ADD',"
    " '1188', CAST(min(ID) AS TEXT), '2', 'ALL', '2026-12-01', '009001'"
    " FROM 手术项目目录 WHERE 是否停用 = 0"
)
APPLIED = (
    "INSERT INTO 病人手术申请 (申请单号, 主页ID, 申请状态, 申请医师, 申请时间, 拟行手术,"
    " 主刀医生, 手术时间, 切口类别, 是否计划手术) VALUES ('SS1', 300201, 1, '1188',"
    " '2026-11-24 09:00:00', '50.3x00', '1027', '2026-11-26 08:30:00', 'Ⅱ 类', '1')"
)


def rows_of(database: Database, view: View) -> list[dict[str, object]]:
    return database.rows(f"SELECT * FROM {view.name}")


def test_generated_views_show_what_those_written_by_hand_showed(
    database: Database,
) -> None:
    database.run(SAVED)
    new = {name: database.rows(f"SELECT * FROM {name}") for name in WRITTEN_BEFORE}
    for statement in BY_HAND.read_text(encoding="utf-8").split(";\n"):
        if "CREATE VIEW" in statement:
            name = statement.split("CREATE VIEW ")[1].split()[0]
            database.run(f"DROP VIEW {name}")
            database.run(statement)

    for name in WRITTEN_BEFORE:
        old = database.rows(f"SELECT * FROM {name}")
        assert old, name
        same = [{key: row[key] for key in old[0]} for row in new[name]]
        assert same == old


@pytest.mark.parametrize("view", OFFERED, ids=lambda view: view.name)
def test_every_row_of_every_view_keeps_the_contract(
    database: Database, view: View
) -> None:
    database.run(SAVED)
    database.run(OP_SAVED)
    database.run(APPLIED)

    rows = rows_of(database, view)

    assert rows
    assert set(view.column_names) <= set(rows[0])
    assert [fault for row in rows if (fault := fault_of(view, row))] == []
    keys = [tuple(row[name] for name in view.key) for row in rows]
    assert len(keys) == len(set(keys))


def fault_of(view: View, row: dict[str, object]) -> object:
    values = [converter(item, SHANGHAI)(row[item.name]) for item in view.columns]
    return RowCheck(view).fault(values)


def test_surgery_application_is_seen_with_its_codes(database: Database) -> None:
    database.run(APPLIED)
    row = database.row("SELECT * FROM V_YW_SURGERY_APPLY WHERE apply_id = 'SS1'")
    assert row is not None
    wanted = {
        "apply_id": "SS1",
        "patient_id": "700112",
        "proc_name": "肝叶切除术",
        "op_grade": "4",
        "status": "2",
        "incision_class": "2",
        "reop_type": None,
    }
    assert {name: row[name] for name in wanted} == wanted


@pytest.mark.integration
def test_views_are_the_same_on_postgresql_and_may_be_made_again(
    database: Database, filled_postgresql: Database
) -> None:
    for engine, name in ((database, "sqlite"), (filled_postgresql, "postgresql")):
        for _ in range(2):
            for statement in view_script(load(DEMO), ENGINES[name]).split(";\n"):
                if statement.strip():
                    engine.run(statement)

    for view in OFFERED:
        both = [
            sorted(tuple(map(str, row.values())) for row in rows_of(engine, view))
            for engine in (database, filled_postgresql)
        ]
        assert both[0] == both[1]
