"""The manual of the check: how it is run at a site, how it is read, what it asks.

``python -m portal.his.conformance.document`` prints ``docs/his-conformance.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from portal.his.conformance.cases import (
    ACCESS,
    VIEW_CHECKS,
    Case,
    all_cases,
    short,
)
from portal.his.conformance.limits import Limits
from portal.his.conformance.result import TITLES, Outcome
from portal.his.contract.document import table
from portal.his.contract.interfaces import FUNCTIONS, VIEWS
from portal.his.contract.versions import VERSION

LIMITS = Limits()

OPENING = f"""\
# HIS 接口符合性检查

<!-- 本章由 portal/his/conformance 生成，请勿手改：
     .venv/bin/python -m portal.his.conformance.document > docs/his-conformance.md -->

接口约定版本 {VERSION}。约定本身见 [his-contract.md](his-contract.md)。

`python manage.py his check` 按编号逐项检查一个 HIS 是否守约。各项由接口约定生成：约定改了，检查随之改变。
结果可以打印成一张表，由 HIS 厂商、医务管理系统厂商和医院签字。

## 1 怎样执行

先只读，后试写：

```
python manage.py his check --mapping 本院.toml
python manage.py his check --mapping 本院.toml --write --doctor 测试工号 --procedure 测试项目ID \\
    --product "HIS 名称 版本" --html 结果.html --pdf 结果.pdf
```

| 参数 | 含义 |
|---|---|
| `--dsn` | 要检查的 HIS；不写则为 `HIS_DSN` |
| `--mapping` | 本院的映射文件；其中 `[missing]` 声明暂缺的接口不检查，结果为“声明暂缺” |
| `--only YW-DRUG` | 只检查一个接口，或写全编号只检查一项 |
| `--write --doctor` | 允许调用维护函数，只对这个测试医生；两个参数须一起给出 |
| `--procedure` | 一个测试手术项目的 HIS 项目ID；等级维护 `YW_OPGRADE_SAVE` 只对它试，不给则不试 |
| `--hospital`、`--product` | 结果表的抬头；医院默认取 `HOSPITAL_NAME` |
| `--json`、`--html`、`--pdf` | 机器可读的结果、打印用网页、PDF |

退出码：0 执行的各项全部通过；1 有不通过或未能检查的；2 HIS 没有应答（或连接设置不对）。

请用医院给本系统的那个账号执行，否则“连接与授权”各项没有意义。

## 2 会不会动到 HIS

不加 `--write` 时只读视图，不写任何东西。加了以后：

1. 医生权限和手术权限只写在测试医生名下，日期在十年以后，任何时候都不产生真实的权限；
   试“医生已停用”时会以一名停用医生的工号请求新增，守约的 HIS 会拒绝。
2. 每次试过的记录最后都作废；HIS 不删除历史，所以留下状态为“取消”或“作废”的行和维护日志。结果表写明留下几行。
3. 等级维护会把 `--procedure` 的等级改动片刻，再改回原值；生效日期用原来的。
4. “不能直接写入”用不触及任何行的 `DELETE … WHERE 1 = 0` 试，HIS 应当拒绝。
5. 整批替换会取消医生的其他有效手术权限：测试医生已有有效的手术权限时，这两项不试。
6. 中途 HIS 停止应答的，检查结束并写明可能留下的记录，HIS 恢复后再执行一次即可看到。

## 3 怎样读结果

| 结果 | 含义 |
|---|---|
| {TITLES[Outcome.PASSED]} | 与约定一致 |
| {TITLES[Outcome.FAILED]} | 不一致；写明应为、实为（行数和至多三个键，不含姓名）和下一步 |
| {TITLES[Outcome.UNCHECKED]} | 检查中出错，原因写在“所见”；与不通过一样须处理 |
| {TITLES[Outcome.NOT_RUN]} | 没有要求执行，或前一项须先通过 |
| {TITLES[Outcome.UNPROVABLE]} | 从外部无法证明，由 HIS 方说明或演示；不算通过，也不算不通过 |
| {TITLES[Outcome.LACKING]} | 映射中声明 HIS 没有这个接口 |

速度的上限：全表读取 {LIMITS.start:.0f} 秒加每 {LIMITS.rows_per_second:,} 行 1 秒；一次调用的中位数 \
{LIMITS.call * 1000:.0f} 毫秒，单行回读的中位数 {LIMITS.read_back * 1000:.0f} 毫秒。
每个视图至多读取 {LIMITS.rows:,} 行，没有读完的在结果表末尾写明，引用它的检查随之略去。

列的类型只有 SQL 数据库看得到，SQLite 看不到表达式的类型；看不到的不判。
"""


def render() -> str:
    return "\n".join(lines()) + "\n"


def lines() -> Iterator[str]:
    cases = all_cases()
    yield OPENING.rstrip()
    yield "\n## 4 连接与授权\n"
    yield from case_table([case for case in cases if case.interface == ACCESS])
    yield "\n## 5 视图\n"
    yield "每个视图问同样的问题，同一问题在各视图编号相同；不适用的跳过。\n"
    yield from table(
        ("序号", "检查项"),
        (
            (f"{place:02d}", title)
            for place, (_, title, _) in enumerate(VIEW_CHECKS, start=1)
        ),
    )
    yield ""
    yield from table(
        ("编号", "视图", "名称", "项数", "跳过"),
        (
            (
                f"`YW-{short(view.name)}-…`",
                f"`{view.name}`",
                view.title,
                str(len(asked(cases, view.name))),
                "、".join(skipped(asked(cases, view.name))),
            )
            for view in VIEWS
        ),
    )
    for number, function in enumerate(FUNCTIONS, start=6):
        yield f"\n## {number} {function.title} `{function.name}`\n"
        yield from case_table(asked(cases, function.name))


def asked(cases: tuple[Case, ...], interface: str) -> list[Case]:
    return [case for case in cases if case.interface == interface]


def skipped(cases: list[Case]) -> Iterator[str]:
    there = {case.check for case in cases}
    for place, (check, _, _) in enumerate(VIEW_CHECKS, start=1):
        if check not in there:
            yield f"{place:02d}"


def case_table(cases: list[Case]) -> Iterator[str]:
    return table(
        ("编号", "检查项"), ((f"`{case.number}`", case.title) for case in cases)
    )


if __name__ == "__main__":
    sys.stdout.write(render())
