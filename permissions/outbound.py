"""Our ledger lines as messages for the HIS (domain 9.4).

On the other side: ``YW_PRIV_SAVE`` of ``portal.his.contract``. Days are whole, the last
one included; each line is told apart by practitioner, privilege, setting, item and
first day, so a later message finds the line of an earlier one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from permissions.enums import EventKind, GrantStatus, SurgicalRole
from permissions.ledger import Standing
from permissions.models import Grant, GrantEvent, GrantState, Privilege
from portal.accounts.models import User
from portal.his.contract.codes import STATUS_AFTER
from portal.his.messages import PrivSave
from portal.parameters.days import day_of, last_day_of, start_of

OPERATIONS = {
    EventKind.GRANT: "ADD",
    EventKind.SUSPEND: "SUSPEND",
    EventKind.RESTORE: "RESTORE",
    EventKind.REVOKE: "REVOKE",
    EventKind.DOWNGRADE: "REVOKE",
    EventKind.VOID: "VOID",
    EventKind.RENEW: "UPDATE",
}
# Roles a row of the HIS can mean; 开单 has a privilege of its own.
SPOKEN_ROLES = frozenset({SurgicalRole.NONE, SurgicalRole.OPERATE})
ORDERING = "SG05"


@dataclass(frozen=True)
class Call:
    """One promise to the HIS; ``not_before`` None is at once."""

    message: PrivSave
    subject: str
    not_before: datetime | None = None


def stream_of(emp_no: str) -> str:
    """Messages about one practitioner are sent in order, one at a time."""
    return f"practitioner:{emp_no}"


def his_value_of(privilege: Privilege) -> str:
    """What the catalogue says; else the level, and without one just: granted."""
    return privilege.his_value or privilege.level or "1"


def last_day_for(grant: Grant, standing: Standing) -> date | None:
    """The last day the HIS is told; a revoked right ends on the day of revocation."""
    if standing.ended_at is None:
        return last_day_of(standing.span.valid_to)
    # A right revoked before it began must still be a span of days for the HIS.
    return max(day_of(standing.ended_at), day_of(grant.valid_from))


@dataclass(frozen=True)
class Told:
    """A row of the HIS as our messages leave it; ``last_day`` None is without end."""

    emp_no: str
    priv_code: str
    setting: str
    item_code: str
    first_day: date
    status: str
    last_day: date | None

    @property
    def key(self) -> tuple[str, str, str, str, date]:
        """The key of the row in the contract."""
        return (
            self.emp_no,
            self.priv_code,
            self.setting,
            self.item_code,
            self.first_day,
        )


STATUS_OP = {
    GrantStatus.ACTIVE: "ADD",
    GrantStatus.SUSPENDED: "SUSPEND",
    GrantStatus.REVOKED: "REVOKE",
    GrantStatus.VOID: "VOID",
}


def told(grant: Grant, standing: Standing, at: datetime | None = None) -> Told | None:
    """The row a line has in the HIS; None for one the HIS cannot hold.

    ``at``: a suspension that had ended by then has been taken back there.
    """
    if not is_told(grant):
        return None
    status = standing.status
    if at is not None and status is GrantStatus.SUSPENDED:
        status = standing.status_at(at)
    return Told(
        emp_no=grant.practitioner.emp_no,
        priv_code=grant.privilege.code,
        setting=grant.setting,
        item_code=grant.item_code,
        first_day=day_of(grant.valid_from),
        status=STATUS_AFTER[STATUS_OP[status]],
        last_day=last_day_for(grant, standing),
    )


def is_told(grant: Grant) -> bool:
    """Whether the HIS has a row for this line.

    ``YW_PRIV_SAVE`` knows one row per privilege, item and setting: it speaks of
    operating. It has no word for a single visit, nor for the other roles; told of
    those, it would let the holder do more than was granted. They hold with us, and the
    station asks us.
    """
    if grant.visit_no:
        return False
    return grant.role in SPOKEN_ROLES or grant.privilege.code == ORDERING


def shares_its_row(grant: Grant) -> bool:
    """Whether another living line has the same row: left and right, two campuses.

    The HIS knows no side and no campus, so such lines of one first day are one row.
    """
    if not (grant.side or grant.campus):
        return False
    first = start_of(day_of(grant.valid_from))
    return (
        GrantState.objects.filter(
            practitioner=grant.practitioner_id,
            privilege=grant.privilege_id,
            item_code=grant.item_code,
            setting=grant.setting,
            role=grant.role,
            status=GrantStatus.ACTIVE,
            valid_from__gte=first,
            valid_from__lt=first + timedelta(days=1),
        )
        .exclude(grant=grant)
        .exists()
    )


def calls_for(event: GrantEvent, standing: Standing, *, by: User) -> list[Call]:
    """Everything the HIS must be told of an event; ``standing`` is the line after it."""
    grant = event.grant
    if not is_told(grant):
        return []
    last_day = last_day_for(grant, standing)
    op = OPERATIONS[EventKind(event.kind)]
    if shares_its_row(grant) and op != "UPDATE":
        # The other line keeps the row as it is, for better and for worse.
        return []
    calls = [Call(_message(op, event, last_day, by), event.subject)]
    if event.kind == EventKind.SUSPEND and event.until is not None:
        # The HIS knows no end of a suspension: it is told when that day comes. A
        # change before that day supersedes the waiting message.
        back = _message("RESTORE", event, last_day, by)
        calls.append(Call(back, f"permissions.suspensionend:{event.pk}", event.until))
    return calls


def _message(op: str, event: GrantEvent, last_day: date | None, by: User) -> PrivSave:
    """The complete call; the request id is given by the outbox."""
    grant = event.grant
    return PrivSave(
        request_id="",
        op=op,
        emp_no=grant.practitioner.emp_no,
        priv_code=grant.privilege.code,
        setting=grant.setting,
        item_code=grant.item_code,
        his_value=his_value_of(grant.privilege),
        valid_from=day_of(grant.valid_from),
        valid_to=last_day,
        reason=event.reason,
        doc_no=grant.doc_no,
        operator=by.staff_no,
    )
