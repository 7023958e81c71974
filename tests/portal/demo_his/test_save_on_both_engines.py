"""YW_PRIV_SAVE judges the same on SQLite and PostgreSQL, whatever is asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.demo_his.database import Database

pytestmark = [pytest.mark.integration, pytest.mark.slow]

NAMES = (
    "request_id",
    "op",
    "emp_no",
    "priv_code",
    "setting",
    "item_code",
    "his_value",
    "valid_from",
    "valid_to",
    "reason",
    "doc_no",
    "operator",
)
PLACES = ", ".join(f":{name}" for name in NAMES)
CALL = f"SELECT code, message FROM yw_priv_save({PLACES})"
PUT = (
    f"INSERT INTO YW_PRIV_SAVE ({', '.join(NAMES)}) VALUES ({PLACES})"
    " ON CONFLICT (request_id) DO NOTHING"
)
ANSWER = "SELECT code, message FROM YW_PRIV_SAVE WHERE request_id = :request_id"
EMPTY = ("人员权限", "权限维护日志")
VIEWS = (
    "SELECT emp_no, priv_code, setting, item_code, his_value, valid_from, valid_to,"
    " status, last_operator FROM V_YW_DOCTOR_PRIV",
    "SELECT request_id, op, emp_no, priv_code, setting, item_code, before_status,"
    " after_status, operator FROM V_YW_CHANGE_LOG",
    "SELECT request_id, op, emp_no, priv_code, code, message, repeats"
    " FROM V_YW_CALL_LOG",
)
PROCEDURE = "50.3x00"


@dataclass(frozen=True)
class Call:
    """One call; the request number is given when it is made."""

    op: str | None = "ADD"
    emp_no: str | None = "1188"
    priv_code: str | None = "RX01"
    setting: str | None = "ALL"
    item_code: str | None = ""
    his_value: str | None = "1"
    valid_from: str | None = "2026-12-01"
    valid_to: str | None = "2027-11-30"
    repeats: int | None = None  # the number of an earlier call in the sequence


ITEM = Call(priv_code="OP_ITEM")
ADD = Call()
LATER = Call(valid_from="2027-12-01", valid_to=None)
CASES: list[tuple[str, Sequence[Call], list[str]]] = [
    ("add", [ADD], ["0"]),
    ("add again is the same line", [ADD, ADD], ["0", "0"]),
    ("repeat of a request", [ADD, Call(repeats=0)], ["0", "0"]),
    ("unknown doctor", [Call(emp_no="nobody")], ["2001"]),
    ("no doctor", [Call(emp_no=None)], ["2001"]),
    ("doctor who left", [Call(emp_no="LEFT")], ["2002"]),
    ("take away from one who left", [Call("REVOKE", emp_no="LEFT")], ["9999"]),
    ("unknown privilege", [Call(priv_code="NONE")], ["2003"]),
    ("unknown item", [replace(ITEM, item_code="99.9999")], ["2004"]),
    ("item where none belongs", [Call(item_code=PROCEDURE)], ["2004"]),
    ("no item at all", [Call(item_code=None)], ["2004"]),
    ("unknown operation", [Call("GRANT")], ["2005"]),
    ("no operation", [Call(None)], ["2005"]),
    ("unknown setting", [Call(setting="XX")], ["2005"]),
    ("no setting", [Call(setting=None)], ["2005"]),
    ("end before start", [Call(valid_to="2026-11-30")], ["2005"]),
    ("ends the day it starts", [Call(valid_to="2026-12-01")], ["0"]),
    ("no start", [Call(valid_from=None)], ["2005"]),
    ("value not allowed", [Call(his_value="7")], ["2005"]),
    ("several values in one", [Call(his_value="1,1")], ["2005"]),
    ("no value", [Call(his_value=None)], ["2005"]),
    ("suspend what is not there", [Call("SUSPEND")], ["9999"]),
    ("whole life", [ADD, *[Call(op) for op in ("SUSPEND", "RESTORE", "UPDATE", "REVOKE", "VOID")]], ["0"] * 6),
    ("one after the other", [ADD, LATER], ["0", "0"]),
    ("touching on one day", [ADD, replace(LATER, valid_from="2027-11-30")], ["0", "2006"]),
    ("overlap with an endless one", [Call(valid_to=None), LATER], ["0", "2006"]),
    ("overlap with a suspended one", [ADD, Call("SUSPEND"), replace(LATER, valid_from="2027-06-01")], ["0", "0", "2006"]),
    ("overlap with a revoked one is none", [ADD, Call("REVOKE"), replace(LATER, valid_from="2027-06-01")], ["0", "0", "0"]),
    ("other setting", [Call(setting="OUTP"), Call(setting="INP", valid_from="2027-01-01")], ["0", "0"]),
]  # fmt: skip


@dataclass
class Both:
    """The two engines, and the codes of things they know."""

    sqlite: Database
    postgresql: Database
    item_privilege: str
    left: str

    def answers(self, calls: Sequence[Call]) -> list[tuple[list[Any], list[Any]]]:
        """Of each call, from each engine."""
        asked = [self._values(number, calls) for number in range(len(calls))]
        return [(self._put(values), self._called(values)) for values in asked]

    def views(self) -> list[tuple[list[Any], list[Any]]]:
        """What each view shows on each engine, as texts."""
        return [
            (as_texts(self.sqlite, query), as_texts(self.postgresql, query))
            for query in VIEWS
        ]

    def empty(self) -> None:
        for table in EMPTY:
            self.sqlite.run(f"DELETE FROM {table}")
            self.postgresql.run(f"DELETE FROM {table}")
        self.sqlite.run("DELETE FROM YW_PRIV_SAVE")
        self.postgresql.run("DELETE FROM 权限维护请求")

    def _values(self, number: int, calls: Sequence[Call]) -> dict[str, Any]:
        call = calls[number]
        if call.repeats is not None:
            return self._values(call.repeats, calls)
        values = {name: getattr(call, name) for name in NAMES if hasattr(call, name)}
        if values["priv_code"] == "OP_ITEM":
            values["priv_code"] = self.item_privilege
        if values["emp_no"] == "LEFT":
            values["emp_no"] = self.left
        return values | {
            "request_id": f"request-{number}",
            "reason": "年度授权",
            "doc_no": None,
            "operator": "009001",
        }

    def _put(self, values: dict[str, Any]) -> list[Any]:
        self.sqlite.run(PUT, **values)
        found = self.sqlite.row(ANSWER, request_id=values["request_id"])
        return list((found or {}).values())

    def _called(self, values: dict[str, Any]) -> list[Any]:
        return list((self.postgresql.row(CALL, **values) or {}).values())


def as_texts(database: Database, query: str) -> list[Any]:
    return sorted(
        tuple("" if value is None else str(value) for value in row.values())
        for row in database.rows(query)
    )


@pytest.fixture
def both(database: Database, filled_postgresql: Database) -> Both:
    item = database.row("SELECT 编码 FROM 医生权限字典 WHERE 取值方式 = 'ITEM'")
    left = database.row("SELECT 编号 FROM 人员表 WHERE 人员状态 = '99'")
    assert item is not None
    assert left is not None
    engines = Both(database, filled_postgresql, item["编码"], left["编号"])
    engines.empty()
    return engines


@pytest.mark.parametrize(("calls", "codes"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])  # fmt: skip
def test_save_is_answered_by_the_same_code(
    both: Both, calls: Sequence[Call], codes: list[str]
) -> None:
    answers = both.answers(calls)

    assert [sqlite[0] for sqlite, _ in answers] == codes
    assert [postgresql for _, postgresql in answers] == [one for one, _ in answers]
    for sqlite, postgresql in both.views():
        assert sqlite == postgresql


DAYS = st.sampled_from(["2026-12-01", "2027-01-15", "2027-06-30", "2027-12-01"])
CALLS = st.builds(
    Call,
    op=st.sampled_from(
        ["ADD", "ADD", "UPDATE", "SUSPEND", "RESTORE", "REVOKE", "VOID"]
    ),
    emp_no=st.sampled_from(["1188", "1188", "1027", "LEFT"]),
    priv_code=st.sampled_from(["RX01", "RX01", "OP_ITEM", "NONE"]),
    setting=st.sampled_from(["ALL", "OUTP"]),
    item_code=st.sampled_from(["", "", PROCEDURE]),
    his_value=st.sampled_from(["1", "1", "2"]),
    valid_from=DAYS,
    valid_to=st.one_of(st.none(), DAYS),
)


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(calls=st.lists(CALLS, min_size=1, max_size=7), again=st.integers(0, 6))
def test_any_sequence_of_calls_leaves_the_same_on_both(
    both: Both, calls: list[Call], again: int
) -> None:
    both.empty()
    repeated = [*calls, Call(repeats=again % len(calls))]

    for sqlite, postgresql in both.answers(repeated):
        assert sqlite == postgresql
    for sqlite, postgresql in both.views():
        assert sqlite == postgresql
