"""Short ways to write a column down, so that an interface reads like its table."""

from __future__ import annotations

from dataclasses import replace

from portal.his.contract import codes
from portal.his.contract.shape import Column, Type

Codes = dict[str, str]


def text(
    name: str, title: str, length: int, example: str = "", note: str = ""
) -> Column:
    return Column(name, title, Type.TEXT, length, example=example, note=note)


def code(
    name: str, title: str, length: int, table: Codes, note: str = "", example: str = ""
) -> Column:
    return Column(
        name, title, Type.TEXT, length, codes=table, note=note, example=example
    )


def flag(name: str, title: str, note: str = "") -> Column:
    return code(name, title, 1, codes.YES_NO, note)


def day(name: str, title: str, note: str = "", example: str = "") -> Column:
    return Column(name, title, Type.DATE, note=note, example=example)


def moment(name: str, title: str, note: str = "") -> Column:
    return Column(name, title, Type.MOMENT, note=note)


def count(
    name: str, title: str, example: str, unit: str = "", note: str = ""
) -> Column:
    return Column(name, title, Type.INTEGER, unit=unit, example=example, note=note)


def number(
    name: str,
    title: str,
    size: tuple[int, int],
    unit: str,
    example: str,
    note: str = "",
) -> Column:
    """``size`` is precision and scale."""
    return Column(
        name,
        title,
        Type.NUMBER,
        precision=size[0],
        scale=size[1],
        unit=unit,
        example=example,
        note=note,
    )


def money(name: str, title: str, example: str = "0.00", note: str = "") -> Column:
    return number(name, title, (12, 2), "元", example, note)


def must(column: Column, *, blank: bool = False) -> Column:
    """The same, and it may not be null."""
    return replace(column, nullable=False, blank=blank)


def personal(column: Column) -> Column:
    """The same, and it says who a person is."""
    return replace(column, personal=True)


def until(name: str, title: str, note: str = "", example: str = "") -> Column:
    """A last day that may be left open."""
    return replace(day(name, title, note, example), open_end=True)


def emp_no(name: str = "emp_no", title: str = "工号", note: str = "") -> Column:
    return text(name, title, 20, "001188", note)


def modified() -> Column:
    return must(moment("last_modified", "最后修改时间", "行中任一列改变即更新"))


def setting() -> Column:
    return must(code("setting", "场合", 4, codes.SETTINGS))


def op_kind() -> Column:
    return must(code("op", "操作", 10, codes.OPERATIONS))


def valid_from() -> Column:
    return must(day("valid_from", "生效日期", example="2026-12-01"))


def valid_to() -> Column:
    return until("valid_to", "到期日期", "含当日；空为长期", example="2027-11-30")


def request_id() -> Column:
    note = "重复返回首次结果"
    return must(text("request_id", "请求号", 36, "6f1c0a52-0001", note))
