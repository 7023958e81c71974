"""What a cell says, however it is written."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from permissions.enums import Setting
from permissions.importers.columns import COLUMNS, Field
from portal.files.sheets import Formula, Serial
from portal.sheets.columns import key_of
from portal.sheets.values import Choice, Misread, day, last_day, plain, sane

DAY = date(2026, 1, 5)
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  # as a workbook has it


@pytest.mark.parametrize(
    "cell",
    [
        DAY,
        datetime(2026, 1, 5, 8, 30),  # noqa: DTZ001  # as a sheet has it
        Serial(46027, EPOCH),
        Serial(46027.5, EPOCH),
        "46027",
        "2026/1/5",
        "2026-01-05",
        "2026.1.5",
        "2026年1月5日",
        "2026 年 1 月 5 日",
        "20260105",
        Serial(20260105, EPOCH),
        "２０２６／１／５",
        "2026-01-05 00:00:00",
    ],
)
def test_day_in_every_form(cell: Any) -> None:
    assert day(cell) == DAY


@pytest.mark.parametrize(
    "cell", ["26-1-5", "2026-13-01", "明年", "2026年", "0005-01-01", "12", "2026-2-30"]
)
def test_what_is_no_day_is_refused(cell: str) -> None:
    with pytest.raises(Misread):
        day(cell)


def test_empty_and_endless_are_no_day() -> None:
    assert day(None) is None
    assert day("  ") is None
    assert last_day("长期") is None
    assert last_day("2026/1/5") == DAY


@pytest.mark.parametrize("cell", [Formula("=A1"), "#N/A", "#REF!", "\ufffd\ufffd"])
def test_what_must_not_be_read_is_refused(cell: Any) -> None:
    with pytest.raises(Misread):
        sane(cell)


def test_text_is_made_half_width() -> None:
    assert plain(" ＡＢ０２　（逐项） ") == "AB02 (逐项)"


def test_choice_takes_word_and_code() -> None:
    settings = Choice(Setting.choices)
    assert [settings.read(cell, "ALL") for cell in ("门诊", "outp", "", None)] == [
        *("OUTP", "OUTP", "ALL", "ALL"),
    ]
    with pytest.raises(Misread, match="只能是全部、门诊、急诊、住院、手术室。"):
        settings.read("病房", "ALL")


def test_headings_are_known_whatever_their_dress() -> None:
    found = COLUMNS.recognized(
        ["序号", "工 号*", "姓名（必填）", "权限名称", "权限编码", "到期日期："]
    )
    assert found == {
        Field.EMP_NO: 1,
        Field.NAME: 2,
        Field.PRIVILEGE: 4,  # the code before the name
        Field.VALID_TO: 5,
    }
    assert key_of(["工 号*", "姓名"]) == key_of(["工号", "姓名（必填）"])
    assert (
        COLUMNS.heading_line([["标题"], ["工号", "姓名", "权限"], ["1", "a", "b"]]) == 1
    )
    assert COLUMNS.heading_line([["标题"], ["甲", "乙", "丙", "丁"]]) == 1
    assert COLUMNS.heading_line([["标题"]]) is None
