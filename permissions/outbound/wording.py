"""Rows of the HIS as messages, and messages as the rows they leave."""

from __future__ import annotations

from collections.abc import Iterable

from permissions.models import GrantEvent
from permissions.outbound.table import IN_FORCE, Right, Row, RowKey, Step, Table, after
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
            table = after(table, [Step(message.op, key, message.valid_to, value)])
    return table


def message_of(step: Step, event: GrantEvent, by: User) -> Said:
    """The complete call; the request id is given by the outbox."""
    grant, right = event.grant, step.key.right
    if right.function == OP:
        return DoctorOpSave(
            request_id="",
            op=step.op,
            emp_no=grant.practitioner.emp_no,
            his_item_id=right.item,
            right_kind=right.code,
            setting=right.setting,
            valid_from=step.key.first_day,
            valid_to=step.last_day,
            reason=event.reason,
            doc_no=grant.doc_no,
            operator=by.staff_no,
        )
    return PrivSave(
        request_id="",
        op=step.op,
        emp_no=grant.practitioner.emp_no,
        priv_code=right.code,
        setting=right.setting,
        item_code=right.item,
        his_value=step.value,
        valid_from=step.key.first_day,
        valid_to=step.last_day,
        reason=event.reason,
        doc_no=grant.doc_no,
        operator=by.staff_no,
    )
