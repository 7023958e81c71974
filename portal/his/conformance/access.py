"""Whether we reach the HIS, and whether our login can do no more than agreed."""

from __future__ import annotations

from portal.his.conformance.door import Door
from portal.his.conformance.result import Found, failed, not_run, passed, unprovable
from portal.his.contract.interfaces import VIEWS

NAMES = frozenset(view.name.lower() for view in VIEWS)
SHOWN = 5
NO_LOGINS = "这种来源没有账号与授权可看"
NOT_ASKED = "须加 --write：试写的语句不触及任何行，但仍是写语句"


def reach(seconds: float) -> Found:
    return passed(f"应答 {seconds * 1000:.1f} 毫秒")


def only(door: Door) -> Found:
    if not door.has_logins:
        return unprovable(NO_LOGINS)
    relations = door.relations()
    extra = [
        name
        for name in relations
        if name.split(".")[-1].lower() not in NAMES and door.is_readable(name)
    ]
    if extra:
        return failed(
            "本账号只能读取约定的视图",
            f"另可读 {len(extra)} 个：{'、'.join(sorted(extra)[:SHOWN])}",
            "请收回其余授权，账号只要视图的 SELECT 和维护函数的 EXECUTE",
        )
    return passed(f"看得到名称的 {len(relations)} 个中没有可读的其他表和视图")


def readonly(door: Door, *, may_write: bool) -> Found:
    if not door.has_logins:
        return unprovable(NO_LOGINS)
    if not may_write:
        return not_run(NOT_ASKED)
    writable = [name for name in door.relations() if door.is_writable(name)]
    if writable:
        return failed(
            "本账号不能直接写入任何表和视图",
            f"可写 {len(writable)} 个：{'、'.join(sorted(writable)[:SHOWN])}",
            "请收回 INSERT、UPDATE、DELETE；修改只经维护函数",
        )
    return passed()
