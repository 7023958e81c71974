"""Every case by number, drawn from the contract. Plain Python.

``YW-DRUG-03`` is the third question asked of ``V_YW_DRUG``. The same question has the
same number at every view; one that a view cannot be asked is left out there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from portal.his.contract.codes import ERROR_CODES, OPERATIONS
from portal.his.contract.interfaces import FUNCTIONS, VIEWS
from portal.his.contract.relations import references, sequences, single_valued
from portal.his.contract.shape import Function, Type, View
from portal.his.ddl.rules import RULES

ACCESS = "ACCESS"

# Codes no call of ours can bring about, and why.
UNPROVABLE = {
    "1001": "数据库接口没有签名，不会出现签名错误",
    "1002": "数据库接口没有签名时间戳；重复的请求号返回首次结果",
    "3001": "锁定只能由 HIS 方在本机设置，由 HIS 方演示",
    "3002": "数据库错误不能从外部安全地造成，由 HIS 方演示",
}


@dataclass(frozen=True)
class Case:
    """``check`` is the question: ``unique``, ``op:SUSPEND``, ``rule:3``, ``code:1001``."""

    number: str
    interface: str
    check: str
    title: str

    @property
    def place(self) -> int:
        """Of the rule it tries, from 0."""
        return int(self.check.removeprefix("rule:"))


def short(name: str) -> str:
    return name.removeprefix("V_").removeprefix("YW_").replace("_", "-")


def has_days(view: View) -> bool:
    kinds = {Type.DATE, Type.MOMENT}
    return any(
        column.type in kinds and column.name != view.watermark
        for column in view.all_columns
    ) or bool(sequences(view))


def has_codes(view: View) -> bool:
    return any(column.codes is not None for column in view.all_columns)


def needs_more(view: View) -> bool:
    """Whether a column beside key and watermark may not be null."""
    apart = {*view.key, view.watermark}
    return any(not c.nullable and c.name not in apart for c in view.columns)


def always(_view: View) -> bool:
    return True


Applies = Callable[[View], bool]
VIEW_CHECKS: tuple[tuple[str, str, Applies], ...] = (
    ("exists", "视图存在，可以读取", always),
    ("columns", "必备列齐全", always),
    ("extra", "没有约定以外的列", always),
    ("types", "各列的数据类型与约定一致", always),
    ("values", "各值是约定的类型，不超过约定的长度", always),
    ("nulls", "必填列不为空", needs_more),
    ("keys", "键不为空", always),
    ("unique", "键不重复", always),
    ("codes", "代码都在代码表内", has_codes),
    ("watermark", "水位列有值且合理", always),
    ("future", "水位列不晚于现在", always),
    ("days", "日期合理，先后有序", has_days),
    ("references", "所指的行在对方视图中", lambda view: bool(references(view))),
    ("lists", "一列只放一个值", lambda view: bool(single_valued(view))),
    ("speed", "全表读取够快", always),
)

ACCESS_CHECKS = (
    ("reach", "可以连接并应答"),
    ("only", "只读得到约定的视图"),
    ("readonly", "不能直接写入任何表和视图"),
)


def function_checks(function: Function) -> Iterator[tuple[str, str]]:
    first, *others = operations(function)
    yield f"op:{first}", f"{OPERATIONS[first]} {first} 成功，回读一致"
    yield "repeat", "同一请求号重复调用，返回首次结果"
    yield "once", "重复调用不再写日志"
    yield "other", "同一请求号、内容不同：返回首次结果或拒绝，不生效"
    for op in others:
        yield f"op:{op}", f"{OPERATIONS[op]} {op} 成功，回读一致"
    if any(item.name == "batch_key" for item in function.arguments):
        yield "batch", "整批替换：收尾时取消批外的有效行"
    yield "moves", "修改后水位列前移"
    yield "log", "维护日志记下每次修改的前后状态"
    if "REVOKE" in others:
        yield "history", "取消、作废后原记录仍在"
    for place, rule in enumerate(RULES[function.name].rules):
        yield f"rule:{place}", f"{rule.words}：以 {rule.code} 拒绝，不作修改"
    for code in UNPROVABLE:
        yield f"code:{code}", f"结果码 {code} {ERROR_CODES[code]}"
    yield "speed", "调用与回读够快"


def operations(function: Function) -> tuple[str, ...]:
    """What the function does, in the order it is tried in."""
    allowed = RULES[function.name].operations
    # A grade is there already: it is changed first, and given back at the end.
    order = tuple(OPERATIONS) if "SUSPEND" in allowed else ("UPDATE", "VOID", "ADD")
    return tuple(op for op in order if op in allowed)


def view_cases(view: View) -> Iterator[Case]:
    for place, (check, title, applies) in enumerate(VIEW_CHECKS, start=1):
        if applies(view):
            number = f"YW-{short(view.name)}-{place:02d}"
            yield Case(number, view.name, check, title)


def numbered(name: str, checks: Iterator[tuple[str, str]]) -> Iterator[Case]:
    for place, (check, title) in enumerate(checks, start=1):
        yield Case(f"YW-{short(name)}-{place:02d}", name, check, title)


def all_cases() -> tuple[Case, ...]:
    """In the order they are run and printed."""
    found = list(numbered(ACCESS, iter(ACCESS_CHECKS)))
    for view in VIEWS:
        found += view_cases(view)
    for function in FUNCTIONS:
        found += numbered(function.name, function_checks(function))
    return tuple(found)
