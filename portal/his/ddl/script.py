"""The whole script of one engine: statements in order, with comments for the DBA."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from portal.his.contract.interfaces import ALL, FUNCTIONS, V_YW_CHANGE_LOG, VIEWS
from portal.his.contract.versions import VERSION
from portal.his.ddl import tables
from portal.his.ddl.engines import Engine
from portal.his.ddl.functions import LOG_COLUMNS, LOG_TABLE, Body
from portal.his.ddl.procedures import inbox_triggers, procedure
from portal.his.ddl.views import create_view
from portal.his.mapping.gaps import gaps_of
from portal.his.mapping.shape import Expression, Mapping, ViewMap


class Kind(Enum):
    VIEW = auto()
    TABLE = auto()
    PROCEDURE = auto()  # functions, procedures, triggers, blocks
    DROP = auto()
    GRANT = auto()


@dataclass(frozen=True)
class Statement:
    """One statement, and what the DBA should know of it."""

    kind: Kind
    text: str
    comment: str = ""


def script(mapping: Mapping, engine: Engine) -> str:
    """Runs in the engine's own client; may be run again."""
    parts = ["\n".join(f"-- {line}".rstrip() for line in heading(mapping, engine))]
    parts += [rendered(each, engine) for each in statements(mapping, engine)]
    return "\n\n".join(parts) + "\n"


def view_script(mapping: Mapping, engine: Engine) -> str:
    """Only the views, for a vendor who writes the functions himself."""
    return "\n\n".join(rendered(each, engine) for each in views(mapping, engine)) + "\n"


def heading(mapping: Mapping, engine: Engine) -> Iterator[str]:
    yield f"{mapping.name}：HIS 接口约定 {VERSION} 的视图、维护函数和授权"
    yield f"数据库：{engine.title}。由映射生成，可以重复执行；已有的表不会改动。"
    yield from CALLED[engine.name]
    yield f"授权给账号 {mapping.account}：请先由管理员建立这个账号。"
    titles = {item.name: item.title for item in ALL}
    if mapping.provided:
        yield "由 HIS 自行提供："
        for name, where in mapping.provided.items():
            yield f"  {name} {titles[name]}：{where}"
    if mapping.missing:
        yield "暂缺："
        for name, why in mapping.missing.items():
            yield f"  {name} {titles[name]}：{why}"


CALLED = {
    "sqlserver": ["维护函数是存储过程，返回一行 code, message, his_row_id。用 sqlcmd 或 SSMS 执行。"],
    "oracle": [
        "维护函数是存储过程，结果在三个 OUT 参数中。用 SQL*Plus 或 SQLcl 执行。",
        "Oracle 的空串即 NULL：可为空串的列给出一个空格。",
    ],
    "postgresql": ["维护函数返回一行 code, message, his_row_id。用 psql 执行。"],
    "mysql": ["维护函数是存储过程，返回一行 code, message, his_row_id。用 mysql 客户端执行。"],
    "sqlite": [
        "维护函数是同名收件表：写入一行参数，由触发器处理并在同一行填写结果。",
        "SQLite 没有账号和授权：由文件权限保护。",
    ],
}  # fmt: skip


def statements(mapping: Mapping, engine: Engine) -> Iterator[Statement]:
    yield from views(mapping, engine)
    if mapping.functions:
        yield from log(mapping, engine)
    for function in FUNCTIONS:
        if function.name in mapping.functions:
            offered = frozenset(mapping.views)
            body = Body(mapping.functions[function.name], engine, offered)
            yield from function_parts(body)
    yield from grants(mapping, engine)


def views(mapping: Mapping, engine: Engine) -> Iterator[Statement]:
    for view in VIEWS:
        if view.name in mapping.views:
            found = mapping.views[view.name]
            yield Statement(Kind.VIEW, create_view(found, engine), about(found))


def about(view: ViewMap) -> str:
    rows = "、".join(view.view.rows)
    words = [f"{view.view.title}" + (f"（{rows}）" if rows else "")]
    found = list(gaps_of(view))
    names = "、".join(
        f"{gap.column}（{gap.column_title}）" for gap in found if not gap.reason
    )
    if names:
        words.append(f"暂缺：{names}")
    for gap in found:
        if gap.reason:
            what = "暂缺必填列" if gap.is_required else "暂缺"
            words.append(f"{what} {gap.column}（{gap.column_title}）：{gap.reason}")
    return "\n".join(words)


