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


def table_name(table: dict[str, str]) -> str:
    return NAMES[id(table)]
