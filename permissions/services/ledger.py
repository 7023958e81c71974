"""Writing the ledger: event, state and promise together, one line for all acts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from permissions.enums import EventKind
from permissions.ledger import Standing, fold
from permissions.models import Application, Grant, GrantEvent, GrantState
from permissions.outbound import Telling
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.his.targets import targets
from portal.outbox.kinds import stream_of
from portal.outbox.services import enqueue, withdraw

KEY_FIELDS = (
    *("practitioner", "privilege", "item_kind", "item_code", "role", "setting"),
    *("campus", "side", "visit_no", "kind"),
)


def locked_practitioner(practitioner_id: int) -> Practitioner:
    """Acts about one person wait here for one another."""
    return Practitioner.objects.select_for_update().get(pk=practitioner_id)


def dated(row: Application | GrantState, at: datetime) -> None:
    """The history row of the next save carries the moment of the act."""
    row._history_date = at  # type: ignore[union-attr]  # read by simple-history


def open_line(
    values: dict[str, Any],
    *,
    by: User,
    at: datetime,
    reason: str,
    application: Application | None = None,
    follows: Grant | None = None,
    names_of: Grant | None = None,
    first_due: date | None = None,
    is_told: bool = True,
    **event_fields: Any,
) -> Grant:
    """A new line with names as they are today, its first event and its state.

    ``values`` are the fields of ``Terms``. With ``names_of`` the names stay frozen as
    that line has them: it goes on under another code, nothing was granted. Without
    ``is_told`` the HIS is told with the event that follows at once.
    """
    practitioner: Practitioner = values["practitioner"]
    frozen = _frozen(practitioner) if names_of is None else _frozen_as(names_of)
    grant = Grant(
        **values,
        application=application,
        follows=follows,
        **frozen,
        first_due=first_due,
        recorded_at=at,
    )
    grant.save()
    event = GrantEvent(
        grant=grant,
        kind=EventKind.GRANT,
        effective_at=grant.valid_from,
        recorded_at=at,
        by=by,
        reason=reason,
        **event_fields,
    )
    state = GrantState(
        grant=grant, **{name: getattr(grant, name) for name in KEY_FIELDS}
    )
    write(event, state, earlier=(), by=by, is_told=is_told)
    return grant


def _frozen(practitioner: Practitioner) -> dict[str, str]:
    return {
        "practitioner_name": practitioner.name,
        "title_code": practitioner.title_code,
        "department_code": practitioner.department.code,
        "department_name": practitioner.department.name,
    }


def _frozen_as(line: Grant) -> dict[str, str]:
    names = ("practitioner_name", "title_code", "department_code", "department_name")
    return {name: getattr(line, name) for name in names}


def write(
    event: GrantEvent,
    state: GrantState,
    *,
    earlier: Sequence[GrantEvent],
    by: User,
    is_told: bool = True,
) -> None:
    """Append the event, fold the state anew, promise to tell the HIS.

    ``earlier`` are the line's events so far, in the order they were recorded.
    """
    event.save()
    standing = fold(event.grant.span, [*earlier, event])
    if standing is None:
        raise RuntimeError("a line with an event has a standing")
    bring_up(state, standing, event)
    dated(state, event.recorded_at)
    state.save()
    if is_told:
        tell(event, by=by)


def tell(event: GrantEvent, *, by: User) -> None:
    """Promise every target what the event changes; what was planned for later, anew."""
    for target in targets():
        tell_target(target, event, by=by)


def tell_target(target: str, event: GrantEvent, *, by: User) -> None:
    at = event.recorded_at
    telling = Telling([event], at=at, target=target)
    mine = stream_of(telling.person.emp_no)
    withdraw(streams=[mine], at=at, concerns=telling.concerns, target=target)
    for call in telling.calls(by=by):
        enqueue(
            message=call.message,
            subject=call.subject,
            at=at,
            not_before=call.not_before,
            takes_away=call.takes_away,
            target=target,
        )


def bring_up(state: GrantState, standing: Standing, last: GrantEvent) -> None:
    """The projection of a standing."""
    state.status = standing.status
    state.changed_from = standing.changed_from
    state.suspended_until = standing.suspended_until
    state.ended_at = standing.ended_at
    state.valid_from = standing.span.valid_from
    state.valid_to = standing.span.valid_to
    state.last_event = last
