"""Our ledger lines as messages for the HIS (domain 9.4).

On the other side: ``YW_PRIV_SAVE`` of ``portal.his.contract``. Days are whole, the last
one included; each line is told apart by practitioner, privilege, setting, item and
first day, so a later message finds the line of an earlier one.
"""

from __future__ import annotations

from datetime import date

from permissions.enums import EventKind
from permissions.models import Grant, GrantEvent, Privilege
from portal.accounts.models import User
from portal.his.messages import PrivSave
from portal.parameters.days import day_of, last_day_of

OPERATIONS = {
    EventKind.GRANT: "ADD",
    EventKind.SUSPEND: "SUSPEND",
    EventKind.RESTORE: "RESTORE",
    EventKind.REVOKE: "REVOKE",
    EventKind.VOID: "VOID",
}


def stream_of(emp_no: str) -> str:
    """Messages about one practitioner are sent in order, one at a time."""
    return f"practitioner:{emp_no}"


def his_value_of(privilege: Privilege) -> str:
    """What the catalogue says; else the level, and without one just: granted."""
    return privilege.his_value or privilege.level or "1"


def last_day_for(event: GrantEvent, grant: Grant) -> date | None:
    """The last day the HIS is told; a revoked right ends on the day of revocation."""
    if event.kind != EventKind.REVOKE:
        return last_day_of(grant.valid_to)
    # A right revoked before it began must still be a span of days for the HIS.
    return max(day_of(event.effective_at), day_of(grant.valid_from))


def message_for(event: GrantEvent, *, grant: Grant, by: User) -> PrivSave:
    """The complete call; the request id is given by the outbox."""
    return PrivSave(
        request_id="",
        op=OPERATIONS[EventKind(event.kind)],
        emp_no=grant.practitioner.emp_no,
        priv_code=grant.privilege.code,
        setting=grant.setting,
        item_code=grant.item_code,
        his_value=his_value_of(grant.privilege),
        valid_from=day_of(grant.valid_from),
        valid_to=last_day_for(event, grant),
        reason=event.reason,
        doc_no=grant.doc_no,
        operator=by.staff_no,
    )
