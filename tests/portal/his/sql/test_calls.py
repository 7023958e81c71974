"""What is sent to the engines no test can start, seen at the driver's own door."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import oracledb
import pytest

from portal.his.connection import parse
from portal.his.contract.interfaces import V_YW_DOCTOR_PRIV, YW_PRIV_SAVE
from portal.his.sql.apart import Apart
from portal.his.sql.deadline import begin
from portal.his.sql.dialect import Dialect
from portal.his.sql.engines import dialect_of
from portal.his.sql.statements import read_all, read_by_key
from tests.contract.conftest import message_for

NAMES = [item.name for item in YW_PRIV_SAVE.arguments]
MESSAGE = message_for("001027", "RX01", item_code="", valid_to=None)
VALUES = vars(MESSAGE)
KEY = {name: getattr(MESSAGE, name) for name in V_YW_DOCTOR_PRIV.key}


class Variable:
    def getvalue(self) -> str:
        return "0"


class Recorder:
    """A PEP 249 connection and its only cursor: writes down, and answers one row.

    Like a procedure without ``SET NOCOUNT ON`` it gives counts first.
    """

    def __init__(self, counts: int = 0) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.counts = counts
        self.arraysize = self.prefetchrows = 1

    def cursor(self) -> Recorder:
        return self

    def close(self) -> None: ...

    def execute(self, *call: Any) -> None:
        self.done.append(call)

    def setinputsizes(self, **types: Any) -> None:
        self.done.append(("setinputsizes", types))

    def var(self, *_type: Any) -> Variable:
        return Variable()

    def callproc(self, name: str, keyword_parameters: Mapping[str, Any]) -> None:
        self.done.append((name, keyword_parameters))

    @property
    def description(self) -> list[Any] | None:
        return None if self.counts else []

    def nextset(self) -> bool:
        self.counts -= 1
        return True

    def fetchone(self) -> tuple[str, str, str]:
        return ("0", "成功", "17")

    def fetchall(self) -> list[Any]:
        return []

    def fetchmany(self, _size: int) -> list[Any]:
        return []


def of(dsn: str) -> Dialect:
    return dialect_of(parse(dsn, 3))


@pytest.fixture(autouse=True)
def _within_a_call() -> None:
    begin(3)


@pytest.mark.parametrize("driver", ["mssqlpython", "pymssql"])
def test_call_on_sql_server_names_every_argument(driver: str) -> None:
    recorder = Recorder(counts=2)
    row = of(f"mssql+{driver}://h/his").call(Apart(recorder), YW_PRIV_SAVE, VALUES)

    named = ", ".join(f"@{name} = %({name})s" for name in NAMES)
    assert recorder.done == [(f"EXEC YW_PRIV_SAVE {named}", VALUES)]
    assert row == ("0", "成功", "17")


def test_call_on_sql_server_through_odbc_gives_them_in_order() -> None:
    recorder = Recorder()
    dialect = of("mssql+pyodbc://h/his?driver=FreeTDS")
    dialect.call(Apart(recorder), YW_PRIV_SAVE, VALUES)

    named = ", ".join(f"@{name} = ?" for name in NAMES)
    given = tuple(VALUES[name] for name in NAMES)
    assert recorder.done == [(f"EXEC YW_PRIV_SAVE {named}", given)]


def test_call_on_oracle_has_the_results_as_arguments() -> None:
    recorder = Recorder()
    dialect = of("oracle://h/?service_name=his")
    row = dialect.call(Apart(recorder), YW_PRIV_SAVE, VALUES)

    ((name, given),) = recorder.done
    assert name == "YW_PRIV_SAVE"
    assert list(given) == [
        *(f"p_{argument}" for argument in NAMES),
        *("p_code", "p_message", "p_his_row_id"),
    ]
    assert given["p_valid_from"] == date(2026, 12, 1)
    assert row == ("0", "0", "0")


def test_key_on_oracle_equals_padded_columns_and_knows_no_empty_text() -> None:
    recorder = Recorder()
    dialect = of("oracle://h/?service_name=his")
    question = read_by_key(V_YW_DOCTOR_PRIV.name, V_YW_DOCTOR_PRIV.key, dialect.sql)
    dialect.read(Apart(recorder), question, KEY)

    (_sizes, types), (text, given) = recorder.done
    texts = {"emp_no", "priv_code", "setting", "item_code"}
    assert types == dict.fromkeys(texts, oracledb.DB_TYPE_CHAR)
    assert given == KEY | {"item_code": " "}
    assert "FROM V_YW_DOCTOR_PRIV" in text
    assert "item_code = :item_code" in text


@pytest.mark.parametrize(
    "dsn",
    [
        "mssql+mssqlpython://h/his",
        "mssql+pymssql://h/his",
        "mssql+pyodbc://h/his?driver=FreeTDS",
        "oracle+oracledb://h/?service_name=his",
    ],
)
def test_stream_asks_for_a_batch_at_a_time_and_passes_no_arguments(dsn: str) -> None:
    recorder = Recorder()
    dialect = of(dsn)
    question = read_all("V_YW_DOCTOR", dialect.sql)

    assert list(dialect.stream(Apart(recorder), question, 700, {})) == []
    assert recorder.done == [(question.text,)]
    assert recorder.arraysize == 700
