"""Rows of the HIS as messages, and messages as the rows they leave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from permissions.models import GrantEvent
from permissions.outbound.table import (
    IN_FORCE,
    Right,
    Row,
    RowKey,
    Step,
    Table,
    row_after,
)
from permissions.outbound.ways import OP, PRIV
from portal.accounts.models import User
from portal.his.messages import DoctorOpSave, DoctorOpSet, PrivSave
from portal.outbox.kinds import Call as Said


def right_of(message: PrivSave | DoctorOpSave) -> Right:
    if isinstance(message, PrivSave):
        return Right(PRIV, message.priv_code, message.item_code, message.setting)
    return Right(OP, message.right_kind, message.his_item_id, message.setting)


def told_by(messages: Iterable[Said]) -> Table:
    """The rows as these messages leave them, in the order they were promised."""
    table: Table = {}
    for message in messages:
        if isinstance(message, DoctorOpSet):
            table = {k: row for k, row in table.items() if k.right.function != OP}
            for line in message.lines:
                right = Right(OP, line.right_kind, line.his_item_id, line.setting)
                key = RowKey(right, line.valid_from)
                table[key] = Row(IN_FORCE, line.valid_to)
        elif isinstance(message, PrivSave | DoctorOpSave):
            key = RowKey(right_of(message), message.valid_from)
            value = message.his_value if isinstance(message, PrivSave) else ""
            step = Step(message.op, key, message.valid_to, value)
            table[key] = row_after(table.get(key), step)
    return table


def message_of(step: Step, event: GrantEvent, by: User) -> Said:
    """The complete call for an act; the request id is given by the outbox."""
    grant = event.grant
    about = About(grant.practitioner.emp_no, event.reason, grant.doc_no, by.staff_no)
    return call_of(step, about)


@dataclass(frozen=True)
class About:
    """Whose row, why, by which document and by whom."""

    emp_no: str
    reason: str
    doc_no: str
    operator: str


def call_of(step: Step, about: About) -> Said:
    right = step.key.right
    shared: dict[str, Any] = {
        **asdict(about),
        "request_id": "",
        "op": step.op,
        "setting": right.setting,
        "valid_from": step.key.first_day,
        "valid_to": step.last_day,
    }
    if right.function == OP:
        return DoctorOpSave(his_item_id=right.item, right_kind=right.code, **shared)
    return PrivSave(
        priv_code=right.code, item_code=right.item, his_value=step.value, **shared
    )
