"""The HIS of a chaos run: a vendor's tables, our generated script, and its own log."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import psycopg

from portal.his.contract.codes import STATUS_AFTER
from portal.his.messages import OpGradeSave
from tests.chaos.judge import Effect
from tests.chaos.plan import (
    CHANGED,
    FIRST_EMP_NO,
    FIRST_ITEM_ID,
    REFUSABLE,
    Change,
    Site,
)
from tests.contract.peers import typical_postgresql

PEOPLE = f"""
INSERT INTO 人员表 SELECT {FIRST_EMP_NO} + n, ({FIRST_EMP_NO} + n)::text, 'D' || n, 101,
  '01', '2026-11-01 08:30:00' FROM generate_series(0, %(people)s - 1) AS n;
INSERT INTO 诊疗项目目录 SELECT {FIRST_ITEM_ID} + 1 + n, 'P' || n, 'O' || n, 1, '一级',
  NULL, 0, '2026-11-01 08:30:00' FROM generate_series(-1, %(items)s - 1) AS n;
UPDATE 医生权限字典 SET 允许值 = ',1,2,3,' WHERE 编码 = '{CHANGED}';
CREATE UNIQUE INDEX ON 人员表 (编号);
CREATE UNIQUE INDEX ON 诊疗项目目录 (编码);
CREATE UNIQUE INDEX ON 诊疗项目目录 (CAST(ID AS VARCHAR(32)));
CREATE INDEX ON 人员权限 (人员ID, 权限编码);
CREATE INDEX ON 人员手术权限 (人员ID, 诊疗项目ID);
"""
EFFECTS = "SELECT operator, changed_at FROM v_yw_change_log ORDER BY seq"
REFUSALS = """
SELECT operator, min(received_at) FROM (
  SELECT operator, received_at, code FROM yw_priv_save_call
  UNION ALL SELECT operator, received_at, code FROM yw_doctor_op_save_call
  UNION ALL SELECT operator, received_at, code FROM yw_opgrade_save_call
) AS calls WHERE code <> '0' GROUP BY operator
"""
REPEATS = """
SELECT coalesce(sum(repeats), 0) FROM (
  SELECT repeats FROM yw_priv_save_call
  UNION ALL SELECT repeats FROM yw_doctor_op_save_call
  UNION ALL SELECT repeats FROM yw_opgrade_save_call
) AS calls
"""
PRIVILEGES = """
SELECT emp_no, priv_code, valid_from, last_operator, status, his_value, valid_to
FROM v_yw_doctor_priv
"""
ITEM_RIGHTS = """
SELECT emp_no, his_item_id, valid_from, last_operator, status, valid_to
FROM v_yw_doctor_op
"""
GRADES = """
SELECT DISTINCT ON (g.item_code) g.item_code, g.operator, o.grade,
  o.effective_from
FROM v_yw_change_log g JOIN v_yw_op_grade o ON o.proc_code = g.item_code
WHERE g.target = 'OPGRADE' ORDER BY g.item_code, g.seq DESC
"""


@dataclass(frozen=True)
class HisSite:
    """The database behind everything that stands between us and it."""

    url: str  # of its owner, not the way we come

    def effects(self) -> list[Effect]:
        with psycopg.connect(self.url) as link:
            rows = link.execute(EFFECTS).fetchall()
        return [Effect(int(number), at) for number, at in rows]

    def refusals(self) -> dict[int, datetime]:
        """When a change was first refused."""
        with psycopg.connect(self.url) as link:
            return {int(number): at for number, at in link.execute(REFUSALS)}

    def repeats(self) -> int:
        """Calls that were answered with the answer given before."""
        with psycopg.connect(self.url) as link:
            row = link.execute(REPEATS).fetchone()
        return int(row[0]) if row else 0

    def standing(self, changes: Mapping[int, Change]) -> dict[Hashable, int]:
        """The last change each row shows; -1 where its fields are not that change's."""
        found: dict[Hashable, int] = {}
        with psycopg.connect(self.url) as link:
            for query, width in ((PRIVILEGES, 3), (ITEM_RIGHTS, 3), (GRADES, 1)):
                for row in link.execute(query.encode()):
                    line = row[:width] if width > 1 else row[0]
                    number, fields = int(row[width]), row[width + 1 :]
                    is_as_told = fields == fields_after(changes[number])
                    found[line] = number if is_as_told else -1
        return found

    def refuse(self, is_refusing: bool) -> None:
        """The privilege leaves the dictionary, or comes back."""
        with psycopg.connect(self.url) as link:
            link.execute(
                "UPDATE 医生权限字典 SET 是否启用 = %s WHERE 编码 = %s",
                (int(not is_refusing), REFUSABLE),
            )

    def cut(self) -> None:
        """End every session but this one."""
        cut_sessions(self.url)


def fields_after(change: Change) -> tuple[str | date | None, ...]:
    call = change.call
    if isinstance(call, OpGradeSave):
        return call.new_grade, call.effective_from
    value = getattr(call, "his_value", None)
    values = (STATUS_AFTER[call.op], value, call.valid_to)
    return values if value else (values[0], values[2])


def his_site(url: str, site: Site) -> HisSite:
    """Fill an empty database."""
    typical_postgresql(url)
    with psycopg.connect(url) as link:
        counts = {"people": site.practitioners, "items": site.procedures}
        link.execute((PEOPLE % counts).encode())
    return HisSite(url)


def cut_sessions(url: str) -> None:
    """As a failing switch or a restarting server does to everybody in this database."""
    with psycopg.connect(url, autocommit=True) as link:
        link.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
