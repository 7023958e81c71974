"""What the catalogue of the HIS says of a view, held to the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portal.his.conformance.result import Found, failed, not_run, passed
from portal.his.contract.shape import Column, View
from portal.his.sql.inspection import FoundColumn

Columns = Mapping[str, FoundColumn]


def unreadable(view: View, why: str) -> Found:
    return failed(
        f"有视图 {view.name}，本账号可以读取",
        f"没有这个视图，或不能读取（{why}）",
        "请建立视图并授予 SELECT，脚本见 manage.py his ddl；确实没有的写进映射的 [missing]",
    )


def complete(view: View, found: Columns) -> Found:
    lacking = [name for name in view.column_names if name not in found]
    if lacking:
        return failed(
            f"{len(view.columns)} 个必备列都在",
            f"缺 {len(lacking)} 列：{'、'.join(lacking)}",
            "请在视图中补上；没有来源的不必填列给 NULL",
        )
    return passed(f"{len(view.columns)} 列")


def nothing_more(view: View, found: Columns) -> Found:
    known = {column.name for column in view.all_columns}
    extra = sorted(set(found) - known)
    if extra:
        return failed(
            "只有约定的必备列和扩充列",
            f"多 {len(extra)} 列：{'、'.join(extra[:5])}",
            "请从视图中去掉；需要的列先写进约定",
        )
    offered = sum(column.name in found for column in view.further)
    return passed(f"另有扩充列 {offered} 列" if offered else "")


def typed(view: View, found: Columns) -> Found:
    """A column whose type is not to be seen cannot fail."""
    known = [column for column in view.all_columns if column.name in found]
    wrong = [column for column in known if not fits(column, found[column.name])]
    if wrong:
        named = "、".join(f"{c.name} 为 {found[c.name].spelled}" for c in wrong[:5])
        wanted = "、".join(f"{c.name} {c.type}" for c in wrong[:5])
        return failed(
            f"类型与约定一致：{wanted}",
            f"{len(wrong)} 列不符：{named}",
            "请在视图中用 CAST 转为约定的类型",
        )
    unseen = sum(found[column.name].holds is None for column in known)
    remarks = [f"{unseen} 列看不到类型"] if unseen else []
    remarks += [
        f"{c.name} 声明长度 {length}，约定 {c.length}，超长的行会被隔离"
        for c in known
        if c.length and (length := found[c.name].length or 0) > c.length
    ]
    return passed("；".join(remarks))


def fits(column: Column, found: FoundColumn) -> bool:
    return found.holds is None or column.type in found.holds


def unasked(view: View, names: Sequence[str]) -> dict[str, Found]:
    """Questions that make no sense while columns are missing."""
    why = not_run("必备列不齐，见第 02 项")
    checks = ["speed"]
    if set(view.key) - set(names):
        checks += ["keys", "unique"]
    if view.watermark not in names:
        checks += ["watermark", "future"]
    return dict.fromkeys(checks, why)
