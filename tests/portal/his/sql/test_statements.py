"""Values of any engine become typed records; only contract columns are asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from portal.his.contract.codes import YES_NO
from portal.his.contract.interfaces import VIEWS
from portal.his.contract.shape import Column, Type, View
from portal.his.sql.postgresql import call_text
from portal.his.sql.postgresql_texts import array_text
from portal.his.sql.sqlite import put_text
from portal.his.sql.statements import (
    VIEW,
    as_date,
    as_integer,
    as_moment,
    as_number,
    as_text,
    as_yes_no,
    converted,
    converter,
    put_requests_by_arrays,
    read_all,
    read_by_key,
)

DAY = date(2026, 11, 23)
SHANGHAI = ZoneInfo("Asia/Shanghai")
MOMENT = datetime(2026, 11, 23, 10, 0, 5)  # noqa: DTZ001 (local time of the HIS)


@pytest.mark.parametrize(
    ("given", "text"), [("王建国   ", "王建国"), (None, ""), (" a", " a"), (7, "7")]
)
def test_as_text_takes_off_padding_and_makes_null_empty(given: Any, text: str) -> None:
    assert as_text(given) == text


@pytest.mark.parametrize(
    ("given", "day"),
    [
        (DAY, DAY),
        (MOMENT, DAY),
        ("2026-11-23", DAY),
        ("2026-11-23 10:00:05", DAY),
        (" 2026-11-23 ", DAY),
        ("", None),
        (None, None),
        ("长期", "长期"),
    ],
)
def test_as_date_reads_days_and_leaves_the_unreadable(given: Any, day: Any) -> None:
    assert as_date(given) == day


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        (MOMENT, MOMENT),
        ("2026-11-23 10:00:05", MOMENT),
        ("2026-11-23T10:00:05", MOMENT),
        (datetime(2026, 11, 23, 2, 0, 5, tzinfo=UTC), MOMENT),
        (DAY, datetime(2026, 11, 23)),  # noqa: DTZ001
        (None, None),
        ("昨天", "昨天"),
    ],
)
def test_as_moment_is_local_time_without_a_zone(given: Any, moment: Any) -> None:
    assert as_moment(SHANGHAI, given) == moment


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (Decimal("12.80"), Decimal("12.80")),
        (12.8, Decimal("12.8")),
        (" 12.80 ", Decimal("12.80")),
        (3, Decimal(3)),
        (None, None),
        ("约 3", "约 3"),
    ],
)
def test_as_number_is_exact_and_leaves_the_unreadable(given: Any, number: Any) -> None:
    assert as_number(given) == number


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (3, 3),
        ("3", 3),
        (3.0, 3),
        (Decimal("3.00"), 3),
        (None, None),
        (3.5, 3.5),
        ("三", "三"),
        (Decimal("NaN"), Decimal("NaN")),
    ],
)
def test_as_integer_takes_whole_numbers_however_an_engine_counts(
    given: Any, number: Any
) -> None:
    found = as_integer(given)
    assert (type(found), str(found)) == (type(number), str(number))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        *[(given, "1") for given in (True, 1, Decimal(1), "1", "是", "Y", "y  ")],
        *[(given, "1") for given in ("true", "T", " 是 ", b"\x01", "Yes")],
        *[(given, "0") for given in (False, 0, Decimal(0), "0 ", "否", "N", "false")],
        (b"\x00", "0"),
        (None, ""),
        ("", ""),
        ("停用", "停用"),
        (2, "2"),
    ],
)
def test_as_yes_no_gives_the_codes_of_the_contract(given: Any, code: str) -> None:
    assert as_yes_no(given) == code


def test_only_a_column_of_yes_and_no_is_read_as_one() -> None:
    is_yes_no = {
        (view.name, item.name)
        for view in VIEWS
        for item in view.all_columns
        if converter(item, SHANGHAI) is as_yes_no
    }
    assert is_yes_no == {
        (view.name, item.name)
        for view in VIEWS
        for item in view.all_columns
        if item.codes is YES_NO
    }
    assert ("V_YW_PRIV_DICT", "enabled") in is_yes_no


@pytest.mark.parametrize("kind", Type)
def test_every_type_of_the_contract_can_be_read(kind: Type) -> None:
    assert converter(Column("x", "", kind), SHANGHAI)(None) in {None, ""}


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_read_all_asks_for_the_contract_columns_and_nothing_else(view: View) -> None:
    text = read_all(view.name, SQLiteDialect_pysqlite()).text
    columns, source = text.removeprefix("SELECT ").split("FROM")
    assert [name.strip(' "\n') for name in columns.split(",")] == list(
        view.column_names
    )
    assert source.strip() == view.name


def test_read_by_key_binds_every_key_column_by_name() -> None:
    dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
    where = (
        read_by_key("V_YW_DOCTOR_PRIV", VIEW["V_YW_DOCTOR_PRIV"].key, dialect)
        .text.split("WHERE")[1]
        .split()
    )
    assert [word for word in where if word.startswith("%")] == [
        "%(emp_no)s::VARCHAR",
        "%(priv_code)s::VARCHAR",
        "%(setting)s::VARCHAR",
        "%(item_code)s::VARCHAR",
        "%(valid_from)s::DATE",
    ]


def test_call_text_gives_the_arguments_in_the_order_of_the_contract() -> None:
    text = call_text("YW_PRIV_SAVE").decode()
    assert [part.split(")")[0] for part in text.split("%(")[1:]] == [
        *("request_id", "op", "emp_no", "priv_code", "setting", "item_code"),
        *("his_value", "valid_from", "valid_to", "reason", "doc_no", "operator"),
    ]


def test_put_text_never_puts_a_request_twice() -> None:
    assert put_text("YW_PRIV_SAVE").startswith(
        "INSERT INTO YW_PRIV_SAVE (request_id, op, emp_no,"
    )
    assert put_text("YW_PRIV_SAVE").endswith("ON CONFLICT (request_id) DO NOTHING")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], "{}"),
        (["RX01", ""], '{"RX01",""}'),
        ([None], "{NULL}"),
        ([None, "NULL", None], '{NULL,"NULL",NULL}'),
        (['a"\\', "{,}", "\x01,N"], '{"a\\"\\\\","{,}","\x01,N"}'),
        ([DAY, None], '{"2026-11-23",NULL}'),
        ([MOMENT, MOMENT], '{"2026-11-23 10:00:05","2026-11-23 10:00:05"}'),
        ([3, Decimal("1.50")], '{"3","1.50"}'),
    ],
)
def test_array_is_written_as_postgresql_reads_it(values: list[Any], text: str) -> None:
    assert array_text(values) == text.encode()


def test_array_escapes_bytes_and_not_characters() -> None:
    """The second byte of this character in GBK is the sign that escapes."""
    assert array_text(["乗"], "gbk") == b'{"\x81\\\\"}'


@pytest.mark.parametrize("values", [["\0"], ["\0N"], [None, "\0,"], ["a", "b\0c"]])
def test_array_of_what_no_text_can_hold_is_refused(values: list[Any]) -> None:
    with pytest.raises(psycopg.DataError, match="NUL"):
        array_text(values)


def test_array_of_a_character_its_encoding_lacks_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        array_text(["𠮷"], "gbk")


def test_many_rows_are_put_in_by_an_array_for_each_column() -> None:
    dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
    text = put_requests_by_arrays("YW_OPGRADE_SAVE_REQ", dialect).text
    assert text.startswith("INSERT INTO YW_OPGRADE_SAVE_REQ (request_id, op, ")
    assert "SELECT given.request_id, given.op, " in text
    assert "%(effective_from)s::DATE[]" in text
    assert text.count("[]") == 13


def test_rows_are_converted_column_by_column_whatever_stands_in_them() -> None:
    view = VIEW["V_YW_OP_GRADE"]
    rows = [
        ("51.2300 ", "4", "四级", "2026-11-23", "2026-11-23 10:00:05"),
        ("51.2301", 4, None, DAY, MOMENT),
        ("51.2302", "3 ", "三级", None, "昨天"),
    ]
    assert list(converted(view, rows, SHANGHAI)) == [
        ("51.2300", "4", "四级", DAY, MOMENT),
        ("51.2301", "4", "", DAY, MOMENT),
        ("51.2302", "3", "三级", None, "昨天"),
    ]
    texts = [(*row[:3], "2026-11-23", "2026-11-23 10:00:05") for row in rows]
    assert [row[3:] for row in converted(view, texts, SHANGHAI)] == [(DAY, MOMENT)] * 3


def test_no_rows_are_converted_to_none() -> None:
    assert list(converted(VIEW["V_YW_OP_GRADE"], [], SHANGHAI)) == []


@pytest.mark.parametrize("rows", [[("51.2300",)], [("51.2300",) * 5, ("51.2301",)]])
def test_rows_of_another_width_are_an_error(rows: list[tuple[str, ...]]) -> None:
    with pytest.raises(ValueError, match="zip"):
        list(converted(VIEW["V_YW_OP_GRADE"], rows, SHANGHAI))
