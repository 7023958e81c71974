"""Whether the intermediate tables of a target stand as agreed; see ``contract.requests``.

They are no case of the sheet: a HIS has them only where it lets nobody call functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.his.conformance.columns import Columns, fits
from portal.his.conformance.result import Found, Outcome, failed, not_run, passed
from portal.his.contract.interfaces import FUNCTIONS
from portal.his.contract.requests import answered, asked, table_of
from portal.his.contract.shape import Function
from portal.his.gateway import HisMisconfigured, HisUnavailable
from portal.his.sql.inspection import SqlInspection
from portal.his.sql.requests import PREFIX, RequestWriter
from portal.his.targets import Target

NOT_TRIED = "写入权限须加 --write 才试（试写的语句不触及任何行）"
BAD = frozenset({Outcome.FAILED, Outcome.UNCHECKED})


@dataclass(frozen=True)
class TableLook:
    """One table of one target and what was found."""

    target: str
    table: str
    answer: Found

    @property
    def is_bad(self) -> bool:
        return self.answer.outcome in BAD


def looks_at(target: Target, deadline: float, *, may_write: bool) -> list[TableLook]:
    """One look for each function it is told by; none where it has no such tables.

    No call waits longer than ``deadline`` seconds. ``may_write``: the rights are tried
    with statements that touch no row.
    """
    if not target.dsn.startswith(PREFIX):
        return []
    writer = RequestWriter(target.dsn, deadline, "HIS_PUSH_DSN")
    lacking = target.lacking()
    try:
        return [
            TableLook(
                target.title, table_of(function), look(writer, function, may_write)
            )
            for function in FUNCTIONS
            if function.name not in lacking
        ]
    finally:
        writer.close()


def look(writer: RequestWriter, function: Function, may_write: bool) -> Found:
    inspection, name = SqlInspection(writer), table_of(function)
    engine = writer.engine
    try:
        found = inspection.columns_of(name)
    except HisMisconfigured as problem:
        return failed(
            f"有表 {name}，本账号可以查看",
            f"没有这个表，或不能查看（{problem.problem}）",
            f"请 DBA 执行 manage.py his tables --engine {engine} 生成的脚本（可以重复执行）",
        )
    except HisUnavailable as problem:
        return Found(
            Outcome.UNCHECKED,
            found=str(problem),
            advice="请检查中间表所在数据库的地址、网络与服务后重试",
        )
    wrong = "；".join(faults(function, {one.name: one for one in found}))
    if wrong:
        return failed(
            f"{name} 的列与约定一致",
            wrong,
            f"已有的表不会被脚本改动：请 DBA 对照 manage.py his tables --engine {engine} 改列",
        )
    return rights(inspection, name, engine, may_write)


def faults(function: Function, found: Columns) -> Iterator[str]:
    """Columns that are missing, or hold something else."""
    wanted = (*asked(function), *answered(function))
    if lacking := [one.name for one in wanted if one.name not in found]:
        yield f"缺 {len(lacking)} 列：{'、'.join(lacking)}"
    for one in wanted:
        if one.name in found and not fits(one, found[one.name]):
            yield f"{one.name} 为 {found[one.name].spelled}，应为 {one.type}"


def rights(inspection: SqlInspection, name: str, engine: str, may_write: bool) -> Found:
    """We put rows in and look at them; what is there is the business of the HIS."""
    if not inspection.has_logins:
        return passed()
    if not may_write:
        return not_run(f"表和列都在；{NOT_TRIED}")
    lacks = [] if inspection.takes_rows(name) else ["不能写入（INSERT）"]
    if inspection.may_delete(name):
        lacks.append("可以删除（DELETE）")
    if lacks:
        return failed(
            f"本账号对 {name} 只能写入和查看",
            "、".join(lacks),
            f"请 DBA 按 manage.py his tables --engine {engine} 末尾的 GRANT 授权，收回其余",
        )
    return passed()