def log(mapping: Mapping, engine: Engine) -> Iterator[Statement]:
    """The log and its trigger; its view where the vendor has none of its own."""
    comment = "维护日志：三个维护函数共用，只增不改"
    if engine.name == "oracle":
        yield Statement(Kind.PROCEDURE, tables.log_sequence(), "维护日志的序号")
    kind = Kind.PROCEDURE if engine.name == "oracle" else Kind.TABLE
    yield Statement(kind, tables.log_table(engine), comment)
    for text in tables.log_triggers(engine):
        is_drop = text.startswith("DROP")
        yield Statement(Kind.DROP if is_drop else Kind.PROCEDURE, text)
    if V_YW_CHANGE_LOG.name not in mapping.views:
        sources = {
            column.name: Expression(f"g.{column.name}") for column in LOG_COLUMNS
        }
        view = ViewMap(V_YW_CHANGE_LOG, f"{LOG_TABLE} g", columns=dict(sources))
        yield Statement(Kind.VIEW, create_view(view, engine), V_YW_CHANGE_LOG.title)


def function_parts(body: Body) -> Iterator[Statement]:
    title = body.map.function.title
    kind = Kind.PROCEDURE if body.engine.name == "oracle" else Kind.TABLE
    what = f"{title}：每次调用一行，请求号重复时返回首次结果"
    yield Statement(kind, tables.calls_table(body), what)
    if body.engine.name == "sqlite":
        for name, text in inbox_triggers(body):
            yield Statement(Kind.DROP, f"DROP TRIGGER IF EXISTS {name};")
            yield Statement(Kind.PROCEDURE, f"CREATE TRIGGER {name} {text}")
        return
    if body.engine.name == "mysql":
        yield Statement(Kind.DROP, f"DROP PROCEDURE IF EXISTS {body.name}")
    rows = "、".join(body.map.function.rows)
    yield Statement(Kind.PROCEDURE, procedure(body), f"{title}（{rows}）")


def grants(mapping: Mapping, engine: Engine) -> Iterator[Statement]:
    """Reading the views and calling the functions, and nothing else."""
    if engine.name == "sqlite":
        return
    names = [view.name for view in VIEWS if view.name in mapping.views]
    if mapping.functions and V_YW_CHANGE_LOG.name not in names:
        names.append(V_YW_CHANGE_LOG.name)
    account = GRANTEES.get(engine.name, "{}").format(mapping.account)
    for number, name in enumerate(names):
        comment = "授权：只能读视图、调用维护函数" if number == 0 else ""
        yield Statement(Kind.GRANT, f"GRANT SELECT ON {name} TO {account}", comment)
    for name in mapping.functions:
        if engine.name == "postgresql":
            yield Statement(
                Kind.GRANT, f"REVOKE ALL ON FUNCTION {name.lower()} FROM PUBLIC"
            )
        target = EXECUTE.get(engine.name, "{}").format(name)
        yield Statement(Kind.GRANT, f"GRANT EXECUTE ON {target} TO {account}")


GRANTEES = {"mysql": "'{}'@'%'"}
EXECUTE = {"postgresql": "FUNCTION {}", "mysql": "PROCEDURE {}"}


def rendered(statement: Statement, engine: Engine) -> str:
    """With comment and the terminator of the engine's client."""
    comment = "".join(f"-- {line}\n" for line in statement.comment.splitlines())
    return f"{comment}{terminated(statement, engine)}"


def terminated(statement: Statement, engine: Engine) -> str:
    text = statement.text.rstrip().removesuffix(";")
    is_block = statement.kind is Kind.PROCEDURE
    match engine.name:
        case "sqlserver":
            return f"{text};\nGO"
        case "oracle" if is_block:
            return f"{text};\n/"
        case "mysql" if is_block:
            return f"DELIMITER $$\n{text}$$\nDELIMITER ;"
        case _:
            return f"{text};"
