"""The interface chapter both sides sign, written from the contract.

``python -m portal.his.contract.document`` prints ``docs/his-contract.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence

from portal.his.contract import codes, launch
from portal.his.contract.interfaces import V_YW_DOCTOR_PRIV, VIEWS, YW_PRIV_SAVE
from portal.his.contract.shape import Column, Type, View

TYPES = {
    Type.TEXT: "文本",
    Type.INTEGER: "整数",
    Type.DATE: "日期",
    Type.MOMENT: "时间",
}
MEANS = {
    Type.TEXT: ("`VARCHAR(n)`，长度按字符计", "`TEXT`"),
    Type.INTEGER: ("`INTEGER`", "`INTEGER`"),
    Type.DATE: ("`DATE`，不带时间", "`TEXT`：`2026-11-23`"),
    Type.MOMENT: (
        "`TIMESTAMP`，不带时区，HIS 本地时间，精确到秒",
        "`TEXT`：`2026-11-23 10:18:00`",
    ),
}

OPENING = """\
# HIS 接口约定

<!-- 本章由 portal/his/contract 生成，请勿手改：
     .venv/bin/python -m portal.his.contract.document > docs/his-contract.md -->

本章是医务管理系统与 HIS 之间的接口约定：三个只读视图、一个维护函数，以及医生站打开本系统的启动链接。
HIS 方按本章提供视图和函数；本系统只读取本章列出的列，只调用本章列出的函数，不直接写 HIS 的任何表。

## 1 总则

1. HIS 提供一个专用账号：对视图只有 `SELECT`，对函数只有 `EXECUTE`。
2. 视图和函数的名称不区分大小写。文本末尾的空格由本系统去除；工号等编码按文本处理，保留前导零。
3. 日期均含当日：`valid_to` 是有效的最后一天，空为长期。
4. 同一视图内，键不得重复。缺必填值、代码不在代码表内、超过长度的行由本系统隔离，不影响其他行。
5. 视图给出全部行；本系统按键与内容全量比对。消失超过 5 行且超过两成时，本系统不采用该次结果。
6. 每次调用都有时限（默认 10 秒）。超时或断线后，本系统先按键回读，再决定是否以同一请求号重发。

| 类型 | PostgreSQL 等 | SQLite |
|---|---|---|
"""

SAVE_RULES = """\
- 以 `request_id` 幂等：同一请求号重复调用，返回首次结果，不再产生任何效果，日志只有一行。
- 整个调用是一个事务：`code` 为 `0` 即已提交；其他代码表示未作任何修改。
- 记录按键（{key}）新增或修改；HIS 不删除历史。
- 提交后，`{view}` 中同一键的行须立即可见，状态如下表。本系统逐字段回读比对。
- 调用方式：PostgreSQL 为返回一行的函数，`SELECT {results} FROM {function}(…)`，参数按上表次序；
  SQLite（演示）为同名收件表：写入一行参数，由触发器处理并在同一行填写结果列。
"""

LAUNCH_RULES = """\
医生站以 URL 打开：`GET <本系统地址>/sso/launch?参数…`

- `sign` 为 `HMAC-SHA256(密钥, 签名文本)` 的小写十六进制；密钥按接入方（`app`）分配。
- 签名文本：除 `sign` 外的全部参数，按参数名排序，写成 `k=v&k=v…`，UTF-8，按 RFC 3986 百分号编码
  （不编码的字符只有字母、数字和 `-._~`）。
- 时间与本系统相差超过 120 秒、`nonce` 已用过、`app` 或工号未知、医师不在岗、科室不符，均拒绝，不建立会话。
"""


def render() -> str:
    """The whole chapter as Markdown."""
    return "\n".join(lines()) + "\n"


def lines() -> Iterator[str]:
    yield OPENING.rstrip()
    for kind, (elsewhere, sqlite) in MEANS.items():
        yield f"| {TYPES[kind]} | {elsewhere} | {sqlite} |"
    for number, view in enumerate(VIEWS, start=2):
        yield from view_chapter(number, view)
    number = len(VIEWS) + 2
    yield from save_chapter(number)
    yield from launch_chapter(number + 1)


def view_chapter(number: int, view: View) -> Iterator[str]:
    yield f"\n## {number} {view.title} `{view.name}`\n"
    yield f"键：{ticked(view.key)}；水位列：`{view.watermark}`。\n"
    yield from column_table(view.columns)
    yield from code_tables(view.columns)


def save_chapter(number: int) -> Iterator[str]:
    function = YW_PRIV_SAVE
    yield f"\n## {number} {function.title} `{function.name}`\n"
    yield "参数：\n"
    yield from column_table(function.arguments)
    yield "\n返回一行：\n"
    yield from column_table(function.results)
    yield "\n规则：\n"
    yield SAVE_RULES.format(
        key=ticked(V_YW_DOCTOR_PRIV.key),
        view=V_YW_DOCTOR_PRIV.name,
        results=", ".join(column.name for column in function.results),
        function=function.name,
    )
    yield "操作之后，记录的状态：\n"
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
    yield f"签名：\n\n```\n{launch.sign(vector, launch.VECTOR_KEY)}\n```"


def column_table(columns: Sequence[Column]) -> Iterator[str]:
    return table(
        ("列", "名称", "类型", "长度", "必填", "说明"),
        (
            (
                f"`{column.name}`",
                column.title,
                TYPES[column.type],
                str(column.length or ""),
                "" if column.nullable else "是",
                remark(column),
            )
            for column in columns
        ),
    )


def remark(column: Column) -> str:
    words = [column.note, "见代码表" if column.codes else ""]
    return "；".join(word for word in words if word)


def code_tables(columns: Sequence[Column]) -> Iterator[str]:
    for column in columns:
        if column.codes:
            yield f"\n代码表 `{column.name}` {column.title}：\n"
            yield from code_table(column.codes)


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
