"""The interface chapter both sides sign, written from the contract.

``python -m portal.his.contract.document`` prints ``docs/his-contract.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence

from portal.his.contract import codes, launch
from portal.his.contract.catalogue import CODE_TABLES, table_name, table_title
from portal.his.contract.interfaces import ALL, FUNCTIONS, VIEWS
from portal.his.contract.shape import Column, Function, Type, View
from portal.his.contract.versions import VERSION, VERSIONS
from portal.his.ddl.rules import RULES
from portal.his.mapping.gaps import not_offered
from portal.his.mapping.loader import DEMO, load

TYPES = {
    Type.TEXT: "文本",
    Type.INTEGER: "整数",
    Type.NUMBER: "小数",
    Type.DATE: "日期",
    Type.MOMENT: "时间",
}
# SQL Server, Oracle, PostgreSQL, MySQL, SQLite
MEANS = {
    Type.TEXT: (
        "`NVARCHAR(n)`",
        "`VARCHAR2(n CHAR)`",
        "`VARCHAR(n)`",
        "`VARCHAR(n)`",
        "`TEXT`",
    ),
    Type.INTEGER: ("`INT`", "`NUMBER(10)`", "`INTEGER`", "`INT`", "`INTEGER`"),
    Type.NUMBER: (
        "`DECIMAL(p, s)`",
        "`NUMBER(p, s)`",
        "`NUMERIC(p, s)`",
        "`DECIMAL(p, s)`",
        "`NUMERIC`",
    ),
    Type.DATE: ("`DATE`", "`DATE`", "`DATE`", "`DATE`", "`2026-11-23`"),
    Type.MOMENT: (
        "`DATETIME2(0)`",
        "`TIMESTAMP(0)`",
        "`TIMESTAMP(0)`",
        "`DATETIME`",
        "`2026-11-23 10:18:00`",
    ),
}

OPENING = """\
# HIS 接口约定

<!-- 本章由 portal/his/contract 生成，请勿手改：
     .venv/bin/python -m portal.his.contract.document > docs/his-contract.md -->

版本 {version}。

本章是医务管理系统与 HIS 之间的接口约定：招标文件要求的 15 项接口（12 个只读视图、3 个维护函数）、
配合它们的 13 个辅助视图，以及医生站打开本系统的启动链接。
HIS 方按本章提供视图和函数；本系统只读取本章列出的列，只调用本章列出的函数，不直接写 HIS 的任何表。

## 1 总则

1. HIS 提供一个专用账号：对视图只有 `SELECT`，对函数只有 `EXECUTE`。
2. 视图、函数和列的名称不区分大小写。文本末尾的空格由本系统去除；工号等编码按文本处理，保留前导零。
3. 日期均含当日：`valid_to` 是有效的最后一天，空为长期。写成 `2999-12-31` 或 `9999-12-31` 的到期日期，
   本系统也按空读取，但 HIS 应改为空。时间不带时区，为 HIS 本地时间，精确到秒。
4. 同一视图内，键不得重复。键重复或为空、缺必填值、代码不在代码表内、超过长度、乱码、不是日期或数字、
   年份在 1900 至 2200 之外的行由本系统隔离，不影响其他行。
5. 字典类视图给出全部行；本系统按键与内容全量比对。消失超过两成且超过 5 行，或者全部消失时，
   本系统停下该次拉取，由人确认后才采用。
6. 每次调用都有时限（默认 10 秒）。超时或断线后，本系统先按键回读，再决定是否以同一请求号重发。
7. 任何列和参数都不含列表：一行只说一件事，多项另起行或用辅助视图。
8. 列分两类：必备列由提供该视图的 HIS 给出（不必填的可以为空）；扩充列 HIS 有则给出，没有可以不设。
9. Oracle 的空串即 `NULL`：可为空串的列在 Oracle 给出一个空格。
10. 视图和函数的脚本可由映射文件生成：`python manage.py his ddl --engine oracle --mapping 文件 --out 目录`。

