"""The intermediate tables on one engine, for a DBA to make; see the contract's ``requests``."""

from __future__ import annotations

from collections.abc import Iterator

from portal.his.contract.interfaces import FUNCTIONS
from portal.his.contract.requests import (
    HANDLING,
    STATE,
    TO_DO,
    answered,
    asked,
    table_of,
)
from portal.his.contract.shape import Column, Function
from portal.his.ddl.engines import Engine
from portal.his.ddl.rules import listed
from portal.his.ddl.script import GRANTEES, Kind, Statement, rendered
from portal.his.ddl.tables import create

ACCOUNT = "yiwu"


def requests_script(engine: Engine, account: str = ACCOUNT) -> str:
    """Runs in the engine's own client; may be run again."""
    heading = (
        "-- 中间表：本系统只写入和查看，HIS 处理后填写 state、结果和 done_at\n"
        f"-- 数据库：{engine.title}。可以重复执行；已有的表不会改动。"
    )
    parts = [rendered(each, engine) for each in statements(engine, account)]
    return "\n\n".join([heading, *parts]) + "\n"


def statements(engine: Engine, account: str) -> Iterator[Statement]:
    is_block = engine.name == "oracle"
    for function in FUNCTIONS:
        kind = Kind.PROCEDURE if is_block else Kind.TABLE
        yield Statement(
            kind, table(function, engine), f"{function.title}：每行一个请求"
        )
    if engine.name == "sqlite":
        return
    account = GRANTEES.get(engine.name, "{}").format(account)
    for number, function in enumerate(FUNCTIONS):
        comment = "授权：只能写入和查看，不能修改和删除" if number == 0 else ""
        text = f"GRANT SELECT, INSERT ON {table_of(function)} TO {account}"
        yield Statement(Kind.GRANT, text, comment)


def table(function: Function, engine: Engine) -> str:
    """What may be empty in a request may be so here; the HIS judges, not the table."""
    first, *others = (*asked(function), *answered(function))
    lines = [f"{first.name} {engine.type_of(first)} NOT NULL PRIMARY KEY"]
    lines += [line(column, engine) for column in others]
    return create(table_of(function), lines, engine)


def line(column: Column, engine: Engine) -> str:
    kind = engine.type_of(column)
    if column != STATE:
        return f"{column.name} {kind}"
    begins = engine.text(TO_DO)
    return f"{column.name} {kind} DEFAULT {begins} NOT NULL CHECK (state IN ({listed(HANDLING)}))"
