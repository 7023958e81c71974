"""Every code table the contract uses, by the name it has in its module."""

from __future__ import annotations

from collections.abc import Iterator

from portal.his.contract import codes
from portal.his.contract.codes import clinical, front_page, national
from portal.his.contract.interfaces import FUNCTIONS, VIEWS
from portal.his.contract.shape import Column

MODULES = (codes, clinical, national, front_page)


def all_columns() -> Iterator[Column]:
    for view in VIEWS:
        yield from view.all_columns
    for function in FUNCTIONS:
        yield from function.arguments
        yield from function.results


def named() -> dict[str, dict[str, str]]:
    """In the order of the modules, only what some column uses."""
    used = {id(column.codes) for column in all_columns() if column.codes is not None}
    return {
        name: table
        for module in MODULES
        for name, table in vars(module).items()
        if isinstance(table, dict) and id(table) in used
    }


CODE_TABLES = named()
NAMES = {id(table): name for name, table in CODE_TABLES.items()}


# Where the first column that uses a table would name it too narrowly.
TITLES = {
    "CHANGE_TARGETS": "维护对象",
    "GRADES": "手术等级",
    "INCISIONS": "切口类别",
    "LINE_STATUS": "权限状态",
    "PRACTITIONER_STATUS": "医师状态",
    "PROCEDURE_CATEGORIES": "手术操作类别",
    "SAVE_MODES": "维护方式",
    "SETTINGS": "场合",
    "SIDES": "侧别",
    "TEAM_ROLES": "手术角色",
    "YES_NO": "是否",
}


def table_title(name: str) -> str:
    """In Chinese: what the first column with these codes is called."""
    table = CODE_TABLES[name]
    first = next(column for column in all_columns() if column.codes is table)
    return TITLES.get(name, first.title)


def table_name(table: dict[str, str]) -> str:
    return NAMES[id(table)]