"""

SAVE_RULES = """\
- 以 `request_id` 幂等：同一请求号重复调用，返回首次结果，不再产生任何效果，维护日志只有一行。
- 整个调用是一个事务：`code` 为 `0` 即已提交；其他代码表示未作任何修改。
- 记录按键（{key}）新增或修改；HIS 不删除历史。
- 提交后，`{view}` 中同一键的行须立即可见。本系统逐字段回读比对。"""

CALLS = """\
三个函数的调用方式相同，参数按各章次序：

- PostgreSQL：返回一行的函数，`SELECT code, message, his_row_id FROM yw_priv_save(…)`；
- SQL Server、MySQL：存储过程，返回一行 `code, message, his_row_id`；
- Oracle：存储过程，参数之后有三个 `OUT` 参数 `code, message, his_row_id`；
- SQLite（演示）：同名收件表，写入一行参数，由触发器处理并在同一行填写结果列。

操作之后，权限记录的状态：
"""

LAUNCH_RULES = """\
医生站以 URL 打开：`GET <本系统地址>/sso/launch?参数…`

- `sign` 为小写十六进制；密钥和签名方式按接入方（`app`）约定：`HMAC-SHA256(密钥, 签名文本)` 或 `HMAC-SM3(密钥, 签名文本)`。
  只会普通摘要的旧系统可以约定 `MD5` 或 `SHA-1`，对 `签名文本&key=密钥` 计算，须约定最后一天，过后拒绝。
- 签名文本：除 `sign` 外的全部参数，按参数名排序，写成 `k=v&k=v…`，UTF-8，按 RFC 3986 百分号编码
  （不编码的字符只有字母、数字和 `-._~`）。
