"""Writing the ledger: event, state and promise together, one line for all acts."""

from __future__ import annotations

from datetime import datetime

from permissions.enums import EventKind
from permissions.models import Application, GrantEvent, GrantState
from permissions.outbound import message_for, stream_of
from permissions.queries.ledger import STATUS_AFTER
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.outbox.services import enqueue


def locked_practitioner(practitioner_id: int) -> Practitioner:
    """Acts about one person wait here for one another."""
    return Practitioner.objects.select_for_update().get(pk=practitioner_id)


def dated(row: Application | GrantState, at: datetime) -> None:
    """The history row of the next save carries the moment of the act."""
    row._history_date = at  # type: ignore[union-attr]  # read by simple-history


def write(event: GrantEvent, state: GrantState, *, by: User) -> None:
    """Append the event, bring the state up to it, promise to tell the HIS."""
    event.save()
    state.status = STATUS_AFTER[EventKind(event.kind)]
    state.last_event = event
    dated(state, event.recorded_at)
    state.save()
    enqueue(
        message=message_for(event, grant=event.grant, by=by),
        stream=stream_of(event.grant.practitioner.emp_no),
        subject=event.subject,
        at=event.recorded_at,
    )
