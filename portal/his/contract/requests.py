"""Intermediate tables (中间表): what a vendor offers who lets nobody call functions.

One table for each maintenance function, named after it. We put a row in and never touch
it again; the HIS takes it, acts as the function would, and writes in the same row what
came of it. A row is one request: its ``request_id`` is the key.
"""

from __future__ import annotations

from portal.his.contract.columns import code, moment, must
from portal.his.contract.interfaces import FUNCTIONS
from portal.his.contract.shape import Column, Function

TO_DO, DONE, REFUSED = "0", "1", "2"
HANDLING = {TO_DO: "待处理", DONE: "已处理", REFUSED: "拒绝"}
STATE = must(code("state", "处理状态", 1, HANDLING))
SENT_AT = must(moment("sent_at", "写入时间"))
DONE_AT = moment("done_at", "处理时间")


def table_of(function: Function) -> str:
    """``YW_PRIV_SAVE_REQ``."""
    return f"{function.name}_REQ"


def asked(function: Function) -> tuple[Column, ...]:
    """What we write."""
    return (*function.arguments, STATE, SENT_AT)


def answered(function: Function) -> tuple[Column, ...]:
    """What the HIS writes, beside the state."""
    return (*function.results, DONE_AT)


TABLES = {table_of(function): function for function in FUNCTIONS}