- 时间与本系统相差超过 120 秒、`nonce` 已用过、`app` 或工号未知、医师不在岗、科室不符，均拒绝，不建立会话。
"""


def render() -> str:
    """The whole chapter as Markdown."""
    return "\n".join(lines()) + "\n"


def lines() -> Iterator[str]:
    yield OPENING.format(version=VERSION).rstrip()
    yield ""
    engines = ("SQL Server", "Oracle", "PostgreSQL", "MySQL", "SQLite")
    yield from table(
        ("类型", *engines), ((TYPES[kind], *cells) for kind, cells in MEANS.items())
    )
    yield from overview()
    chapters = (
        *((view_chapter, view) for view in VIEWS),
        *((function_chapter, function) for function in FUNCTIONS),
    )
    number = 2
    for number, (chapter, item) in enumerate(chapters, start=3):
        yield from chapter(number, item)  # type: ignore[operator]
    yield from answers_chapter(number + 1)
    yield from launch_chapter(number + 2)
    yield from codes_chapter(number + 3)
    yield from demo_chapter(number + 4)
    yield from versions_chapter(number + 5)


def overview() -> Iterator[str]:
    yield "\n## 2 接口一览\n"
    yield "“现用”是本系统目前读取或调用的接口，HIS 须先提供；其余按实施计划提供。\n"
    yield from table(
        ("招标项", "接口", "名称", "用途", "现用"),
        (
            (
                "、".join(item.rows) or "辅助",
                f"`{item.name}`",
                item.title,
                item.purpose,
                "是" if item.in_use else "",
            )
            for item in ALL
        ),
    )


def view_chapter(number: int, view: View) -> Iterator[str]:
    yield f"\n## {number} {view.title} `{view.name}`\n"
    yield f"{tender(view)}{view.purpose}\n"
    yield f"键：{ticked(view.key)}；水位列：`{view.watermark}`。\n"
    yield from column_table(view.columns)
    if view.further:
        yield "\n扩充列：\n"
        yield from column_table(view.further)


def tender(item: View | Function) -> str:
    return f"招标项 {'、'.join(item.rows)}。" if item.rows else ""


def function_chapter(number: int, function: Function) -> Iterator[str]:
    yield f"\n## {number} {function.title} `{function.name}`\n"
    yield f"{tender(function)}{function.purpose}\n"
    yield "参数：\n"
    yield from column_table(function.arguments)
    yield "\n返回一行：\n"
    yield from column_table(function.results)
    yield "\n规则：\n"
    yield SAVE_RULES.format(key=ticked(function.key), view=function.shows)
    yield from (f"- {rule}" for rule in function.rules)
    yield "\n按下列次序判断，首个成立的给出结果；都不成立为 `0` 成功：\n"
    yield from table(
        ("次序", "结果码", "结果说明"),
        (
            (str(place), f"`{rule.code}`", rule.words)
            for place, rule in enumerate(RULES[function.name].rules, start=1)
        ),
    )


def answers_chapter(number: int) -> Iterator[str]:
    yield f"\n## {number} 调用方式、状态与结果码\n"
    yield CALLS
    yield from table(
        ("op", "操作", "status", "状态"),
        (
            (f"`{op}`", codes.OPERATIONS[op], f"`{after}`", codes.LINE_STATUS[after])
            for op, after in codes.STATUS_AFTER.items()
        ),
    )
    yield "\n结果码：\n"
    yield from code_table(codes.ERROR_CODES)


def launch_chapter(number: int) -> Iterator[str]:
    yield f"\n## {number} 启动链接\n"
    yield LAUNCH_RULES
    yield from table(
        ("参数", "含义", "必填"),
        (
            (f"`{name}`", title, "是" if name in launch.REQUIRED else "")
            for name, title in launch.PARAMETERS.items()
        ),
    )
    vector = launch.VECTOR_PARAMETERS
    yield f"\n测试向量（密钥 `{launch.VECTOR_KEY}`）：\n"
    yield from table(
        ("参数", "值"), ((f"`{name}`", f"`{vector[name]}`") for name in vector)
    )
    yield f"\n签名文本：\n\n```\n{launch.signing_text(vector)}\n```\n"
    yield "签名：\n"
    yield from table(
        ("方式", "`sign`"),
        (
            (one.value, f"`{launch.sign(vector, launch.VECTOR_KEY, one)}`")
            for one in launch.Algorithm
        ),
    )


def codes_chapter(number: int) -> Iterator[str]:
    yield f"\n## {number} 代码表"
    for name, meanings in CODE_TABLES.items():
        yield f"\n### {table_title(name)} `{name}`\n"
        yield from code_table(meanings)


def demo_chapter(number: int) -> Iterator[str]:
    """What the demo HIS lacks, from its mapping."""
    mapping = load(DEMO)
    titles = {item.name: item.title for item in ALL}
    yield f"\n## {number} {mapping.name} 的暂缺\n"
    yield f"{mapping.name} 未提供的接口：\n"
    yield from table(
        ("接口", "名称", "原因"),
        ((f"`{name}`", titles[name], why) for name, why in mapping.missing.items()),
    )
    yield "\n已提供的视图中，以下必备列为空：\n"
    yield from table(
        ("视图", "列", "名称"),
        (
            (f"`{view.view.name}`", f"`{column.name}`", column.title)
            for view in mapping.views.values()
            for column in not_offered(view)
        ),
    )
    yield ""
    for name, where in mapping.provided.items():
        yield f"`{name}` 不由映射生成：{where}。"


def versions_chapter(number: int) -> Iterator[str]:
    yield f"\n## {number} 版本\n"
    yield from table(
        ("版本", "日期", "变化"),
        (
            (version.number, version.day, "；".join(version.changes))
            for version in VERSIONS
        ),
    )


def column_table(columns: Sequence[Column]) -> Iterator[str]:
    return table(
        ("列", "名称", "类型", "长度", "必填", "单位", "示例", "说明"),
        (
            (
                f"`{column.name}`",
                column.title,
                TYPES[column.type],
                size(column),
                "" if column.nullable else "是",
                column.unit,
                column.shown_example,
                remark(column),
            )
            for column in columns
        ),
    )


def size(column: Column) -> str:
    if column.type is Type.NUMBER:
        return f"{column.precision}, {column.scale}"
    return str(column.length or "")


def remark(column: Column) -> str:
    found = f"代码表 `{table_name(column.codes)}`" if column.codes else ""
    return "；".join(word for word in (column.note, found) if word)


def code_table(meanings: dict[str, str]) -> Iterator[str]:
    return table(
        ("代码", "含义"), ((f"`{code}`", name) for code, name in meanings.items())
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(row)} |"


def ticked(names: Iterable[str]) -> str:
    return " + ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    sys.stdout.write(render())
